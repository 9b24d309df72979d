"""What models leave around their texts, and what servers beside Ollama's own send."""

import itertools
import re
from collections.abc import Iterator

import pytest
from costs import assert_takes_less, cpu_seconds
from hypothesis import given, settings
from hypothesis import strategies as st
from ollama_scripts import done, piece
from scripted_ollama import ScriptedOllama
from test_ollama import chat

from smartcontent.ollama import OllamaError
from smartcontent.ollama.marks import Marks
from smartcontent.prompts import without_chat_marks

TEXT = "Tea **is** <b>warm</b> [and] so."
FINAL = "<|start|>assistant<|channel|>final<|message|>"
# What a model said, and what was taken out of it.
SAID = [
    ("<think>Hm.</think>\n\n" + TEXT, "Hm."),
    ("<thinking>Hm.</thinking>" + TEXT, "Hm."),
    ("<thought>\nHm.\n</thought>\n" + TEXT, "Hm."),
    ("<reasoning>Hm.</reasoning>" + TEXT, "Hm."),
    ("[THINK]Hm.[/THINK]" + TEXT, "Hm."),
    ("◁think▷Hm.◁/think▷" + TEXT, "Hm."),
    ("Hm.\n</think>\n\n" + TEXT, "Hm."),
    ("Hm.</thinking>" + TEXT, "Hm."),
    ("Hm. [/THINK] " + TEXT, "Hm."),
    (f"<|channel|>analysis<|message|>Hm.<|end|>{FINAL}{TEXT}<|return|>", "Hm."),
    (FINAL + TEXT, ""),
    (TEXT + "<|im_end|>", ""),
    (TEXT + "<|im_end|>\n<|im_start|>user\nShorter!", "<|im_start|>user\nShorter!"),
    (TEXT + "<|eot_id|><|start_header_id|>user", "<|start_header_id|>user"),
    (TEXT + "</s>", ""),
    (TEXT + "<|endoftext|>Human: and now?", "Human: and now?"),
    (TEXT + "<end_of_turn>\n<start_of_turn>user", "<start_of_turn>user"),
    ("<|im_start|>assistant\n" + TEXT + "<|im_end|>", ""),
    ("<think>Hm.</think>" + TEXT + "<|im_end|>More", "Hm.More"),
    ("<Think>Hm.</THINK>" + TEXT, "Hm."),
    ("<reflection>Hm.</reflection>" + TEXT, "Hm."),
    ("<seed:think>Hm.</seed:think>" + TEXT, "Hm."),
    ("Hm.[/thinking]" + TEXT, "Hm."),
    ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>" + TEXT + "<|END_RESPONSE|>", "Hm."),
    ("<|begin_of_thought|>Hm.<|end_of_thought|>\n<|begin_of_solution|>" + TEXT, "Hm."),
    ("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>" + TEXT, "Hm."),
    (f"<|channel|>commentary<|message|>Hm.{FINAL}{TEXT}", "Hm."),
    ("analysisHm.assistantfinal" + TEXT, "analysisHm."),
    (TEXT + "\n[INST] Shorter! [/INST]", "Shorter! [/INST]"),
    (TEXT + "<|user|>\nShorter!", "Shorter!"),
    (TEXT + "<｜end▁of▁sentence｜><｜User｜>And?", "<｜User｜>And?"),
]
# The same in the words of other families of models.
ELSEWHERE = [
    ("<|channel>thought\nHm.<channel|>" + TEXT + "<turn|>\n<|turn>user\nShorter!", "Hm."),
    ("[|assistant|]" + TEXT + "[|endofturn|]\n[|user|] Shorter!", "Shorter!"),
    ("<|begin_of_box|>" + TEXT + "<|end_of_box|>", ""),
    ("<|im_assistant|>assistant<|im_middle|>" + TEXT + "<|im_user|>user", "user"),
    ("<|header_start|>assistant<|header_end|>\n\n" + TEXT + "<|eot|>", ""),
    ("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>" + TEXT + "<|END_OF_TURN_TOKEN|>", ""),
    ("<seed:bos>assistant\n" + TEXT + "<seed:eos>", ""),
    ("Hm.\n[BEGIN FINAL RESPONSE]\n" + TEXT + "\n[END FINAL RESPONSE]\n<|end|>", "Hm."),
    ("<｜begin▁of▁sentence｜>" + TEXT + "<|endofmessage|>", ""),
    ("<|think|>Hm.<|/think|>" + TEXT, "Hm."),
    ("<|reasoning_start|>Hm.<|reasoning_end|>" + TEXT, "Hm."),
    ("Hm.<｜end▁of▁thinking｜>" + TEXT, "Hm."),
    ("<thought_process>Hm.</thought_process>" + TEXT, "Hm."),
    ("<inner-monologue>Hm.</inner-monologue>" + TEXT, "Hm."),
    ('<think time="3">Hm.</ think >' + TEXT, "Hm."),
    ("<think>Hm.</thinking>" + TEXT, "Hm."),
    ("<think>Hm.\n<|im_start|>assistant\n" + TEXT, "Hm."),
    ("<plan>Hm.</plan>" + TEXT, "Hm."),
    ("<unused94>thought\nHm.<unused95>" + TEXT, "Hm."),
    ("```thinking\nHm.\n```\n" + TEXT, "Hm."),
    ("<!-- Hm. -->\n" + TEXT, "Hm."),
    ("<details open><summary>Thought for 3 s</summary>\nHm.</details>\n" + TEXT, "Hm."),
    ("<tool_call>\n{}\n</tool_call>\n" + TEXT, "{}"),
    (f"<|channel|>analysis to=x<|message|>Hm.<|end|>{FINAL}{TEXT}", "Hm."),
    ("<|channel|>final <|constrain|>markdown<|message|>" + TEXT, ""),
    ("### Response:\n" + TEXT + "\n\n### Instruction:\nShorter!", "Shorter!"),
    ("assistant\n\n" + TEXT + "<|reserved_special_token_3|>", ""),
    ("[gMASK]<sop>" + TEXT + "<eod>", ""),
    (TEXT + "<pad><pad><|pad|>", ""),
    (TEXT + "<</SYS>>", ""),
]
COPY = [
    "Tea <think> of it",
    "Tea <think> of it </think> again",
    "Write `</think>` and `<|im_end|>` as they are.",
    "<s>Ten</s> Nine pounds",
    "a < b and [c",
    "The end is <|im_en",
    "<thin",
    "[THIN ice]",
    "Our assistant finally is an assistant",
    "# Outline\n- <thinking> is a tag,\n- </thinking> closes it",
    "Ask the <Assistant> and [instead] <eons> of <users>",
    "Pieces that end in a",
    "Analysis of <analysis> and </analysis>",
    "[Thoughts] on tea and [EOS] balm",
    "Assistant: a job for you",
    "### Response times\nare short",
    "Tea <| warm |> or <-|-> cold |>",
    "I <3 tea; 1 <b 2; a <!-- b",
]


# A comment is no token of any model's.
EVERY_MARK = {
    mark
    for said, _ in [*SAID, *ELSEWHERE, ("<0x0A>[end of text]", "")]
    for mark in re.findall(r"[<\[◁][^<>\[\]◁▷]+[>\]▷]", said.replace(TEXT, " "))
    if not mark.startswith("<!--")
}


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


def shown_and_taken(server: ScriptedOllama) -> tuple[str, str]:
    """What pages show at the end, and what was taken out."""
    shown = ""
    with chat(server) as answer:
        for text in answer:
            shown = text if answer.begins_again else shown + text
    return shown, answer.taken_out


@pytest.mark.parametrize(("said", "taken"), SAID)
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 90), max_size=5))
def test_marks_are_taken_out_however_they_are_cut(shared, said, taken, cuts):
    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    shared.says(*(said[a:b] for a, b in itertools.pairwise(edges)))

    shown, left_out = shown_and_taken(shared)

    assert (shown.strip(), left_out) == (TEXT, taken)


@pytest.mark.parametrize("said", [said for said, _ in SAID])
def test_marks_are_taken_out_sign_by_sign(shared, said):
    shared.says(*said)

    assert shown_and_taken(shared)[0].strip() == TEXT


def divided(*pieces: str) -> tuple[str, str]:
    """The text of an answer that came in these pieces, and what was taken out."""
    marks, shown = Marks(), ""
    for each in pieces:
        text = marks.without(each)
        shown = text if marks.begins_again else shown + text
    return (shown + marks.with_rest("")).strip(), marks.taken


@pytest.mark.parametrize(("said", "taken"), ELSEWHERE)
def test_marks_of_any_family_are_taken_out_wherever_they_are_cut(said, taken):
    for cut in range(len(said)):
        shown, left_out = divided(said[:cut], said[cut:])
        assert (shown, taken in left_out) == (TEXT, True)
    assert divided(*said)[0] == TEXT


@pytest.mark.parametrize("mark", sorted(EVERY_MARK))
def test_what_is_a_mark_in_an_answer_reaches_no_model_whole(mark):
    assert without_chat_marks(f"Tea {mark}") == f"Tea {mark[0]} {mark[1:]}"


@pytest.mark.parametrize("text", COPY)
def test_copy_that_looks_like_a_mark_stays(shared, text):
    shared.says(*text)
    assert shown_and_taken(shared) == (text, "")

    shared.says(text)
    assert shown_and_taken(shared) == (text, "")


@pytest.mark.parametrize("text", [*COPY, "Tea, and a", "Tea </thin"])
def test_of_a_text_that_breaks_off_nothing_is_lost(shared, text):
    shared.says(*text, cut=True)
    pieces: list[str] = []

    with chat(shared) as answer, pytest.raises(OllamaError):
        pieces.extend(answer)

    assert "".join(pieces) == text


def test_nothing_is_held_back_that_cannot_become_a_mark():
    marks = Marks()

    assert [marks.without(piece) for piece in ("Tea", " a", "ss", "<3")] == [
        "Tea",
        " a",
        "ss",
        "<3",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [piece("", message={"role": "assistant", "content": None}), piece("Tea."), done()],
        [piece("Tea."), {"message": None, "done": True}],
        [{"message": {"content": "Tea."}}, {"done": True}],
        [piece("Tea."), {"message": {"content": ""}, "done_reason": "stop"}],
        [{"message": {"content": "Tea."}, "done": None}, {"done_reason": "stop"}],
    ],
    ids=["no content", "no message", "no done", "only a reason", "null"],
)
def test_other_servers_that_speak_ollamas_language_are_understood(ollama, lines):
    ollama.lines(*lines)

    assert shown_and_taken(ollama)[0] == "Tea."


@pytest.mark.parametrize(
    "noise", [b": keep-alive\n", b"\n", b"ping\n", b"data: {}\n", b"null\n", b"[]\n"]
)
def test_sign_of_life_that_is_no_json_is_passed_over(ollama, noise):
    begun = b'{"message": {"content": "Tea "}, "done": false}\n'
    ended = b'{"message": {"content": "is warm."}, "done": true}\n'
    ollama.raw(begun + noise + ended)

    assert shown_and_taken(ollama)[0] == "Tea is warm."


def test_one_broken_byte_costs_one_character(ollama):
    ollama.raw(b'{"message": {"content": "Caf\xe9!"}, "done": true}\n')

    assert shown_and_taken(ollama)[0] == "Caf\ufffd!"


@pytest.mark.parametrize(
    "said",
    [
        "<think></think>",
        "<think>",
        "</think>",
        "</" + "a_" * 40 + ">",
        "x</think>",
        "`</think>",
        "<s></s>",
        "assistantfinal",
        "<|start|>",
        "<|im_end|>",
        "<",
        " ",
        "[THINK",
    ],
)
def test_marks_by_the_ten_thousand_cost_no_more_than_their_length(said):
    few, many = said * 500, said * 10_000
    cost = max(cpu_seconds(lambda: Marks().without(few)), 0.002)

    # Twenty times the text would take 400 times as long if it grew with the square.
    assert_takes_less(100 * cost, lambda: Marks().without(many))


def test_marks_behind_a_long_text_cost_no_more_than_behind_a_short_one():
    def cost(text: str) -> float:
        marks = Marks()
        marks.without(text)
        return cpu_seconds(lambda: marks.without("<|/a|>" * 1000))

    assert min(cost("é" * 100_000) for _ in range(3)) < 20 * max(cost("é"), 0.005)
