"""What stands before and behind the words that a model writes: a draft may be made of another."""

from typing import NamedTuple

from smartcontent.briefs.task import Deed, Task
from smartcontent.models import Draft
from smartcontent.texts.broken_off import open_ended, whole_words


class Surroundings(NamedTuple):
    """What a finished text has, beside the model's words, of the draft that it is made of."""

    before: str = ""
    behind: str = ""
    rewritten: str = ""  # what the model's words stand for
    goes_on: bool = False  # whether they go on with what is before them


def surroundings(draft: Draft) -> Surroundings:
    """Of the draft that this one is made of, or of itself where that is gone."""
    draft = _written_first(draft)
    task = Task.read(draft.task)
    if task is None:
        return Surroundings()
    source, passage = draft.content.version(task.number), task.passage
    if task.do is Deed.CONTINUE:
        rest = whole_words(source.text) if source else ""
        return Surroundings(before=_gone_on_with(draft) or rest, goes_on=True)
    if passage is None:
        return Surroundings(rewritten=source.text if source else "")
    text, rest_begins = (
        (source.text, passage.end) if source else (draft.text, len(draft.text) - passage.rest)
    )
    return Surroundings(text[: passage.start], text[rest_begins:], passage.text)


def _written_first(draft: Draft) -> Draft:
    """What it repeats, where it repeats another; an archive may say that one repeats itself."""
    passed = set[int]()
    while draft.number not in passed:
        passed.add(draft.number)
        task = Task.read(draft.task)
        repeats = task and task.do is Deed.REPRODUCE
        source = draft.content.version(task.number) if task and repeats else None
        draft = source or draft
    return draft


def _gone_on_with(draft: Draft) -> str:
    """What a model was sent to go on with, if it was."""
    sent = draft.prompt or []
    return open_ended(sent[-2]["content"]) if len(sent) > 1 else ""
