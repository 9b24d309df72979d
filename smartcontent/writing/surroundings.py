"""What stands before and behind the words that a model writes: a draft may be made of another."""

from smartcontent.briefs.task import Deed, Task
from smartcontent.models import Draft


def surroundings(draft: Draft) -> tuple[str, str]:
    """What the finished text begins and ends with, of the draft that it is made of."""
    task = Task.read(draft.task)
    source = draft.content.version(task.number) if task else None
    if task is None or source is None:
        return "", ""
    if task.do is Deed.REPRODUCE:
        return surroundings(source)
    if task.do is Deed.CONTINUE:
        return _open_ended(source.text), ""
    if task.passage is None:
        return "", ""
    return source.text[: task.passage.start], source.text[task.passage.end :]


def _open_ended(text: str) -> str:
    """A text so that what follows is a word of its own."""
    return text if text[-1:].isspace() else f"{text} "
