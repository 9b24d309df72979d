"""Texts from Ollama: pieces, time limits, leaving at once; against real sockets."""

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import wait_until
from costs import assert_takes_less
from dictation import Dictation
from hypothesis import given, settings
from hypothesis import strategies as st
from ollama_scripts import LOAD, chunk, done, head, line, piece
from scripted_ollama import ScriptedOllama

from smartcontent.ollama import TICK, Answer, Ollama, OllamaError, PullProgress, base_url, client
from smartcontent.ollama.lines import Lines

BRIEF = [{"role": "user", "content": "Tea."}]
LIVELY = "Чай ☕ — 👩‍🌾\u2028новая\x85строка\n"


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture(autouse=True)
def no_reader_outlives_its_test() -> Iterator[None]:
    yield
    wait_until(lambda: not readers())


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ollama-reader"]


def chat(server: ScriptedOllama, **limits: Any) -> Answer:
    return Ollama(server.url, **limits).chat("llama3.2", BRIEF, {"seed": 1})


def text_of(answer: Answer) -> str:
    with answer:
        return "".join(answer)


def word_of(answer: Answer) -> str:
    """The next piece with something in it; those without are signs of life."""
    return next(filter(None, answer))


def error_of(answer: Answer) -> OllamaError:
    with answer, pytest.raises(OllamaError) as caught:
        list(answer)
    return caught.value


def kept_of(answer: Answer) -> tuple[str, str]:
    """What there is of a text that breaks off, and the cause."""
    text = ""
    try:
        with answer:
            for piece in answer:
                text = piece if answer.begins_again else text + piece
    except OllamaError as error:
        return text, error.cause
    return text, ""


def test_pieces_come_as_they_are_written_and_the_statistics_at_the_end(
    ollama: ScriptedOllama,
) -> None:
    ollama.says("Tea ", "is warm.")
    start = time.monotonic()

    with chat(ollama) as answer:
        assert list(filter(None, answer)) == ["Tea ", "is warm."]

    assert answer.done_reason == "stop"
    assert 0 < answer.stats.pop("first_token_ms") <= 1000 * (time.monotonic() - start)
    assert answer.stats == {
        "total_duration_ms": 1200,
        "load_duration_ms": 200,
        "prompt_eval_count": 26,
        "prompt_eval_duration_ms": 300,
        "eval_count": 12,
        "eval_duration_ms": 600,
        "model": "llama3.2",
    }


def test_every_option_is_sent_and_nothing_is_left_to_the_servers_defaults(
    ollama: ScriptedOllama,
) -> None:
    options = {"num_ctx": 4096, "num_predict": 300, "temperature": 0.7, "seed": 7}

    text_of(Ollama(ollama.url, api_key="k").chat("llama3.2", BRIEF, options, keep_alive="10m"))

    assert ollama.chats == [
        {
            "model": "llama3.2",
            "messages": BRIEF,
            "stream": True,
            "think": False,
            "truncate": False,
            "shift": False,
            "options": options,
            "keep_alive": "10m",
        }
    ]
    assert ollama.requests[0].headers["Authorization"] == "Bearer k"


def test_keep_alive_in_bare_seconds_is_sent_as_a_number(ollama: ScriptedOllama) -> None:
    text_of(Ollama(ollama.url).chat("llama3.2", BRIEF, {}, keep_alive="-1"))

    assert ollama.chats[0]["keep_alive"] == -1


def test_text_cut_at_its_limit_is_an_answer_that_says_so(ollama: ScriptedOllama) -> None:
    ollama.says("Tea is", done_reason="length")

    with chat(ollama) as answer:
        assert "".join(answer) == "Tea is"

    assert answer.done_reason == "length"


def test_text_on_the_last_line_counts(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("Tea "), done(message={"role": "assistant", "content": "is warm."}))

    assert text_of(chat(ollama)) == "Tea is warm."


def test_very_old_server_without_reason_and_statistics_is_understood(
    ollama: ScriptedOllama,
) -> None:
    ollama.lines(piece("Tea."), {"done": True})

    with chat(ollama) as answer:
        assert "".join(answer) == "Tea."

    assert answer.done_reason == "stop"
    assert set(answer.stats) == {"first_token_ms", "model"}


def test_empty_piece_comes_every_tick_while_the_model_is_silent(ollama: ScriptedOllama) -> None:
    dictation = Dictation(ollama)

    with chat(ollama) as answer:
        assert [next(answer), next(answer)] == ["", ""]
        dictation.say("Tea ")
        assert word_of(answer) == "Tea "
        assert next(answer) == ""
        dictation.say("is warm.")
        dictation.end()
        assert text_of(answer) == "is warm."


def test_thinking_never_reaches_the_text_but_gives_a_sign_of_life(ollama: ScriptedOllama) -> None:
    thoughts = [piece("", message={"content": "", "thinking": "Hm."})] * 12
    ollama.lines(*thoughts, piece("\n\nTea."), done(), gap=0.04)

    start = time.monotonic()

    pieces = list(chat(ollama))

    assert list(filter(None, pieces)) == ["Tea."]
    assert 1 <= pieces.count("") <= 1 + (time.monotonic() - start) / TICK


@given(
    thoughts=st.lists(st.sampled_from(["", "Hm. <b>", "</thin", "\n"]), max_size=2),
    text=st.sampled_from(["Tea.", "<thin", "<b>Tea</b>", "Tea <think> of it"]),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
@settings(max_examples=80)
def test_thoughts_left_in_the_text_are_dropped_however_they_are_cut(
    shared: ScriptedOllama, thoughts: list[str], text: str, cuts: list[int]
) -> None:
    sent = "".join(f"<think>{thought}</think>\n\n" for thought in thoughts) + text
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    shared.says(*(sent[a:b] for a, b in itertools.pairwise(edges)))

    assert text_of(chat(shared)) == text


def test_text_survives_a_cut_at_every_byte(shared: ScriptedOllama) -> None:
    stream = line(piece(LIVELY)) + line(piece(LIVELY)) + line({"done": True})

    for position in range(1, len(stream)):
        shared.raw(stream, splits=[position])
        assert text_of(chat(shared)) == LIVELY * 2


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8), st.lists(st.integers(1, 400)))
@settings(max_examples=80)
def test_any_text_in_any_cut_arrives_as_it_was_sent(
    shared: ScriptedOllama, texts: list[str], splits: list[int]
) -> None:
    texts = ["Tea: ", *(text.replace("\0", "") for text in texts)]
    shared.raw(b"".join(line(piece(t)) for t in texts) + line(done()), splits=sorted(splits))

    assert text_of(chat(shared)) == "".join(texts)


def test_what_no_database_takes_is_replaced(ollama: ScriptedOllama) -> None:
    ollama.raw(json.dumps(piece("Tea\0 \ud83d is 👍.")) + "\n" + json.dumps(done()) + "\n")

    assert text_of(chat(ollama)) == "Tea \ufffd is 👍."


def test_long_line_in_many_parts_is_read_in_linear_time() -> None:
    lines = Lines(1 << 20, {})

    def feed() -> None:
        for _ in range(60_000):
            assert not list(lines.feed(b"x" * 16))
        assert list(lines.feed(b"\n")) == [b"x" * 960_000 + b"\n"]

    assert_takes_less(0.5, feed)


def leave_while_waiting_for_headers(ollama: ScriptedOllama) -> Answer:
    ollama.silent()
    answer = chat(ollama)
    assert ollama.wait_requests()
    return answer


def leave_in_mid_stream(ollama: ScriptedOllama) -> Answer:
    ollama.drips("x", every=0.01)
    answer = chat(ollama)
    assert word_of(answer) == "x"
    return answer


def leave_in_mid_line(ollama: ScriptedOllama) -> Answer:
    ollama.raw(line(piece("x")) + b'{"message": {"con', ending="hold")
    answer = chat(ollama)
    assert word_of(answer) == "x"
    return answer


def leave_a_stalled_stream(ollama: ScriptedOllama) -> Answer:
    ollama.lines(piece("x"), ending="hold")
    answer = chat(ollama)
    assert [word_of(answer), next(answer)] == ["x", ""]
    return answer


@pytest.mark.parametrize(
    "moment",
    [
        leave_while_waiting_for_headers,
        leave_in_mid_stream,
        leave_in_mid_line,
        leave_a_stalled_stream,
    ],
)
def test_leaving_closes_the_connection_at_once(
    ollama: ScriptedOllama, moment: Callable[[ScriptedOllama], Answer]
) -> None:
    """The server would go on, or keep silent, for ever."""
    with moment(ollama):
        pass

    wait_until(lambda: not readers())
    assert ollama.wait_closed()


def test_error_of_the_caller_closes_the_connection(ollama: ScriptedOllama) -> None:
    ollama.drips("x", every=0.01)

    with pytest.raises(ZeroDivisionError), chat(ollama) as answer:
        word_of(answer) and 1 / 0

    assert ollama.wait_closed()


def test_text_closed_by_another_thread_never_looks_finished(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("x"), ending="hold")
    answer = chat(ollama)
    threading.Timer(0.1, answer.close).start()

    error = error_of(answer)

    assert (error.cause, answer.done_reason) == ("closed", None)
    assert ollama.wait_closed()


def test_reader_ends_when_nobody_takes_what_it_has_read(ollama: ScriptedOllama) -> None:
    ollama.lines(piece("x"), *[piece("x" * 100_000)] * 100)
    answer = chat(ollama)
    assert word_of(answer) == "x"

    arrived = answer._exchange._arrived
    wait_until(arrived.full)

    assert sum(map(len, arrived.queue)) <= 4 << 20
    answer.close()

    wait_until(lambda: not readers())


def test_many_texts_left_leave_no_socket_open(ollama: ScriptedOllama) -> None:
    def leave_early_and_finish() -> None:
        ollama.drips("x", every=0.01)
        with chat(ollama) as answer:
            next(answer)
        text_of(chat(ollama))

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    leave_early_and_finish()
    before = open_files()
    for _ in range(20):
        leave_early_and_finish()

    # The server's half of each is in this process too, and it closes a moment later.
    wait_until(lambda: open_files() <= before)


def test_silence_before_the_first_line_has_an_end(ollama: ScriptedOllama) -> None:
    ollama.silent()
    answer = chat(ollama, first_byte_seconds=0.4)
    assert ollama.wait_requests()
    answer.begin()  # the time counts from here: it might be over before the request was sent

    error = error_of(answer)

    assert str(error) == (
        "Ollama sent no word in 0.4 seconds: retry later, or choose a smaller model."
    )
    assert (error.cause, error.transient) == ("no_word", True)
    assert ollama.wait_closed()


@pytest.mark.parametrize("tail", [b"", b'{"message"'])
def test_silence_in_mid_text_has_an_end(ollama: ScriptedOllama, tail: bytes) -> None:
    ollama.raw(line(piece("Tea ")) + tail, ending="hold")

    error = error_of(chat(ollama, gap_seconds=0.4))

    assert str(error).startswith("Ollama fell silent in mid-text for 0.4 seconds: ")
    assert (error.cause, error.transient) == ("silent", True)


def test_bytes_that_never_make_a_line_count_as_silence(ollama: ScriptedOllama) -> None:
    first = line(piece("Tea "))
    ollama.raw(first + b" " * 30, splits=range(len(first), len(first) + 30), gap=0.1)

    assert error_of(chat(ollama, gap_seconds=0.4)).cause == "silent"


@pytest.mark.parametrize("every", [0.01, 0.05])
def test_text_that_drips_for_ever_has_an_end(ollama: ScriptedOllama, every: float) -> None:
    ollama.drips("x", every)

    error = error_of(chat(ollama, total_seconds=0.6))

    assert str(error).startswith("Ollama had not finished after 0.6 seconds: ")
    assert (error.cause, error.transient) == ("unfinished", False)


def test_total_limit_holds_in_silence(ollama: ScriptedOllama) -> None:
    ollama.silent()

    assert error_of(chat(ollama, total_seconds=0.3)).cause == "unfinished"


def test_server_too_busy_to_take_the_connection_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # A full backlog makes the kernel drop further connections in silence.
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)

        error = error_of(
            Ollama("{}:{}".format(*address), connect_seconds=0.3).chat("llama3.2", BRIEF, {})
        )

        for filler in fillers:
            filler.close()
    assert (error.cause, error.transient) == ("unreachable", True)
    # Left by us: the kernel gives up after minutes, in other words.
    assert "ConnectTimeout" in error.detail or error.detail == "no connection in time"


def test_text_without_end_stops_at_200_000_characters(ollama: ScriptedOllama) -> None:
    # What a model writes, without an end, but no loop.
    ollama.says(*(f"This is line {number} of it.\n" for number in range(20_000)), cut=True)

    error = error_of(chat(ollama))

    assert str(error).startswith("The model wrote 200,000 characters without coming to an end: ")
    assert (error.cause, error.transient) == ("too_long", False)


def test_text_that_begins_again_without_end_stops_too(ollama: ScriptedOllama) -> None:
    taken_back = "".join(f"This is line {number} of it.\n" for number in range(5_000)) + "</think>"
    ollama.says(*[taken_back] * 20, cut=True)

    assert error_of(chat(ollama)).cause == "too_long"


LINES = "".join(f"This is line {number} of it.\n" for number in range(10_000))


@pytest.mark.parametrize(
    ("told", "kept", "cause"),
    [
        (["Tea.\n", LINES], ("Tea.\n" + LINES)[:200_000], "too_long"),
        ([LINES[:9_000] + "</think>" + LINES], LINES[:200_000], "too_long"),
        (["Tea is warm. " * 100], "Tea is warm. " * 100, "repeating"),
    ],
)
def test_what_came_in_the_piece_that_ends_a_text_is_kept(
    ollama: ScriptedOllama, told: list[str], kept: str, cause: str
) -> None:
    ollama.says(*told)

    assert kept_of(chat(ollama)) == (kept, cause)


def test_64_megabytes_without_a_line_end_are_refused_at_once(ollama: ScriptedOllama) -> None:
    ollama.raw(b"x" * (64 << 20))

    error = error_of(chat(ollama))

    assert ollama.wait_closed()  # before all had been sent
    assert error.cause == "protocol"
    assert error.detail.endswith(" bytes that are no JSON object")


def test_server_answers_for_itself(ollama: ScriptedOllama) -> None:
    client = Ollama(ollama.url)

    assert client.version() == "0.32.15"
    assert client.models() == ["llama3.2:latest"]


@pytest.mark.parametrize("name", ["llama3.2", "Llama3.2:Latest", "library/llama3.2", " llama3.2"])
def test_model_is_found_under_each_of_its_names(ollama: ScriptedOllama, name: str) -> None:
    assert Ollama(ollama.url).has_model(name)


@pytest.mark.parametrize("name", ["llama3", "llama3.2:1b", "me/llama3.2", "host:80/llama3.2"])
def test_other_model_is_not_found(ollama: ScriptedOllama, name: str) -> None:
    assert not Ollama(ollama.url).has_model(name)


def test_questions_have_an_end(ollama: ScriptedOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "QUICK", client.Limits(*[0.5] * 4))
    ollama.on(path="/api/version").silent()

    with pytest.raises(OllamaError) as caught:
        Ollama(ollama.url).version()

    assert caught.value.cause == "no_word"


def test_loading_sends_what_a_text_sends_so_that_nothing_is_loaded_twice(
    ollama: ScriptedOllama,
) -> None:
    client = Ollama(ollama.url)

    client.load("llama3.2", {"num_ctx": 2048}, "10m")
    text_of(client.chat("llama3.2", BRIEF, {"num_ctx": 2048}, "10m"))

    loading, writing = (request.json for request in ollama.requests)
    assert loading == writing | {"messages": [], "stream": False}


def test_answer_to_a_question_has_a_length(ollama: ScriptedOllama) -> None:
    endless = itertools.repeat((0.0, chunk(b" " * 50_000 + b"\n")))
    ollama.on(path=LOAD).script(lambda _: itertools.chain([(0.0, head())], endless), "", 1)

    with pytest.raises(OllamaError) as caught:
        Ollama(ollama.url, total_seconds=20).load("llama3.2", {}, "5m")

    assert caught.value.cause == "protocol"
    assert ollama.wait_closed()


def test_loading_that_fails_says_so(ollama: ScriptedOllama) -> None:
    ollama.on(path=LOAD).fails(500, {"error": "model requires more system memory (9 GiB)"})

    with pytest.raises(OllamaError) as caught:
        Ollama(ollama.url).load("llama3.2", {}, "5m")

    assert caught.value.cause == "out_of_memory"


def test_download_tells_how_far_it_is_over_all_layers(ollama: ScriptedOllama) -> None:
    ollama.on(path="/api/pull").lines(
        {"status": "pulling manifest"},
        {"status": "pulling a", "digest": "a", "total": 100},
        {"status": "pulling a", "digest": "a", "total": 100, "completed": 100},
        {"status": "pulling b", "digest": "b", "total": 50, "completed": 20},
        {"status": "success"},
    )

    progress = list(Ollama(ollama.url).pull("llama3.2"))

    assert progress == [
        PullProgress("pulling manifest", 0, 0),
        PullProgress("pulling a", 0, 100),
        PullProgress("pulling a", 100, 100),
        PullProgress("pulling b", 120, 150),
        PullProgress("success", 120, 150),
    ]


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([{"error": "pull model manifest: file does not exist"}], "model_unknown"),
        ([{"error": 'pull model manifest: 401: {"error":"Invalid username"}'}], "model_unknown"),
        ([{"error": "pull model manifest: 400: The specified tag is not there"}], "model_unknown"),
        (
            [{"error": "pull model manifest: 412: requires a newer version of Ollama"}],
            "model_incompatible",
        ),
        ([{"error": "pull model manifest: 429: Too many requests"}], "pull_failed"),
        ([{"error": "write /m: no space left on device"}], "disk_full"),
        ([{"error": "max retries exceeded: dial tcp: i/o timeout"}], "pull_failed"),
        ([{"state": 1}], "protocol"),
        ([], "stream_cut"),
    ],
)
def test_download_that_fails_says_why(
    ollama: ScriptedOllama, lines: list[dict[str, Any]], cause: str
) -> None:
    ollama.on(path="/api/pull").lines({"status": "pulling manifest"}, *lines)

    with pytest.raises(OllamaError) as caught:
        list(Ollama(ollama.url).pull("llama3.2"))

    assert caught.value.cause == cause


def test_download_of_layers_without_end_is_none(ollama: ScriptedOllama) -> None:
    ollama.on(path="/api/pull").lines(*({"status": "", "digest": str(n)} for n in range(250)))

    with pytest.raises(OllamaError) as caught:
        list(Ollama(ollama.url).pull("llama3.2"))

    assert caught.value.cause == "protocol"


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ({"completed": 1, "total": 4}, 0.25),
        ({"completed": 9, "total": 4}, 1),
        ({"completed": -9, "total": 4}, 0),
        ({"completed": 1, "total": -4}, None),
        ({"completed": 10**400, "total": 4}, 0),
        ({"completed": 1, "total": 10**4000}, None),
    ],
)
def test_share_of_a_download_is_one_whatever_is_said(
    ollama: ScriptedOllama, said: dict[str, int], share: float | None
) -> None:
    ollama.on(path="/api/pull").lines({"status": "", **said}, {"status": "success"})

    assert next(Ollama(ollama.url).pull("llama3.2")).share == share


def test_download_stops_when_its_iterator_is_closed(ollama: ScriptedOllama) -> None:
    ollama.on(path="/api/pull").lines({"status": "pulling manifest"}, ending="hold")
    progress = Ollama(ollama.url).pull("llama3.2")
    next(progress)

    progress.close()

    assert ollama.wait_closed()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box:8080", "http://gpu-box:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("HTTPS://gpu-box", "https://gpu-box:443"),
        ("https://gpu-box:1234/ollama/", "https://gpu-box:1234/ollama"),
        ("gpu-box/ollama", "http://gpu-box:11434/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::1", "http://[::1]:11434"),
        ("[fd00::7]", "http://[fd00::7]:11434"),
        ("[fd00::7]:8080", "http://[fd00::7]:8080"),
        ("gpu-box:70000", "http://gpu-box:11434"),
        ("http://gpu-box:port", "http://gpu-box:80"),
        (' "gpu-box" ', "http://gpu-box:11434"),
        ("ollama.com", "https://ollama.com:443"),
        ("https://ada:secret@gpu-box", "https://ada:secret@gpu-box:443"),
    ],
)
def test_every_form_of_ollama_host_is_read_as_ollama_reads_it(host: str, url: str) -> None:
    assert base_url(host) == url


@pytest.mark.parametrize(
    "host", ["ftp://gpu-box", "two words", "a]b", "http://gpu?x", "http://a:b:c"]
)
def test_host_that_cannot_be_one_is_refused(host: str) -> None:
    with pytest.raises(OllamaError) as caught:
        base_url(host)

    assert caught.value.cause == "address"


def test_password_in_the_address_is_sent_but_never_told(ollama: ScriptedOllama) -> None:
    ollama.says("Tea.")
    client = Ollama(ollama.url.replace("//", "//ada:secret@"))
    text_of(client.chat("llama3.2", BRIEF, {}))
    ollama.bytes(b"nonsense\r\n")

    error = error_of(client.chat("llama3.2", BRIEF, {}))

    assert ollama.requests[0].headers["Authorization"].startswith("Basic ")
    assert "secret" not in str(error) + error.detail
    assert ollama.url in str(error)


def test_proxy_variables_are_not_for_ollama(
    ollama: ScriptedOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert text_of(chat(ollama)) == "Tea is warm."


def test_exchange_closed_before_it_connected_sends_nothing(ollama: ScriptedOllama) -> None:
    answers = [chat(ollama) for _ in range(20)]

    for answer in answers:
        answer.close()

    wait_until(lambda: not readers())


def test_request_that_is_not_to_begin_at_once_opens_its_connection_and_sends_nothing(
    ollama: ScriptedOllama,
) -> None:
    answer = Ollama(ollama.url).chat("llama3.2", BRIEF, {}, at_once=False)
    wait_until(lambda: answer._exchange._handle is not None)
    opened = answer._exchange._handle
    assert ollama.requests == []

    answer.begin()

    assert text_of(answer) == "Tea is warm."
    assert opened.fileno() == -1  # on that connection, which has ended with the text
    assert len(ollama.requests) == 1


def test_request_that_is_closed_before_it_begins_is_never_sent(ollama: ScriptedOllama) -> None:
    answer = Ollama(ollama.url).chat("llama3.2", BRIEF, {}, at_once=False)

    answer.close()

    wait_until(lambda: not answer._exchange._reader.is_alive())
    assert ollama.requests == []


def test_connection_that_was_lost_before_the_request_begins_is_opened_anew(
    ollama: ScriptedOllama,
) -> None:
    answer = Ollama(ollama.url).chat("llama3.2", BRIEF, {}, at_once=False)
    wait_until(lambda: answer._exchange._handle is not None)
    answer._exchange._handle.shutdown(socket.SHUT_RDWR)

    answer.begin()

    assert text_of(answer) == "Tea is warm."


def test_server_that_is_gone_before_the_request_begins_is_unreachable() -> None:
    with ScriptedOllama() as server:
        answer = Ollama(server.url).chat("llama3.2", BRIEF, {}, at_once=False)
        wait_until(lambda: answer._exchange._handle is not None)
        answer._exchange._handle.shutdown(socket.SHUT_RDWR)

    answer.begin()

    assert error_of(answer).cause == "unreachable"


@pytest.mark.parametrize(("many", "is_refused"), [(20_000, False), (200_000, True)])
def test_list_of_very_many_values_is_refused_before_it_is_made(ollama, many, is_refused):
    values = "[]," * many
    ollama.on(path="/api/tags").raw(f'{{"models":[],"x":[{values}1]}}')
    client, causes = Ollama(ollama.url), []

    try:
        client.models()
    except OllamaError as error:
        causes.append(error.cause)

    assert causes == ["protocol"] * is_refused
