"""Everything Ollama and the way to it can do wrong, and what the user is told."""

import itertools
import json
import math
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from ollama_scripts import chunk, done, head, line, piece
from patience import PATIENCE
from processes import free_port
from scripted_ollama import ScriptedOllama
from test_ollama import BRIEF, chat, error_of, text_of, word_of

from smartcontent.ollama import Ollama, OllamaError
from smartcontent.ollama.causes import KINDS

PERMANENT, TRANSIENT = False, True

STATUSES = [
    (400, "missing request body", "refused", PERMANENT),
    (400, "model is required", "refused", PERMANENT),
    (400, "invalid model name", "model_name", PERMANENT),
    (404, "model 'x' not found", "model_missing", PERMANENT),
    (404, 'model "x" not found, try pulling it first', "model_missing", PERMANENT),
    (400, '"x" does not support chat', "unsupported", PERMANENT),
    (400, '"x" does not support thinking', "unsupported", PERMANENT),
    (500, 'option "stop" must be of type array', "refused", PERMANENT),
    (500, 'invalid format: "xml"', "refused", PERMANENT),
    (400, "request (3031 tokens) exceeds the available context size", "prompt_too_long", PERMANENT),
    (400, "the prompt is longer than the context length currently", "prompt_too_long", PERMANENT),
    (503, "server busy, please try again.  maximum pending requests exceeded", "busy", TRANSIENT),
    (500, "llama-server process has terminated: exit status 2", "load_failed", TRANSIENT),
    (500, "timed out waiting for llama-server to start - ", "load_failed", TRANSIENT),
    (500, "llama-server reported out-of-memory during startup: x", "out_of_memory", TRANSIENT),
    (500, "unable to load full model on GPU", "out_of_memory", TRANSIENT),
    (500, "model requires more system memory (5 GiB) than", "out_of_memory", TRANSIENT),
    (500, "this model may be incompatible with your version", "model_incompatible", PERMANENT),
    (500, "model runner has unexpectedly stopped, this may be", "runner_died", TRANSIENT),
    (500, "an error was encountered while running the model: x", "runner_died", TRANSIENT),
    (500, "prediction aborted, token repeat limit reached", "repeating", PERMANENT),
    (500, "something new", "server_error", TRANSIENT),
    (501, "not implemented", "server_error", TRANSIENT),
    (499, "request canceled", "refused", PERMANENT),
    (401, "unauthorized", "unauthorized", PERMANENT),
    (403, "ollama cloud is disabled: remote model is unavailable", "forbidden", PERMANENT),
    (429, "too many requests", "busy", TRANSIENT),
    (502, "upstream down", "gateway", TRANSIENT),
    (504, "", "gateway", TRANSIENT),
    (408, "", "gateway", TRANSIENT),
    (418, "teapot", "refused", PERMANENT),
]


@pytest.mark.parametrize(("status", "text", "cause", "transient"), STATUSES)
def test_error_status_is_told_by_its_cause(
    ollama: ScriptedOllama, status: int, text: str, cause: str, transient: bool
) -> None:
    ollama.fails(status, {"error": text})

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == (cause, transient)
    status_said, _, words = error.detail.partition(" ")[2].partition(" ")
    assert status_said == str(status)
    assert words in text


LINES = [
    ("model runner has unexpectedly stopped, this may be due to", "runner_died", TRANSIENT),
    ("an error was encountered while running the model: EOF", "runner_died", TRANSIENT),
    ("llama-server x stream event exceeded 8 MB limit", "refused", PERMANENT),
    ("prediction aborted, token repeat limit reached", "repeating", PERMANENT),
    ("CUDA error: out of memory", "out_of_memory", TRANSIENT),
    ("model 'x' not found", "model_missing", PERMANENT),
    ("something new", "server_error", TRANSIENT),
]


@pytest.mark.parametrize(("text", "cause", "transient"), LINES)
def test_error_line_in_mid_stream_is_told_by_its_cause(
    ollama: ScriptedOllama, text: str, cause: str, transient: bool
) -> None:
    ollama.line_error(text, "Tea ")

    with chat(ollama) as answer:
        assert word_of(answer) == "Tea "
        with pytest.raises(OllamaError) as caught:
            word_of(answer)

    assert (caught.value.cause, caught.value.transient) == (cause, transient)


@pytest.mark.parametrize("cause", KINDS)
def test_every_sentence_says_what_happened_and_what_to_do(cause: str) -> None:
    sentence = KINDS[cause].sentence

    assert sentence.count(": ") == 1
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert "\n" not in sentence


def test_missing_model_is_named_with_the_command_that_gets_it(ollama: ScriptedOllama) -> None:
    ollama.fails(404, {"error": "model 'llama3.2' not found"})

    assert str(error_of(chat(ollama))) == (
        "The model llama3.2 is not on the Ollama server: run `ollama pull llama3.2`, then retry."
    )


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_text_whose_connection_breaks_is_never_complete(
    ollama: ScriptedOllama, chunked: bool, ending: str
) -> None:
    ollama.says("Tea ", "is ", "warm.", cut=True, chunked=chunked, ending=ending)

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == ("stream_cut", True)


def test_text_that_ends_in_order_but_without_done_is_not_complete(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("Tea "))

    assert error_of(chat(ollama)).cause == "stream_cut"


@pytest.mark.parametrize("chunked", [True, False])
def test_text_cut_in_mid_line_is_not_complete(ollama: ScriptedOllama, chunked: bool) -> None:
    ollama.raw(line(piece("Tea ")) + line(done())[:-9], chunked=chunked)

    assert error_of(chat(ollama)).cause == "stream_cut"


def test_last_line_without_its_line_end_is_complete(ollama: ScriptedOllama) -> None:
    ollama.raw(line(piece("Tea.")) + line(done())[:-1])

    assert text_of(chat(ollama)) == "Tea."


def test_server_that_hangs_up_before_answering_may_be_asked_again(ollama: ScriptedOllama) -> None:
    ollama.bytes(b"")

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == ("stream_cut", True)


BODIES = [
    b"",
    b"<!doctype html><title>Sign in</title>",
    b"<html>\n<body>\n</html>\n",
    b"[]\n",
    b'"Tea"\n',
    b"null\n",
    b"{}\n",
    b'{"message": "Tea", "done": false}\n',
    b'{"message": {"content": 7}, "done": false}\n',
    b'{"message": {"content": "Tea"}, "done": "yes"}\n',
    b'{"response": "Tea", "done": false}\n',
    b"[" * 200_000 + b"\n",
    b'data: {"choices": []}\n\n',
]


@pytest.mark.parametrize("body", BODIES)
def test_what_is_not_ollamas_language_is_refused(ollama: ScriptedOllama, body: bytes) -> None:
    ollama.raw(body)

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == ("protocol", False)


def test_what_is_not_http_is_refused(ollama: ScriptedOllama) -> None:
    ollama.bytes(b"SSH-2.0-OpenSSH_9.6\r\n")

    assert error_of(chat(ollama)).cause == "protocol"


@pytest.mark.parametrize(
    ("stats", "kept"),
    [
        *(({"eval_count": odd}, None) for odd in ("9", True, -9, 2**31, 10**4000, math.nan)),
        *(({"total_duration": odd}, None) for odd in (-9, 10**16, 10**400, math.inf)),
        ({"eval_count": 9}, 9),
    ],
)
def test_odd_statistics_do_not_spoil_a_text(
    ollama: ScriptedOllama, stats: dict[str, Any], kept: int | None
) -> None:
    ollama.lines(piece("Tea."), done(**stats))

    with chat(ollama) as answer:
        assert "".join(answer) == "Tea."

    assert answer.stats.get("eval_count") == (kept if "eval_count" in stats else 12)
    assert ("total_duration_ms" in answer.stats) == ("total_duration" not in stats)


@pytest.mark.parametrize("texts", [[], [""], [" \n", "\t"], ["<think>Hm.</think>", "\n"]])
def test_empty_text_is_a_failure(ollama: ScriptedOllama, texts: list[str]) -> None:
    ollama.says(*texts)

    error = error_of(chat(ollama))

    assert str(error) == ("The model answered with an empty text: retry, or choose another model.")
    assert (error.cause, error.transient) == ("empty", True)


def test_length_spent_on_thinking_is_told(ollama: ScriptedOllama) -> None:
    ollama.says("<think>Hm", " and hm", done_reason="length")

    assert error_of(chat(ollama)).cause == "only_thinking"


@pytest.mark.parametrize("value", ["7", " 7 "])
def test_wait_the_server_asks_for_is_passed_on(ollama: ScriptedOllama, value: str) -> None:
    ollama.fails(503, {"error": "server busy"}, {"Retry-After": value})

    assert error_of(chat(ollama)).retry_after == 7


def test_wait_may_be_given_as_a_date(ollama: ScriptedOllama) -> None:
    began = datetime.now(UTC).replace(microsecond=0)  # such a date has no fractions
    date = began + timedelta(minutes=50)
    answer = {"Retry-After": format_datetime(date, usegmt=True)}
    ollama.fails(503, {"error": "server busy"}, answer)

    wait = error_of(chat(ollama)).retry_after

    assert date - datetime.now(UTC) <= timedelta(seconds=wait) <= date - began


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        *((odd, None) for odd in ("soon", "-3", "", "²", "Mon, 01 Jan 99999999999 00:00:00 GMT")),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999", None),
        *((odd, 3600) for odd in ("9" * 30, "9" * 400)),
    ],
)
def test_senseless_wait_is_not_believed(
    ollama: ScriptedOllama, value: str, wait: float | None
) -> None:
    ollama.fails(429, "", {"Retry-After": value.encode().decode("latin-1")})

    assert error_of(chat(ollama)).retry_after == wait


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((404, body) for body in ("404 page not found", "<h1>Not Found</h1>", "")),
        *((405, ""), (400, "<html>Bad Request"), (501, "\n<!DOCTYPE HTML>Unsupported method")),
    ],
)
def test_address_without_ollama_behind_it_is_told(
    ollama: ScriptedOllama, status: int, body: str
) -> None:
    ollama.fails(status, body, {"Content-Type": "text/plain"})

    assert error_of(chat(ollama)).cause == "address"


def test_refused_host_name_comes_with_an_empty_body(ollama: ScriptedOllama) -> None:
    ollama.fails(403)

    error = error_of(chat(ollama))

    assert (error.cause, error.detail) == ("forbidden", "HTTP 403")


def test_redirect_is_not_followed(ollama: ScriptedOllama) -> None:
    ollama.fails(302, "", {"Location": f"{ollama.url}/api/version"})

    assert error_of(chat(ollama)).cause == "address"
    assert len(ollama.requests) == 1


def test_redirect_that_never_ends_is_not_read(ollama: ScriptedOllama) -> None:
    begins = (0.0, head(302, f"Location: {ollama.url}/\r\n"))
    endless = itertools.repeat((0.01, chunk(b"x" * 10_000)))
    ollama.script(lambda _: itertools.chain([begins], endless), "", 1)

    assert error_of(chat(ollama, first_byte_seconds=PATIENCE)).cause == "address"


@pytest.mark.parametrize("beats", [0, 10**6])
def test_error_whose_reason_never_ends_is_told_by_its_status(
    ollama: ScriptedOllama, beats: int
) -> None:
    begins = (0.0, head(503, "Retry-After: 7\r\n"))
    drips = itertools.repeat((0.01, chunk(b" ")), beats)
    ollama.script(lambda _: itertools.chain([begins], drips), "hold", 1)

    error = error_of(chat(ollama, connect_seconds=1))

    assert (error.cause, error.retry_after) == ("busy", 7)


@pytest.mark.parametrize("status", [200, 500])
def test_error_that_is_half_a_character_is_told(ollama: ScriptedOllama, status: int) -> None:
    ollama.fails(status, {"error": "{\ud800"})

    assert error_of(chat(ollama)).cause == "server_error"


def test_error_that_a_proxy_says_in_its_own_shape_is_read(ollama: ScriptedOllama) -> None:
    ollama.fails(500, {"error": {"message": "server\r\nbusy: no space left on \x1b[31mdevice"}})

    error = error_of(chat(ollama))

    assert (error.cause, error.detail) == ("disk_full", "HTTP 500 no space left")


def test_server_that_is_not_there_is_transient() -> None:
    port = free_port()

    error = error_of(Ollama(f"127.0.0.1:{port}").chat("llama3.2", BRIEF, {}))

    assert (error.cause, error.transient) == ("unreachable", True)
    assert str(error) == (
        f"Ollama at http://127.0.0.1:{port} cannot be reached: "
        "start it with `ollama serve` or check OLLAMA_HOST, then retry."
    )


def test_host_name_nobody_knows_is_transient() -> None:
    error = error_of(Ollama("ollama.invalid").chat("llama3.2", BRIEF, {}))

    assert (error.cause, error.transient) == ("unreachable", True)


def test_option_that_is_no_json_is_refused(ollama: ScriptedOllama) -> None:
    client = Ollama(ollama.url)

    assert error_of(client.chat("llama3.2", BRIEF, {"seed": float("nan")})).cause == "refused"


@pytest.mark.parametrize("key", ["ключ", "two\nlines"])
def test_key_that_cannot_be_sent_is_told(ollama: ScriptedOllama, key: str) -> None:
    client = Ollama(ollama.url, api_key=key)

    assert error_of(client.chat("llama3.2", BRIEF, {})).cause == "unauthorized"


def test_certificate_nobody_signed_is_told(tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout k -out c"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=shake_hands, args=(server, context))
        thread.start()
        host = "https://{}:{}".format(*server.getsockname())

        error = error_of(Ollama(host).chat("llama3.2", BRIEF, {}))

        thread.join()
    assert (error.cause, error.transient) == ("tls", False)


def shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


def test_runners_error_as_json_inside_a_string_is_read(ollama: ScriptedOllama) -> None:
    said = "request (634 tokens) exceeds the available context size (256 tokens)"
    inner = {"error": {"code": 400, "message": said, "type": "exceed_context_size_error"}}
    ollama.fails(400, {"error": json.dumps(inner)})

    error = error_of(chat(ollama))

    assert (error.cause, error.detail) == (
        "prompt_too_long",
        "HTTP 400 available context size",
    )


def test_text_that_ends_in_one_token_without_a_last_line_is_not_tried_again(
    ollama: ScriptedOllama,
) -> None:
    ollama.lines(piece("Tea is warm,"), *[piece(" ha")] * 30)

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == ("repeating", False)


def test_text_that_only_lacks_its_last_line_is_tried_again(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("Tea is warm, ha ha"))

    assert error_of(chat(ollama)).cause == "stream_cut"
