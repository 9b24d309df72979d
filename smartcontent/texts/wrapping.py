"""Takes off what a model wraps around a finished text: an opening remark, a fence, quotes."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from smartcontent.fields import with_newlines
from smartcontent.texts.markdown.tags import MEANT
from smartcontent.texts.remarks import LONGEST as REMARK_LONGEST
from smartcontent.texts.remarks import is_label, is_remark
from smartcontent.texts.storable import storable

LAYERS_MOST = 8  # models write two or three; each that comes off is a copy of the text
_OFFER = r"(?:let me know|feel free|would you like|i hope|hope this|if you).{0,200}"
# "Let me know if you have questions" is how letters end; this is how models do.
_CHANGES = re.compile(
    r"\b(?:chang|adjust|revis|tweak|edit|modif|refin|rewrit|different|another|variation|shorten|tone)",
    re.I,
)
_RULES = re.compile(
    rf"(-{{3}}|\*{{3}}|_{{3}})\n(.*?)(?:\n\1(?:\s+{_OFFER})?)?", re.DOTALL | re.IGNORECASE
)
_FENCE = re.compile(rf"(`{{3,20}}|~{{3,20}})[\w-]*[ \t]*\n(.*)\1(?:\s+({_OFFER}))?", re.S | re.I)
_OPEN_FENCE = re.compile(
    r"(`{3,}|~{3,})(?:markdown|md|text|txt|plaintext)?[ \t]*\n(.*)", re.S | re.I
)
_RULED = re.compile(r"(-{3}|\*{3}|_{3})\n(?![\w-]+:)(.*)\n\1", re.S)
_OFFER_BELOW_A_RULE = re.compile(rf"(.*)\n(?:-{{3}}|\*{{3}}|_{{3}})\s+({_OFFER})", re.S | re.I)
_OF_MODELS = {"s", "caption"}  # around a whole text no markup, but a model's marks
_TAGS = re.compile(r"<([a-z][\w-]{0,30})>(.*)</\1>", re.S | re.I)
_COUNT = re.compile(
    r"\W*(?:(?:word|character) count|wortanzahl|wörterzahl|nombre de mots|número de palabras"
    r"|numero di parole|字数|文字数|글자 수)\W{1,9}\d[^\n]{0,40}"
    r"|[(\[*_]{1,3}(?:about |approx\.? |~)?\d+ (?:words|characters)[)\]*_]{1,3}"
    r"|\W*end of (?:text|draft|post)\W*",
    re.I,
)
_ALOUD = re.compile(
    r"\W{0,9}(?:here(?:'s|’s| is) my )?"
    r"(?:thought process|thoughts?|thinking(?: process)?|reasoning)"
    r"(?:\.\.\.|…|:).*?\n\W{0,9}"
    r"(?:done thinking|(?:here(?:'s|’s| is) (?:my|the) )?(?:final )?"
    r"(?:answer|response|output|text|version))(?:[.:][*_]*)\s*(?=\S)",
    re.S | re.I,
)
_QUOTES = (
    ('**"', '"**'), ("**“", "”**"), ('*"', '"*'), ("*“", "”*"), ('"""', '"""'), ("'''", "'''"),
    ('"', '"'), ("“", "”"), ("“", '"'), ("„", "“"), ("„", "”"), ("„", '"'), ("”", "”"), ("‘", "’"),
    ("‚", "‘"), ("'", "'"), ("``", "''"), ("`", "`"), ("«", "»"), ("»", "«"), ("‹", "›"),
    ("「", "」"), ("『", "』"), ("＂", "＂"), ("〝", "〞"), ("《", "》"),
)  # fmt: skip

_Step = Callable[[str], tuple[str, str] | None]


def unwrapped(text: str, rewritten: str = "", goes_on: bool = False) -> tuple[str, str]:
    """The text alone, and what was wrapped around it; both as they are where nothing was.

    What the text that it rewrites is wrapped in as well stays: a passage may be all that was said.
    So do quotes, tags and the like where a text goes on: they are a part's.
    """
    steps = _STEPS_OF_A_REST if goes_on else _STEPS
    own = _fitting(rewritten) if rewritten else set()
    layers = list(_layers(text, [step for step in steps if step not in own]))
    return (layers[-1][0] if layers else text), "\n".join(removed for _, removed in layers)


def _layers(text: str, steps: Sequence[_Step]) -> Iterator[tuple[str, str]]:
    """What each layer that is taken off leaves, and what that was."""
    inner = _stripped(text)
    for _ in range(LAYERS_MOST):
        step = next(filter(None, (without(inner) for without in steps)), None)
        if step is None:
            return
        yield step
        inner, _ = step


def _fitting(text: str) -> set[_Step]:
    """All steps that would take something off the text, or off what is below."""
    inners = [_stripped(text), *(inner for inner, _ in _layers(text, _STEPS))]
    return {step for inner in inners for step in _STEPS if step(inner)}


def _stripped(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _without_remark(text: str) -> tuple[str, str] | None:
    first, _, rest = text.partition("\n")
    if not rest.strip() or not (is_remark(first) or is_label(first, rest)):
        return None
    ruled = _RULES.fullmatch(rest.strip())
    if ruled:
        return ruled[2].strip(), first
    text, offer = _without_offer(rest.strip())
    return text, f"{first}\n{offer}" if offer else first


def _without_offer(text: str) -> tuple[str, str]:
    """A text that began with a remark, without the last paragraph where it offers changes."""
    before, _, last = text.rpartition("\n\n")
    if not before.strip() or not _CHANGES.search(last[:REMARK_LONGEST]):
        return text, ""
    if len(last) > REMARK_LONGEST or not re.fullmatch(_OFFER, last, re.IGNORECASE):
        return text, ""
    return before.strip().removesuffix("\n---").strip(), last


def _without_remark_before_quotes(text: str) -> tuple[str, str] | None:
    """`Here is your caption: "…"` on one line."""
    said = re.match(r"[^\n:：]*[:：]", text[:REMARK_LONGEST])
    if said is None or not is_remark(said[0]):
        return None
    rest = text[said.end() :].strip()
    return (rest, said[0]) if _without_quotes(rest) else None


def _without_thinking_aloud(text: str) -> tuple[str, str] | None:
    """`Thinking: … Answer: …`: both words, each at the beginning of a line."""
    aloud = _ALOUD.match(text)
    return (text[aloud.end() :].strip(), aloud[0].strip()) if aloud else None


def _without_fence(text: str) -> tuple[str, str] | None:
    fenced = _FENCE.fullmatch(text)
    if fenced is None:
        return _without_open_fence(text)
    if f"\n{fenced[1]}" in fenced[2] or not fenced[2].strip():
        return None
    around = f"{fenced[1]} … {fenced[1]}"
    return fenced[2].strip(), f"{around}\n{fenced[3]}" if fenced[3] else around


def _without_open_fence(text: str) -> tuple[str, str] | None:
    """A fence that was never closed, around text and not around code."""
    opened = _OPEN_FENCE.fullmatch(text)
    if opened is None or opened[1] in opened[2] or not opened[2].strip():
        return None
    return opened[2].strip(), opened[1]


def _without_tags(text: str) -> tuple[str, str] | None:
    tagged = _TAGS.fullmatch(text)
    if tagged is None or f"</{tagged[1]}>" in tagged[2] or not tagged[2].strip():
        return None
    is_markup = tagged[1] in MEANT and tagged[1] not in _OF_MODELS
    return None if is_markup else (tagged[2].strip(), f"<{tagged[1]}>")


def _without_rules(text: str) -> tuple[str, str] | None:
    ruled = _RULED.fullmatch(text)
    if ruled is None or f"\n{ruled[1]}\n" in ruled[2] or not ruled[2].strip():
        return None
    return ruled[2].strip(), ruled[1]


def _without_json(text: str) -> tuple[str, str] | None:
    """An object with one text, or a text with its quotes and line ends as JSON writes them."""
    if text[:1] + text[-1:] not in ('""', "{}") or "\n" in text[1:-1].strip():
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    name, value = next(iter(value.items())) if _has_one(value) else ('"', value)
    written = with_newlines(storable(value)).strip() if isinstance(value, str) else ""
    return (written, f"{storable(name)} …") if written else None


def _has_one(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _without_end(text: str) -> tuple[str, str] | None:
    """How long it is, in a last paragraph, or what else could be done, below a rule."""
    before, _, last = text.rpartition("\n")
    if before.strip() and len(last) <= REMARK_LONGEST and _COUNT.fullmatch(last):
        return before.strip(), last
    offered = _OFFER_BELOW_A_RULE.fullmatch(text)
    if offered is None or not offered[1].strip() or not _CHANGES.search(offered[2]):
        return None
    return offered[1].strip(), offered[2]


def _without_quotes(text: str) -> tuple[str, str] | None:
    for opening, closing in _QUOTES:
        inner = text[len(opening) : -len(closing)]
        is_around = text.startswith(opening) and text.endswith(closing) and inner.strip()
        if is_around and opening not in inner and closing not in inner:
            return inner.strip(), f"{opening} … {closing}"
    return None


_STEPS = (
    _without_remark,
    _without_remark_before_quotes,
    _without_thinking_aloud,
    _without_fence,
    _without_tags,
    _without_rules,
    _without_json,
    _without_quotes,
    _without_end,
)
_STEPS_OF_A_REST = (_without_remark, _without_fence, _without_end)
