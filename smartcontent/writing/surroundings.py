"""What stands before and behind the words that a model writes: a draft may be made of another."""

from smartcontent.briefs.task import Deed, Task
from smartcontent.models import Draft
from smartcontent.texts.broken_off import open_ended, whole_words


def surroundings(draft: Draft) -> tuple[str, str]:
    """What the finished text begins and ends with, of the draft that it is made of."""
    task = Task.read(draft.task)
    source = draft.content.version(task.number) if task else None
    if task is None:
        return "", ""
    if source is None:
        return _kept_by_itself(draft, task)
    if task.do is Deed.REPRODUCE:
        return surroundings(source)
    if task.do is Deed.CONTINUE:
        return _gone_on_with(draft) or whole_words(source.text), ""
    if task.passage is None:
        return "", ""
    return source.text[: task.passage.start], source.text[task.passage.end :]


def _kept_by_itself(draft: Draft, task: Task) -> tuple[str, str]:
    """The same of a draft that is written already, and whose source is gone."""
    if task.do is Deed.CONTINUE:
        return _gone_on_with(draft), ""
    if task.passage:
        return draft.text[: task.passage.start], draft.text[len(draft.text) - task.passage.rest :]
    return "", ""


def _gone_on_with(draft: Draft) -> str:
    """What a model was sent to go on with, if it was."""
    return open_ended(draft.prompt[-2]["content"]) if draft.prompt else ""
