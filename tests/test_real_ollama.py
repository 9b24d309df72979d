"""What a real Ollama sent, replayed byte by byte: what becomes of a draft, and what is told."""

import itertools

import pytest
from conftest import BRIEF
from ollama_scripts import LOAD
from test_ollama import chat, error_of, text_of

from smartcontent import prompts
from smartcontent.briefs.brief import Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS
from smartcontent.contents import submitting
from smartcontent.models import Draft, Status, now
from smartcontent.ollama import Ollama
from smartcontent.prompts.request import context_for
from smartcontent.stores.sql import db
from smartcontent.writing import job, room_to_think

IS_EVEN = "Yes, 8 is even."


def tried(draft: Draft) -> Draft:
    """The draft after another attempt at it."""
    draft.due_at = now()
    db.session.commit()
    job.write_draft(draft.id)
    db.session.refresh(draft)
    return draft


def test_text_that_ends_without_its_last_line_in_repeats_is_kept_and_tried_once_more(
    due_draft, as_ada, ollama
):
    ollama.replays("16-token-repeat-stream", times=4)

    draft = tried(due_draft)

    assert (draft.status, draft.failures, len(ollama.chats)) == (Status.PENDING, 1, 1)
    draft = tried(draft)
    assert (draft.status, draft.failures, len(ollama.chats)) == (Status.FAILED, 2, 2)
    assert draft.text == " ".join(["ha"] * 31)
    page = as_ada.get(f"/contents/{draft.content_id}").text
    assert "llama3.2 went on repeating itself and was stopped: keep what it wrote, retry" in page
    assert f"<p>{draft.text}</p>" in page


@pytest.mark.parametrize("said", ["11-ctx-truncate-false-stream", "11-ctx-shift-false-stream"])
def test_brief_beyond_the_context_is_told_and_not_tried_again(due_draft, ollama, said):
    ollama.replays(said, times=4)

    draft = tried(due_draft)

    assert (draft.status, len(ollama.chats)) == (Status.FAILED, 1)
    assert draft.error.startswith("The brief is too long for the model llama3.2: shorten it")


def test_error_that_is_json_inside_a_string_is_read(ollama):
    ollama.replays("11-ctx-truncate-false-stream")

    assert error_of(chat(ollama)).detail == "HTTP 400 available context size"


def test_thought_that_was_cut_has_room_the_second_time(due_draft, ollama):
    ollama.replays("28-think-cut-by-num-predict")
    ollama.replays("28-think-true")

    first = tried(due_draft)
    assert (first.status, first.error_cause) == (Status.PENDING, "only_thinking")
    second = tried(first)

    assert (second.status, second.text) == (Status.COMPLETED, IS_EVEN)
    less, more = (chat["options"]["num_predict"] for chat in ollama.chats)
    assert more == less + 4096


def test_thought_that_is_cut_again_is_told_and_not_tried_a_third_time(due_draft, ollama):
    ollama.replays("28-think-cut-by-num-predict", times=4)

    draft = tried(tried(due_draft))

    assert (draft.status, draft.text, len(ollama.chats)) == (Status.FAILED, "", 2)
    assert draft.error.startswith("The model spent its whole length on thinking")


@pytest.mark.parametrize(
    ("said", "taken_out"),
    [
        # Told not to think, this model's template lets it think in the middle of its text.
        ("28-think-false", "8 divided by 2 is 4, so yes."),
        ("28-think-true", None),
        ("28-think-unset", None),
    ],
)
def test_thought_never_stands_in_the_text(due_draft, ollama, said, taken_out):
    ollama.replays(said)

    draft = tried(due_draft)

    assert (draft.text.strip(), draft.taken_out) == (IS_EVEN, taken_out)
    assert draft.done_reason == "stop"


@pytest.mark.parametrize(
    ("shown", "room"), [("28-show", room_to_think.THINKING_TOKENS), ("04-show", 0)]
)
def test_model_has_room_to_think_if_the_server_shows_that_it_can(ada, ollama, shown, room):
    model = {"model": f"model-of-{shown}"}  # what was shown of a model is remembered
    draft = submitting.submit(ada.id, BRIEF, "A teapot", model, delay_seconds=0).current
    ollama.on(path="/api/show").replays(shown)

    usual = prompts.options_for(BRIEF)["num_predict"]

    assert tried(draft).options["num_predict"] == usual + room


def test_contexts_of_all_briefs_come_in_steps_and_few_of_them(app):
    contexts = set()
    for content_type, length, language in itertools.product(CONTENT_TYPES, LENGTHS, LANGUAGES):
        for words in (10, 120, 250):
            brief = Brief(content_type, "Τσάι お茶 " * words, "", "warm", length, language, (), "")
            messages = prompts.messages_for(brief)
            predicted = prompts.options_for(brief)["num_predict"]
            contexts |= {context_for(messages, predicted + room) for room in (0, 2048)}

    assert contexts <= {4096, 8192, 16384}


@pytest.mark.parametrize(
    ("said", "cause", "transient"),
    [
        ("21-runner-killed", "runner_died", True),
        ("22-server-sigterm", "stream_cut", True),
        ("24-cold-maxqueue1-1", "busy", True),
        ("07-unknown-model-chat", "model_missing", False),
        ("07-unknown-path", "address", False),
        ("07-host-evil", "forbidden", False),
        ("08-opt-temperature-str", "refused", False),
    ],
)
def test_every_other_end_is_told_by_its_cause(ollama, said, cause, transient):
    ollama.replays(said)

    error = error_of(chat(ollama))

    assert (error.cause, error.transient) == (cause, transient)


def test_runner_that_was_killed_costs_another_attempt_and_no_text(due_draft, ollama):
    ollama.replays("21-runner-killed")

    again = tried(due_draft)

    assert again.status == Status.PENDING
    assert "special because of his" in again.text
    assert (tried(again).status, again.text) == (Status.COMPLETED, "Tea is warm.")


def test_text_of_many_scripts_arrives_as_it_was_sent(ollama):
    ollama.replays("06-chat-unicode")

    assert text_of(chat(ollama)).startswith('Répète de l\'éché: "quote"\n\nThis is')


def test_server_is_read_as_it_answers(ollama):
    client = Ollama(ollama.url)
    for path, said in (("/api/tags", "03-tags"), ("/api/show", "04-show")):
        ollama.on(path=path).replays(said)
    ollama.on(path=LOAD).replays("05-preload-keepalive-int30")

    assert client.models() == ["smollm2:135m"]
    client.load("smollm2:135m", {}, "30")
