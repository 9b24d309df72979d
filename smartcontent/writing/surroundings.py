"""What stands before and behind the words that a model writes: a draft may be made of another."""

from smartcontent.briefs.task import Deed, Task
from smartcontent.models import Draft
from smartcontent.texts.broken_off import open_ended, whole_words


def surroundings(draft: Draft) -> tuple[str, str]:
    """What the finished text begins and ends with, of the draft that it is made of."""
    draft = _written_first(draft)
    task = Task.read(draft.task)
    if task is None:
        return "", ""
    source = draft.content.version(task.number)
    if source is None:
        return _kept_by_itself(draft, task)
    if task.do is Deed.CONTINUE:
        return _gone_on_with(draft) or whole_words(source.text), ""
    if task.passage is None:
        return "", ""
    return source.text[: task.passage.start], source.text[task.passage.end :]


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


def _kept_by_itself(draft: Draft, task: Task) -> tuple[str, str]:
    """The same of a draft that is written already, and whose source is gone."""
    if task.do is Deed.CONTINUE:
        return _gone_on_with(draft), ""
    if task.passage:
        return draft.text[: task.passage.start], draft.text[len(draft.text) - task.passage.rest :]
    return "", ""


def _gone_on_with(draft: Draft) -> str:
    """What a model was sent to go on with, if it was."""
    sent = draft.prompt or []
    return open_ended(sent[-2]["content"]) if len(sent) > 1 else ""
