"""The built-in model behind Ollama's API, spoken to as an Ollama client does."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import wait_until
from patience import PATIENCE
from processes import free_port

ROOT = Path(__file__).parents[2]
MODEL = "smollm2:135m"
GREETING = [{"role": "user", "content": "Say hello to a friend."}]
# What the model answers most likely goes on for minutes; to a greeting it ends within a second.
# Ten thousand digits, and no way to end before: left to itself a model may stop at any word.
ENDLESS = {
    "messages": [{"role": "user", "content": "Count."}],
    "format": {"const": "".join(str(number) for number in range(3000))},
    "options": {"num_predict": 4000},
}
LOOK_SECONDS = 0.3
LONG = [{"role": "user", "content": "cat hat sun " * 1000}]  # about 3,000 tokens, 10 s to read


class ModelServer:
    """A running server, which may hold two requests in its queue."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "smartcontent.local.model_server"),
                *("--port", str(self.port), "--waiting", "2"),
            ],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **more)

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(self.url + path, json={"model": MODEL, **body}, timeout=PATIENCE)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Meanwhile it writes, for longer than a test lasts: nobody else's turn comes."""
        self.chat_until_served()  # what a test before has left may still hold its place
        body = {"model": MODEL, **ENDLESS}
        with requests.post(
            f"{self.url}/api/chat", json=body, stream=True, timeout=PATIENCE
        ) as answer:
            assert answer.ok
            pieces = answer.iter_lines()
            next(pieces)
            yield
            assert not json.loads(next(pieces))["done"]

    def chat(self, **body: Any) -> requests.Response:
        options = {"num_predict": 8, "seed": 1, **body.pop("options", {})}
        return self.post("/api/chat", **{"messages": GREETING, "options": options, **body})

    def chat_until_served(self, **body: Any) -> requests.Response:
        """Ask again for as long as it has no room for another who waits."""
        while (answer := self.chat(**body)).status_code == 503:
            time.sleep(LOOK_SECONDS)
        return answer

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def leave_after(self, body: dict[str, Any], received: int) -> None:
        """Ask, read so many bytes of the answer, and close the connection."""
        data = json.dumps({"model": MODEL, **body}).encode()
        with socket.create_connection(("127.0.0.1", self.port)) as link:
            head = f"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}"
            link.sendall(f"{head}\r\n\r\n".encode() + data)
            while received > 0:
                received -= len(link.recv(received))

    def work_until_idle(self) -> float:
        """CPU seconds from now until it stops to work: what they mean does not depend on load."""
        first = before = self.cpu_seconds()

        def is_idle() -> bool:
            nonlocal before
            last, before = before, self.cpu_seconds()
            return before - last < 0.02

        time.sleep(LOOK_SECONDS)
        wait_until(is_idle, every=LOOK_SECONDS)
        return before - first

    def answers(self) -> bool:
        try:
            return self.get("/").ok
        except requests.ConnectionError:
            return False


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    wait_until(server.answers)
    yield server
    server.process.kill()
    server.process.wait()


def lines(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.content.split(b"\n") if line]


def test_text_asked_for_while_the_model_loads_waits_for_it(server: ModelServer) -> None:
    assert server.chat(stream=False).json()["done"]


def test_chat_comes_in_pieces_and_ends_with_statistics(server: ModelServer) -> None:
    response = server.chat()

    *pieces, end = lines(response)
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert "".join(piece["message"]["content"] for piece in pieces)
    assert not any(piece["done"] for piece in pieces)
    assert (end["done"], end["done_reason"], end["eval_count"]) == (True, "length", 8)
    assert end["prompt_eval_count"] > 10
    parts = end["load_duration"] + end["prompt_eval_duration"] + end["eval_duration"]
    assert 0 < parts <= end["total_duration"] < PATIENCE * 1e9


def test_whole_answer_has_the_text_of_the_pieces(server: ModelServer) -> None:
    pieces = lines(server.chat())

    whole = server.chat(stream=False).json()

    assert whole["message"]["content"] == "".join(p["message"]["content"] for p in pieces)
    assert whole["model"] == MODEL


def test_same_seed_writes_the_same_text_whatever_was_cached(server: ModelServer) -> None:
    def text(messages: list[dict[str, str]] = GREETING) -> str:
        options = {"num_predict": 30, "temperature": 0.8}
        return server.chat(messages=messages, options=options, stream=False).text

    def content(body: str) -> str:
        return json.loads(body)["message"]["content"]

    first = content(text())
    text([{"role": "user", "content": "Say hello to a stranger in the rain."}])

    assert content(text()) == first
    assert content(text()) == first


def test_prompt_that_was_read_is_known_after_another_one_was(server: ModelServer) -> None:
    def read(topic: str) -> float:
        """The seconds of work that it takes."""
        before = server.cpu_seconds()
        messages = [{"role": "user", "content": f"{topic} " * 15}]
        server.chat(messages=messages, options={"num_predict": 1}, stream=False).json()
        return server.cpu_seconds() - before

    first = read("Tea is warm.")
    read("A boat goes out.")
    again = read("Tea is warm.")

    assert again < first / 3


def test_text_stops_at_a_stop_string(server: ModelServer) -> None:
    messages = [{"role": "user", "content": "Count: one, two, three, four"}]
    answer = server.chat(messages=messages, options={"num_predict": 60, "stop": ["a"]})

    assert lines(answer)[-1]["done_reason"] == "stop"
    assert "a" not in "".join(line["message"]["content"] for line in lines(answer))


def test_generate_answers_a_prompt_with_a_system_text(server: ModelServer) -> None:
    body = {
        "prompt": "Hello",
        "system": "Be brief.",
        "options": {"num_predict": 3, "temperature": 0},
    }

    *pieces, end = lines(server.post("/api/generate", **body))

    assert "".join(piece["response"] for piece in pieces)
    assert end["done_reason"] == "length"


def test_raw_prompt_is_continued_without_a_template(server: ModelServer) -> None:
    body = {"prompt": "Tea is", "raw": True, "stream": False, "options": {"num_predict": 3}}

    answer = server.post("/api/generate", **body).json()

    assert answer["prompt_eval_count"] < 6
    assert answer["response"]


def test_format_is_kept_to(server: ModelServer) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    answer = server.chat(format=schema, options={"num_predict": 60, "temperature": 0}, stream=False)

    assert list(json.loads(answer.json()["message"]["content"])) == ["ok"]


@pytest.mark.parametrize(("path", "empty"), [("chat", {"messages": []}), ("generate", {})])
def test_empty_request_loads_the_model(server: ModelServer, path: str, empty: dict) -> None:
    answer = server.post(f"/api/{path}", **empty, keep_alive="10m").json()

    assert (answer["done"], answer["done_reason"]) == (True, "load")


def test_lists_name_the_one_model(server: ModelServer) -> None:
    (listed,) = server.get("/api/tags").json()["models"]
    (running,) = server.get("/api/ps").json()["models"]
    shown = server.post("/api/show").json()

    assert listed["name"] == running["name"] == MODEL
    assert listed["details"]["quantization_level"] == "Q4_1"
    assert running["context_length"] == 4096
    assert shown["model_info"]["llama.context_length"] == 8192
    assert shown["capabilities"] == ["completion"]


def test_server_says_what_it_is(server: ModelServer) -> None:
    assert server.get("/").text == "Ollama is running"
    assert server.get("/api/version").json() == {"version": "0.32.15"}


def test_pull_succeeds_for_the_model_that_is_there(server: ModelServer) -> None:
    assert lines(server.post("/api/pull"))[-1] == {"status": "success"}
    assert server.post("/api/pull", stream=False).json() == {"status": "success"}


def test_pull_of_another_model_fails_as_ollama_does(server: ModelServer) -> None:
    error = {"error": "pull model manifest: file does not exist"}

    assert lines(server.post("/api/pull", model="llama3.2"))[-1] == error
    assert server.post("/api/pull", model="llama3.2", stream=False).status_code == 500


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"model": "llama3.2"}, 404, "model 'llama3.2' not found"),
        ({"model": "SmolLM2"}, 404, "model 'SmolLM2' not found"),
        ({"model": ""}, 400, "model is required"),
        ({"model": "../etc"}, 400, "invalid model name"),
        ({"options": {"top_k": "many"}}, 500, 'option "top_k" must be of type integer'),
        ({"options": {"temperature": True}}, 500, 'option "temperature" must be of type float32'),
        ({"options": {"stop": "."}}, 500, 'option "stop" must be of type array'),
        ({"options": {"stop": [1]}}, 500, 'option "stop" must be of an array of strings'),
        ({"options": []}, 400, "options must be an object"),
        ({"keep_alive": "300"}, 400, 'time: missing unit in duration "300"'),
        ({"think": True}, 400, f'"{MODEL}" does not support thinking'),
        ({"think": "loud"}, 400, 'invalid think value: "loud"'),
        ({"tools": [{}]}, 400, f'"{MODEL}" does not support tools'),
        ({"messages": "hello"}, 400, "messages must be an array of messages"),
        ({"messages": [{"role": "user", "content": 5}]}, 400, "content must be a string"),
        ({"messages": [{"role": "boss"}]}, 400, "must have the role"),
        ({"stream": "yes"}, 400, "stream must be true or false"),
        ({"format": "xml"}, 500, "invalid format"),
        ({"format": {"type": "nonsense"}}, 400, "nonsense"),
    ],
)
def test_refusals_are_ollamas(server: ModelServer, body: dict, status: int, error: str) -> None:
    refused = server.post("/api/chat", **{"messages": GREETING, **body})

    assert (refused.status_code, refused.headers["Content-Type"][:16]) == (
        status,
        "application/json",
    )
    assert error in refused.json()["error"]


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 10**30},
        {"seed": -7},
        {"temperature": 10**400},
        {"top_k": 10**20},
        {"repeat_last_n": -1},
        {"num_ctx": 8192, "num_thread": 64, "unknown": "x", "top_p": None},
    ],
)
def test_extreme_options_are_borne(server: ModelServer, options: dict) -> None:
    assert server.chat(options={"num_predict": 2, **options}).status_code == 200


def test_prompt_longer_than_the_context_is_refused_as_ollama_does(server: ModelServer) -> None:
    messages = [{"role": "user", "content": "word tea cup " * 2000}]

    refused = server.chat(messages=messages, truncate=False)

    error = json.loads(refused.json()["error"])["error"]
    assert refused.status_code == 400
    assert error["type"] == "exceed_context_size_error"
    assert error["n_ctx"] == 4096


def test_oldest_messages_are_left_out_unless_told_not_to(server: ModelServer) -> None:
    old = [{"role": role, "content": "word tea cup " * 2000} for role in ("user", "assistant")]
    messages = [{"role": "system", "content": "Be brief."}, *old, *GREETING]

    assert server.chat(messages=messages, stream=False).json()["prompt_eval_count"] < 100
    assert server.chat(messages=messages, truncate=False).status_code == 400


def test_client_that_leaves_in_the_middle_stops_the_work(server: ModelServer) -> None:
    server.leave_after(ENDLESS, received=600)

    assert server.work_until_idle() < 4  # of about a minute's


def test_client_that_leaves_while_the_prompt_is_read_stops_the_work(server: ModelServer) -> None:
    server.leave_after({"messages": LONG}, received=0)

    assert server.work_until_idle() < 6  # of about twenty seconds'


def test_client_that_leaves_while_it_waits_gives_up_its_place(server: ModelServer) -> None:
    with ThreadPoolExecutor(1) as pool:
        with server.writing():
            for _ in range(4):
                server.leave_after({"messages": LONG}, received=0)
            after = pool.submit(server.chat_until_served, options={"num_predict": 1})
        began = server.cpu_seconds()
        assert after.result().status_code == 200

    assert server.cpu_seconds() - began < 6  # of about forty seconds'


def test_server_with_a_full_queue_says_busy(server: ModelServer) -> None:
    with ThreadPoolExecutor(5) as pool:
        with server.writing():
            asked = [pool.submit(server.chat, options={"num_predict": 4}) for _ in range(5)]
            wait_until(lambda: sum(each.done() for each in asked) == 3)
        answers = [each.result() for each in asked]

    busy = [answer for answer in answers if answer.status_code == 503]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    assert busy[0].json()["error"].startswith("server busy, please try again.")


def test_requests_follow_each_other_on_one_connection(server: ModelServer) -> None:
    with requests.Session() as session:
        for _ in range(3):
            body = {"model": MODEL, "messages": GREETING, "options": {"num_predict": 1}}
            answer = session.post(f"{server.url}/api/chat", json=body, timeout=PATIENCE)
            assert lines(answer)[-1]["done"]


def test_request_above_a_mebibyte_is_refused(server: ModelServer) -> None:
    data = b'{"model": "' + b"x" * 1024 * 1024
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        link.sendall(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n")
        link.sendall(b"Content-Length: %d\r\n\r\n" % len(data))
        assert b" 413 " in link.recv(1000)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": NaN}', b"[" * 100_000, b"\xff"])
def test_body_that_is_no_json_object_is_refused(server: ModelServer, body: bytes) -> None:
    refused = requests.post(f"{server.url}/api/chat", data=body, timeout=PATIENCE)

    assert refused.status_code == 400
    assert refused.json()["error"]


def test_unknown_paths_and_methods_are_told_apart(server: ModelServer) -> None:
    assert server.get("/api/nothing").status_code == 404
    assert server.get("/api/chat").status_code == 405


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Host": "[::"}]
)
def test_web_pages_may_not_use_the_model(server: ModelServer, headers: dict) -> None:
    assert server.get("/api/tags", headers=headers).status_code == 403


def test_only_this_machine_is_listened_to(server: ModelServer) -> None:
    listening = Path("/proc/net/tcp").read_text()

    assert f"0100007F:{server.port:04X} 00000000:0000 0A" in listening
    assert f"00000000:{server.port:04X} 00000000:0000 0A" not in listening
