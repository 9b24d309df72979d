"""/api/v1/contents/ID/drafts: more drafts, which one is current, and what is different in them."""

import re
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.briefs.task import INSTRUCTION_LONGEST, REFINEMENTS, Deed, Passage, Task
from smartcontent.contents import as_json, checking, refining, versions
from smartcontent.models import Content, Draft
from smartcontent.web.api import representation
from smartcontent.web.api.access import own_content, protected
from smartcontent.web.api.body import json_object
from smartcontent.web.api.idempotency import key_of_request
from smartcontent.web.problems import Errors, Problem
from smartcontent.web.threads import few_at_once

bp = protected("drafts")

TEXT_LONGEST = 100_000
DELAY_LONGEST = 30 * 24 * 3600
NUMBER_LARGEST = 2**31 - 1
_NUMBER = "<int(max=2147483647):number>"


@bp.post("/contents/<uuid:content_id>/drafts")
def create(content_id: UUID) -> ResponseReturnValue:
    """Ask for another draft, for several, for one made of another; or keep an edited text."""
    content, sent = own_content(content_id), _without_nulls(json_object())
    _check(sent, content)
    if "text" in sent:
        return _edited(content, sent)
    try:
        drafts = _asked_for(content, sent)
    except refining.CannotBeMade as error:
        raise _conflict(content, str(error)) from error
    return {"drafts": [representation.asked(draft) for draft in drafts]}, 202


@bp.put("/contents/<uuid:content_id>/current")
def make_current(content_id: UUID) -> ResponseReturnValue:
    """Make a draft the current one; the others stay."""
    content, sent = own_content(content_id), json_object()
    if not _is_number(sent.get("number"), 1, NUMBER_LARGEST):
        raise _wrong({"number": ["Number must be that of one of the drafts."]})
    if content.version(sent["number"]) is None:
        raise NotFound
    if sent["number"] != content.current_number and not versions.make_current(
        content, sent["number"]
    ):
        raise _conflict(content, "A draft is on its way, or this one has no whole text.")
    return representation.whole(content)


@bp.delete(f"/contents/<uuid:content_id>/drafts/{_NUMBER}")
def delete(content_id: UUID, number: int) -> ResponseReturnValue:
    """Delete a draft for good, but never the current one."""
    content = own_content(content_id)
    if content.version(number) is None:
        raise NotFound
    if not versions.remove(content, number):
        raise _conflict(content, "The current draft cannot be deleted: make another current first.")
    return "", 204


@bp.post(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/accept")
def accept(content_id: UUID, number: int) -> ResponseReturnValue:
    """Take a suggestion over into the current text, also where that was changed meanwhile."""
    content = own_content(content_id)
    if content.version(number) is None:
        raise NotFound
    if not refining.accept(content, number):
        raise _conflict(content, "It cannot be placed: its passage is not in the text any more.")
    return representation.whole(content)


@bp.post(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/reproduce")
def reproduce(content_id: UUID, number: int) -> ResponseReturnValue:
    """Write a draft once more, with the same model, messages, options and seed."""
    content = own_content(content_id)
    if content.version(number) is None:
        raise NotFound
    try:
        [draft] = refining.ask_for(content, Task(Deed.REPRODUCE, number), key=key_of_request())
    except refining.CannotBeMade as error:
        raise _conflict(content, str(error)) from error
    return representation.asked(draft), 202


@bp.get("/contents/<uuid:content_id>/diff")
def diff(content_id: UUID) -> ResponseReturnValue:
    """What is different in two drafts, and in their briefs."""
    content = own_content(content_id)
    first, second = (_draft_named(content, name) for name in ("from", "to"))
    pieces = few_at_once(checking.changes, first.text, second.text)
    return {
        "text": [asdict(piece) for piece in pieces],
        "brief": checking.changes_of_brief(first, second),
    }


@bp.get(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/quality")
def quality(content_id: UUID, number: int) -> ResponseReturnValue:
    """A draft's text held against its brief, without a model."""
    draft = own_content(content_id).version(number)
    if draft is None:
        raise NotFound
    card = few_at_once(checking.quality, draft.text, checking.asked_for(draft))
    shown: dict[str, Any] = card.as_json()
    return shown


def _draft_named(content: Content, name: str) -> Draft:
    """The draft whose number is in a parameter."""
    written = request.args.get(name, "")
    number = int(written) if re.fullmatch("[1-9][0-9]{0,9}", written) else 0
    draft = content.version(number) if 0 < number <= NUMBER_LARGEST else None
    if draft is None:
        raise _wrong({name: [f"{name.capitalize()} must be the number of one of the drafts."]})
    return draft


def _edited(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    base = sent.get("base")
    draft = versions.save_edit(content, content.title, sent["text"], key_of_request(), base)
    if draft is None:
        raise _conflict(content, "The current draft is another one by now, or is being written.")
    return as_json.draft_whole(draft), 201


def _asked_for(content: Content, sent: dict[str, Any]) -> list[Draft]:
    delay, key = sent.get("delay_seconds", 0), key_of_request()
    if "refine" not in sent and "continue" not in sent:
        return refining.ask_for_variants(content, sent.get("variants", 1), delay, key)
    return refining.ask_for(content, _task(content, sent), delay, key)


def _task(content: Content, sent: dict[str, Any]) -> Task:
    number = sent.get("from", content.current_number)
    source = content.version(number)
    if source is None:
        raise _wrong({"from": ["From must be the number of one of the drafts."]})
    if "continue" in sent:
        return Task(Deed.CONTINUE, number)
    return Task(
        Deed.REFINE,
        number,
        how=sent["refine"],
        language=sent.get("language", ""),
        instruction=sent.get("instruction", ""),
        passage=_passage(source, sent.get("passage")),
    )


def _passage(source: Draft, sent: dict[str, Any] | None) -> Passage | None:
    if sent is None:
        return None
    try:
        return Passage.of(source.text, sent["start"], sent["end"])
    except ValueError as error:
        sentence = "Passage must lie in the text of that draft, from start to before end."
        raise _wrong({"passage": [sentence]}) from error


def _check(sent: dict[str, Any], content: Content) -> None:
    """Refuse what cannot be meant, each field with its sentence."""
    rules: dict[str, tuple[bool, str]] = {
        "variants": (
            _is_number(sent.get("variants", 1), 1, refining.VARIANTS_MOST),
            f"Variants must be a whole number from 1 to {refining.VARIANTS_MOST}.",
        ),
        "refine": (
            sent.get("refine", "shorter") in tuple(REFINEMENTS),
            f"Refine must be one of {', '.join(REFINEMENTS)}.",
        ),
        "language": (
            sent.get("language", "en") in tuple(LANGUAGES)
            and _comes_with(sent, "language", "translate"),
            f"Language comes with refine translate, and must be one of {', '.join(LANGUAGES)}.",
        ),
        "instruction": (
            _is_text(sent.get("instruction", "x"), INSTRUCTION_LONGEST)
            and _comes_with(sent, "instruction", "custom"),
            "Instruction comes with refine custom: a text of at most "
            f"{INSTRUCTION_LONGEST:,} characters.",
        ),
        "from": (
            _is_number(sent.get("from", 1), 1, NUMBER_LARGEST),
            "From must be the number of one of the drafts.",
        ),
        "continue": (sent.get("continue", True) is True, "Continue must be true."),
        "passage": (
            _is_span(sent.get("passage", {"start": 0, "end": 1})),
            "Passage must have start and end, whole numbers of characters.",
        ),
        "text": (
            _is_text(sent.get("text", "x"), TEXT_LONGEST),
            f"Text must be a text of 1 to {TEXT_LONGEST:,} characters, without NUL.",
        ),
        "base": (
            _is_number(sent.get("base", 1), 1, NUMBER_LARGEST),
            "Base must be the number of the draft that was edited.",
        ),
        "delay_seconds": (
            _is_number(sent.get("delay_seconds", 0), 0, DELAY_LONGEST, (int, float)),
            f"Delay_seconds must be a number from 0 to {DELAY_LONGEST}, which is 30 days.",
        ),
    }
    errors = {name: [sentence] for name, (is_right, sentence) in rules.items() if not is_right}
    kinds = [name for name in ("text", "refine", "continue", "variants") if name in sent]
    if len(kinds) > 1:
        errors[kinds[1]] = [
            f"{kinds[1].capitalize()} cannot come with {kinds[0]}: send one of them."
        ]
    if errors:
        raise _wrong(errors)


def _comes_with(sent: dict[str, Any], name: str, how: str) -> bool:
    """That one is there if and only if the other is."""
    return (name in sent) == (sent.get("refine") == how)


def _is_number(value: object, least: float, most: float, kinds: tuple[type, ...] = (int,)) -> bool:
    return type(value) in kinds and least <= value <= most  # type: ignore[operator]


def _is_text(value: object, longest: int) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= longest
        and "\0" not in value
        and any(sign.isprintable() and not sign.isspace() for sign in value)
    )


def _is_span(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_number(value.get(name), 0, NUMBER_LARGEST) for name in ("start", "end")
    )


def _without_nulls(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if value is not None}


def _wrong(errors: Errors) -> Problem:
    return Problem(422, f"Not accepted: see errors ({', '.join(errors)}).", errors)


def _conflict(content: Content, sentence: str) -> Problem:
    return Problem(409, sentence, more={"current": content.current_number})
