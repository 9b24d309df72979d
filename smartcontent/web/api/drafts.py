"""/api/v1/contents/ID/drafts: more drafts, which one is current, and what is different in them."""

from dataclasses import asdict, replace
from typing import Any

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from smartcontent.briefs.task import PASSAGE_LONGEST, Deed, Passage, Task
from smartcontent.contents import as_json, checking, dismissing, refining, versions
from smartcontent.models import Content, Draft
from smartcontent.texts.by_sentence import Rewrite, mixed
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call, not_accepted
from smartcontent.web.api.draft_fields import COMPARED, CURRENT, DISMISSED, NEW_DRAFTS, SENTENCES
from smartcontent.web.api.idempotency import HEADER, KEY, key_of_request
from smartcontent.web.problems import Problem
from smartcontent.web.rendering import compared
from smartcontent.web.threads import few_at_once

bp = protected("drafts")

_NUMBER = "<int(max=2147483647):number>"
_KEYED: dict[str, Any] = {"headers": {HEADER: KEY}}
_NOTHING_TO_MAKE_IT_OF = {409: "There is nothing it could be made of."}


@bp.post("/contents/<uuid:content_id>/drafts")
@call(
    schemas.ASKED_FOR,
    202,
    also={201: schemas.DRAFT},
    body=NEW_DRAFTS,
    refusals=_NOTHING_TO_MAKE_IT_OF,
    **_KEYED,
)
def create(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Ask for another draft, for several, for one made of another; or keep an edited text.

    `{}` or `variants` asks for drafts of the brief, `refine` and `continue` for one made of the
    draft `from`, the current one by default; the current draft stays what it is, unless it has
    ended without a text. `text` is kept at once (201).
    """
    _check_together(sent)
    if "text" in sent:
        return _edited(content, sent)
    try:
        drafts = _asked_for(content, sent)
    except refining.CannotBeMade as error:
        raise _conflict(content, str(error)) from error
    return {"drafts": [representation.asked(draft) for draft in drafts]}, 202


@bp.put("/contents/<uuid:content_id>/current")
@call(
    schemas.CONTENT,
    body=CURRENT,
    refusals={409: "A draft is on its way, or this one has no whole text."},
)
def make_current(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Make a draft the current one; the others stay."""
    number = _own_draft(content, sent["number"]).number
    if number != content.current_number and not versions.make_current(content, number):
        raise _conflict(content, "A draft is on its way, or this one has no whole text.")
    return representation.whole(content)


@bp.delete(f"/contents/<uuid:content_id>/drafts/{_NUMBER}")
@call(None, 204, refusals={409: "It is the current draft."})
def delete(content: Content, number: int) -> ResponseReturnValue:
    """Delete a draft for good, but never the current one."""
    _own_draft(content, number)
    if not versions.remove(content, number):
        raise _conflict(content, "The current draft cannot be deleted: make another current first.")
    return "", 204


@bp.post(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/accept")
@call(
    schemas.CONTENT,
    query=SENTENCES,
    refusals={409: refining.CANNOT_BE_ACCEPTED},
)
def accept(content: Content, number: int, asked: dict[str, str]) -> ResponseReturnValue:
    """Take a suggestion over into the current text, also where that was changed meanwhile.

    With `sentences` only those of its rewritten sentences.
    """
    _own_draft(content, number)
    instead = None
    if "sentences" in asked:
        numbers = {int(each) for each in asked["sentences"].split(",")}
        instead = mixed(_rewrites(content, number), numbers)
    if not refining.accept(content, number, instead):
        raise _conflict(content, refining.CANNOT_BE_ACCEPTED)
    return representation.whole(content)


@bp.get(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/sentences")
@call(schemas.SENTENCES, refusals={409: "It is no rewritten text, or its source is gone."})
def sentences(content: Content, number: int) -> ResponseReturnValue:
    """Tell what a suggestion makes of each sentence, for some of them to be accepted."""
    _own_draft(content, number)
    rewrites = enumerate(_rewrites(content, number), 1)
    return {
        "sentences": [
            {"number": place, "before": each.before.text, "after": each.after.text}
            for place, each in rewrites
        ]
    }


@bp.post(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/another")
@call(schemas.ASKED, 202, refusals=_NOTHING_TO_MAKE_IT_OF, **_KEYED)
def another(content: Content, number: int) -> ResponseReturnValue:
    """Have the same text or passage rewritten in the same way once more.

    The last five of such are kept, and the current draft.
    """
    _own_draft(content, number)
    try:
        [draft] = refining.another(content, number, key_of_request())
    except refining.CannotBeMade as error:
        raise _conflict(content, str(error)) from error
    return representation.asked(draft), 202


@bp.post(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/reproduce")
@call(schemas.ASKED, 202, refusals=_NOTHING_TO_MAKE_IT_OF, **_KEYED)
def reproduce(content: Content, number: int) -> ResponseReturnValue:
    """Write a draft once more, with the same model, messages, options and seed.

    When it has ended, its `reproduces` says whether they are the same.
    """
    _own_draft(content, number)
    try:
        [draft] = refining.ask_for(content, Task(Deed.REPRODUCE, number), key=key_of_request())
    except refining.CannotBeMade as error:
        raise _conflict(content, str(error)) from error
    return representation.asked(draft), 202


@bp.get("/contents/<uuid:content_id>/diff")
@call(schemas.DIFF, query=COMPARED)
def diff(content: Content, asked: dict[str, str]) -> ResponseReturnValue:
    """Tell what is different in two drafts, word by word, and in their briefs."""
    first, second = (_draft_named(content, name, int(asked[name])) for name in COMPARED)
    pieces = compared(checking.changes, first.text, second.text)
    return {
        "text": [asdict(piece) for piece in pieces],
        "brief": checking.changes_of_brief(first, second),
    }


@bp.get(f"/contents/<uuid:content_id>/drafts/{_NUMBER}/quality")
@call(schemas.QUALITY, refusals={422: "Its text has something that the check breaks at."})
def quality(content: Content, number: int) -> ResponseReturnValue:
    """Hold a draft's text against its brief, without a model."""
    draft = _own_draft(content, number)
    card = few_at_once(checking.quality_if_any, draft.text, checking.asked_for(draft))
    if card is None:
        raise Problem(422, "The text has something that the check breaks at: the log says what.")
    shown, dismissed = dismissing.without_dismissed(card.findings, content.id)
    return {**replace(card, findings=shown).as_json(), "dismissed": dismissed}


@bp.post("/contents/<uuid:content_id>/dismissed")
@call(None, 204, body=DISMISSED, refusals={409: "So many of a content are kept, and no more."})
def dismiss(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Dismiss a finding for good, in all drafts of the content."""
    if not dismissing.dismiss(content, sent["key"]):
        raise Problem(409, f"{dismissing.MOST} findings are dismissed: show them again first.")
    return "", 204


@bp.delete("/contents/<uuid:content_id>/dismissed")
@call(None, 204)
def show_again(content: Content) -> ResponseReturnValue:
    """Show all findings of a content again."""
    dismissing.show_again(content)
    return "", 204


def _rewrites(content: Content, number: int) -> list[Rewrite]:
    texts = refining.rewritten(content, number)
    if texts is None:
        raise _conflict(content, f"Version {number} is no rewritten text, or its source is gone.")
    found: list[Rewrite] = compared(checking.sentences, *texts)
    return found


def _own_draft(content: Content, number: int) -> Draft:
    draft = content.version(number)
    if draft is None:
        raise NotFound
    return draft


def _draft_named(content: Content, name: str, number: int) -> Draft:
    """The draft whose number is in a field."""
    draft = content.version(number)
    if draft is None:
        raise not_accepted(
            {name: [f"{name.capitalize()} must be the number of one of the drafts."]}
        )
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
    number = sent.get("from") or refining.number_meant(content, key)
    return refining.ask_for(content, _task(content, sent, number), delay, key)


def _task(content: Content, sent: dict[str, Any], number: int) -> Task:
    source = _draft_named(content, "from", number)
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
        return Passage.to_rewrite(source.text, sent["start"], sent["end"])
    except ValueError as error:
        sentence = (
            "Passage must lie in the text of that draft, from start to before end, and have at "
            f"most {PASSAGE_LONGEST:,} characters."
        )
        raise not_accepted({"passage": [sentence]}) from error


def _check_together(sent: dict[str, Any]) -> None:
    """Refuse what cannot be meant together."""
    errors = {
        name: [NEW_DRAFTS[name].says]  # type: ignore[attr-defined]
        for name, how in (("language", "translate"), ("instruction", "custom"))
        if (name in sent) != (sent.get("refine") == how)
    }
    kinds = [name for name in ("text", "refine", "continue", "variants") if name in sent]
    if len(kinds) > 1:
        sentence = f"{kinds[1].capitalize()} cannot come with {kinds[0]}: send one of them."
        errors[kinds[1]] = [sentence]
    if errors:
        raise not_accepted(errors)


def _conflict(content: Content, sentence: str) -> Problem:
    return Problem(409, sentence, more={"current": content.current_number})
