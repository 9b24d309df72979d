"""The scripted Ollama keeps its word: other tests stand on it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ollama_scripts import done, piece
from patience import PATIENCE, wait_until
from scripted_ollama import ScriptedOllama
from test_ollama import BRIEF, chat, text_of

from smartcontent.ollama import Ollama


@pytest.fixture
def process_url() -> Iterator[str]:
    script = Path(__file__).with_name("scripted_ollama.py")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.kill()


def tell(url: str, **call: Any) -> dict[str, Any]:
    return requests.post(f"{url}/_control", json=call, timeout=PATIENCE).json()


def test_process_of_its_own_does_what_it_is_told_and_tells_what_it_saw(process_url: str) -> None:
    client = Ollama(process_url)
    tell(process_url, do="says", args=["Cocoa."], kwargs={"gap": 0.01})
    tell(process_url, do="says", args=["Milk."], model="mistral")
    tell(process_url, models=["mistral:latest"])

    def said_by(model: str) -> str:
        text = text_of(client.chat(model, BRIEF, {}))
        # It counts as being written until its last byte is sent, and the server knows that.
        wait_until(lambda: all(each["finished_at"] for each in tell(process_url)["requests"]))
        return text

    texts = [said_by(model) for model in ("mistral", "llama3.2", "llama3.2")]

    assert texts == ["Milk.", "Cocoa.", "Tea is warm."]
    assert client.models() == ["mistral:latest"]
    state = tell(process_url)
    assert [request["json"].get("model") for request in state["requests"]] == [
        "mistral",
        "llama3.2",
        "llama3.2",
        None,
    ]
    assert state["closed"] == 0


def test_answers_come_in_the_order_told_and_as_often_as_told(ollama: ScriptedOllama) -> None:
    ollama.says("One.", times=2)
    ollama.says("Two.")

    assert [text_of(chat(ollama)) for _ in range(4)] == ["One.", "One.", "Two.", "Tea is warm."]


def test_client_that_reads_to_the_end_has_not_left_early(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("Tea."), done())

    text_of(chat(ollama))

    assert ollama.wait_idle()
    assert ollama.wait_closed(0) is None
