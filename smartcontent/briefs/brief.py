"""A brief: what the user typed, complete and checked."""

from dataclasses import dataclass

TITLE_MAX = 80  # of a title made from the topic, in characters
# str.strip() would also take away control characters, which are to be refused.
BLANKS = " \t\n\xa0\u2028\u2029\u3000\u200b\ufeff"


@dataclass(frozen=True)
class Brief:
    """What prompts are made of."""

    content_type: str
    topic: str
    audience: str = ""
    tone: str = "friendly"
    length: str = "medium"
    language: str = "en"
    keywords: tuple[str, ...] = ()
    instructions: str = ""


def title_from(topic: str) -> str:
    """The topic's first line, cut at a word where it is longer than a title."""
    line = topic.strip(BLANKS).partition("\n")[0].strip(BLANKS)
    if len(line) <= TITLE_MAX:
        return line
    # Languages written without blanks are cut where the room ends.
    head = line[:TITLE_MAX].rpartition(" ")[0] or line[: TITLE_MAX - 1]
    return head.rstrip(" ,;:.-–") + "…"
