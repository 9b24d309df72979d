"""The form that a text of each type has: what stands first, what follows, and how it ends."""

import re
from collections.abc import Callable, Iterator

from smartcontent.texts.folding import MARKS
from smartcontent.texts.quality.measuring import hashtags
from smartcontent.texts.quality.parts import parts_called

_ITEM = re.compile(r"[-*+•] ")
_BOLD = re.compile(r"\*\*[^*]+\*\*[.!?]?")
_LABEL = re.compile(r"\*\*[^*:：]+(?:[:：]\*\*|\*\*[:：])")
_HASHTAGS_ALONE = re.compile(rf"(?:#[\w{MARKS}]+[\s,]*)+")
VERSIONS = {"short": 1, "medium": 2, "long": 3}  # of a title with its description
_SECTIONS, _POINTS, _FACTS, _HASHTAGS = range(4, 8), range(2, 4), range(3, 6), range(2, 5)
_HEADLINE, _CALL = range(1, 9), range(2, 6)  # words

Lines = list[str]
Demand = tuple[str, Callable[[Lines], bool]]


def missing(text: str, content_type: str, length: str) -> list[str]:
    """What the text lacks of its type's form, each as one would ask for it."""
    return [name for name, is_there in form_of(text, content_type, length) if not is_there]


def form_of(text: str, content_type: str, length: str) -> Iterator[tuple[str, bool]]:
    """What is asked of the form of such a text, and whether this one has it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    demands = _versions(length) if content_type == "seo_title_description" else _FORMS[content_type]
    for name, is_there in demands:
        yield name, bool(lines) and is_there(lines)


def _begins(mark: str) -> Callable[[Lines], bool]:
    return lambda lines: lines[0].startswith(f"{mark} ")


def _items(lines: Lines) -> int:
    return sum(bool(_ITEM.match(line)) for line in lines)


def _has_label(name: str) -> Callable[[Lines], bool]:
    return lambda lines: bool(parts_called(name, "\n".join(lines)))


def _is_prose(line: str) -> bool:
    return not (_ITEM.match(line) or line.startswith("#"))


def _is_bold(line: str, words: range) -> bool:
    return bool(_BOLD.fullmatch(line)) and len(line.split()) in words


def _sections(lines: Lines) -> list[Lines]:
    """The lines below each heading of the second rank."""
    sections: list[Lines] = []
    for line in lines:
        if line.startswith("## "):
            sections.append([])
        elif sections:
            sections[-1].append(line)
    return sections


def _are_versions(label: str, times: int) -> Callable[[Lines], bool]:
    return lambda lines: len(parts_called(label, "\n".join(lines))) == times


def _versions(length: str) -> tuple[Demand, ...]:
    times = VERSIONS[length]
    return tuple(
        (f"{times} × “**{label.capitalize()}:** …”", _are_versions(label, times))
        for label in ("title", "description")
    )


def _is_about_its_company(lines: Lines) -> bool:
    return any(line.startswith("## ") for line in lines[1:])


_FORMS: dict[str, tuple[Demand, ...]] = {
    "blog_post_outline": (
        ("a first line that begins with “# ”", _begins("#")),
        ("4 to 7 headings that begin with “## ”", lambda lines: len(_sections(lines)) in _SECTIONS),
        (
            "2 or 3 points under each heading",
            lambda lines: all(_items(each) in _POINTS for each in _sections(lines) or [[]]),
        ),
        ("nothing but headings and points", lambda lines: not any(map(_is_prose, lines))),
    ),
    "product_description": (
        ("a first line that begins with “## ”", _begins("##")),
        ("a paragraph below it", lambda lines: _is_prose("".join(lines[1:2]) or "#")),
        ("3 to 5 lines that begin with “- ”", lambda lines: _items(lines) in _FACTS),
        ("a sentence as the last line", lambda lines: _is_prose(lines[-1])),
    ),
    "social_media_caption": (
        ("no heading and no list", lambda lines: all(_is_prose(line) for line in lines[:-1])),
        (
            "2 to 4 hashtags as the last line",
            lambda lines: (
                hashtags(lines[-1]) in _HASHTAGS and bool(_HASHTAGS_ALONE.fullmatch(lines[-1]))
            ),
        ),
        ("one caption only", lambda lines: sum(hashtags(line) > 1 for line in lines) == 1),
    ),
    "email_newsletter": (
        ("a line “**Subject:** …”", _has_label("subject")),
        ("a line “**Preview:** …”", _has_label("preview")),
        (
            "one thing to do, in bold on a line of its own",
            lambda lines: any(_BOLD.fullmatch(line) for line in lines[2:]),
        ),
    ),
    "ad_copy": (
        ("a headline in bold, at most 8 words", lambda lines: _is_bold(lines[0], _HEADLINE)),
        ("a call to action in bold, 2 to 5 words", lambda lines: _is_bold(lines[-1], _CALL)),
        ("no hashtags", lambda lines: not any(map(hashtags, lines))),
    ),
    "press_release": (
        ("a first line that begins with “# ”", _begins("#")),
        ("a headline without an exclamation mark", lambda lines: "!" not in lines[0]),
        ("a heading “## About …”", _is_about_its_company),
        (
            "a line “**Contact:** …”",
            lambda lines: any(_LABEL.match(line) for line in lines[1:]),
        ),
    ),
}
