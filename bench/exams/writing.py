"""The texts of the exam, written by a model with the product's own request, and kept in a file."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from exams.briefs import Paper

from smartcontent.ollama import Answer, Ollama, OllamaError
from smartcontent.prompts import messages_for, options_for
from smartcontent.texts.wrapping import unwrapped
from smartcontent.writing.room_to_think import THINKING_TOKENS

CONTEXT = 4096


@dataclass(frozen=True)
class Text:
    """What came of one paper: the text as its reader gets it, and what was taken off it."""

    key: str  # of all that was sent
    name: str
    text: str
    taken_out: str
    around: str
    ended: str  # "stop", "length", or the cause of a failure
    stats: dict[str, Any]


def written(papers: Iterable[Paper], model: str, ollama: Ollama, kept: Path) -> Iterator[Text]:
    """A text for each paper; one that is in the file is not written again."""
    known = dict(_kept(kept))
    room = THINKING_TOKENS if ollama.thinks(model) else 0
    for paper in papers:
        options = _options(paper, room)
        key = _key(paper, model, options)
        if key not in known:
            known[key] = replace(_written(paper, model, options, ollama), key=key)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(known[key]), ensure_ascii=False) + "\n")
        yield known[key]


def _kept(path: Path) -> Iterator[tuple[str, Text]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            text = Text(**json.loads(line))
            yield text.key, text


def _options(paper: Paper, room: int) -> dict[str, Any]:
    options = options_for(paper.brief)
    return options | {
        "num_predict": options["num_predict"] + room, "num_ctx": CONTEXT, "seed": paper.seed,
    }  # fmt: skip


def _key(paper: Paper, model: str, options: dict[str, Any]) -> str:
    sent = [model, messages_for(paper.brief), options]
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()


def _written(paper: Paper, model: str, options: dict[str, Any], ollama: Ollama) -> Text:
    with ollama.chat(model, messages_for(paper.brief), options) as answer:
        text, ended = _read(answer)
    inner, around = unwrapped(text)
    return Text("", paper.name, inner, answer.taken_out, around, ended, answer.stats)


def _read(answer: Answer) -> tuple[str, str]:
    text = ""
    try:
        for piece in answer:
            text = piece if answer.begins_again else text + piece
    except OllamaError as error:
        return text, error.cause
    return text, answer.done_reason or ""
