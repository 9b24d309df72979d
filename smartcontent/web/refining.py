"""More drafts from the page: rewritten, continued, variants; suggestions taken over or let go."""

import re
from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.exceptions import BadRequest, NotFound
from wtforms import Form, IntegerField, StringField, ValidationError
from wtforms.fields import Field
from wtforms.validators import Optional

from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.briefs.task import (
    INSTRUCTION_LONGEST,
    MEND_LONGEST,
    PASSAGE_LONGEST,
    REFINEMENTS,
    Deed,
    Passage,
    Task,
)
from smartcontent.briefs.wishes import boldness_of
from smartcontent.contents import checking, dismissing, refining, suggestions, versions
from smartcontent.contents.unsaved import unsaved
from smartcontent.fields import with_plain_line_ends
from smartcontent.models import Content, Draft
from smartcontent.texts.by_sentence import Rewrite, mixed
from smartcontent.texts.quality.card import Card
from smartcontent.texts.quality.finding import KEY_LENGTH
from smartcontent.web import errors
from smartcontent.web.contents import made_room, own_content, refuse, said_of
from smartcontent.web.model_choice import VariantsForm
from smartcontent.web.once import key_sent
from smartcontent.web.rendering import AT_ONCE, compared
from smartcontent.web.threads import few_at_once

bp = Blueprint("refining", __name__)

LARGEST = 2**31 - 1
# Beside a text, of which people made as many as they like.
BESIDE_MOST = 12
BESIDE_LONGEST = 200_000  # characters, of all of them
_NUMBER = "<int(max=2147483647):number>"


def init_app(app: Flask) -> None:
    """Give templates what they show of drafts."""
    app.jinja_env.globals["refinements"] = REFINEMENTS
    app.add_template_global(quality_of)
    app.add_template_global(beside)
    app.add_template_global(dismissing.without_dismissed)
    app.add_template_global(unsaved)
    app.add_template_global(refining.can_be_continued)
    app.add_template_global(refining.can_be_used)
    app.add_template_global(versions.can_be_current)
    app.add_template_global(checking.changes_of_brief)
    app.add_template_filter(made_how)


def _between(least: int) -> Callable[[Form, Field], None]:
    """Refuse any other number: WTForms' own check breaks at one of hundreds of digits."""

    def check(form: Form, field: Field) -> None:
        if field.data is None or not least <= field.data <= LARGEST:
            raise ValidationError(f"A number must be from {least} to {LARGEST:,}.")

    return check


class RefineForm(Form):
    """How a text, or a passage of it, is to be rewritten."""

    how = StringField(default="custom")
    language = StringField()
    instruction = StringField(filters=[lambda text: with_plain_line_ends(text or "").strip()])
    number = IntegerField(validators=[Optional(), _between(1)])
    start = IntegerField(validators=[Optional(), _between(0)])
    end = IntegerField(validators=[Optional(), _between(0)])

    def validate_how(self, field: StringField) -> None:
        if field.data not in tuple(REFINEMENTS):
            raise ValidationError("Choose what is to be done with the text.")
        if field.data == "translate" and self.language.data not in tuple(LANGUAGES):
            raise ValidationError("Choose the language it is to be translated into.")
        wish, mend = self.instruction.data or "", self._mend
        if field.data == "custom" and not wish and not mend:
            raise ValidationError(
                "Tick what is to be mended."
                if self._is_of_findings
                else "Say in your own words what is to be changed."
            )
        if len(wish) > INSTRUCTION_LONGEST or "\0" in wish + mend:
            raise ValidationError(f"Say it in at most {INSTRUCTION_LONGEST:,} characters.")
        if len(mend) > MEND_LONGEST:
            raise ValidationError("That is too much at once: tick fewer findings.")

    @property
    def refusal(self) -> tuple[str, str, str]:
        """The field it is refused at, why, and what was typed."""
        why = " ".join(str(each[0]) for each in self.errors.values())
        field = "mend" if self._is_of_findings else "instruction"
        return field, why, self.instruction.data or ""

    @property
    def _is_of_findings(self) -> bool:
        return self.how.data == "custom" and "instruction" not in request.form

    @property
    def _mend(self) -> str:
        """The findings that were chosen, each with its remedy."""
        return "\n".join(filter(None, request.form.getlist("mend")))

    def task(self, content: Content) -> Task:
        """What was asked for.

        Raises:
            ValueError: the text has no such passage.
        """
        number = self.number.data or content.current_number
        is_custom, is_translated = self.how.data == "custom", self.how.data == "translate"
        return Task(
            Deed.REFINE,
            number,
            how=self.how.data or "",
            language=(self.language.data or "") if is_translated else "",
            instruction=(self.instruction.data or "") if is_custom else "",
            mend=self._mend if is_custom else "",
            passage=self._passage(content.version(number)),
        )

    def _passage(self, source: Draft | None) -> Passage | None:
        if self.start.data is None or self.end.data is None or source is None:
            return None
        return Passage.to_rewrite(source.text, self.start.data, self.end.data)


@bp.post("/contents/<uuid:content_id>/refine")
@login_required
def refine(content_id: UUID) -> ResponseReturnValue:
    """Have the text rewritten, as a suggestion beside it."""
    content, form = own_content(content_id), RefineForm(request.form)
    if not form.validate():
        of_passage = form.start.data is not None  # which is marked in the editor
        return _not_meant(form) if of_passage else refuse(content, *form.refusal)
    try:
        task = form.task(content)
    except ValueError:
        return errors.answer(
            422, f"Mark a passage of the text first, of at most {PASSAGE_LONGEST:,} characters."
        )
    return _asked(content, task, "is rewritten; what comes of it stands beside the text.")


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/continue")
@login_required
def go_on(content_id: UUID, number: int) -> ResponseReturnValue:
    """Have a text that broke off continued."""
    return _asked(own_content(content_id), Task(Deed.CONTINUE, number), "is continued.")


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/reproduce")
@login_required
def reproduce(content_id: UUID, number: int) -> ResponseReturnValue:
    """Have a text written once more, to see whether the same comes out."""
    task = Task(Deed.REPRODUCE, number)
    return _asked(own_content(content_id), task, "is written once more.")


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/another")
@login_required
def another(content_id: UUID, number: int) -> ResponseReturnValue:
    """Have the same rewritten once more, beside what came of it before."""
    content = own_content(content_id)
    try:
        made = refining.another(content, number, key_sent())
    except refining.CannotBeMade as error:
        return errors.answer(409, str(error))
    done = "is rewritten once more; what comes of it stands beside the text."
    return _back(content, done, made_room(made[0]))


@bp.post("/contents/<uuid:content_id>/variants")
@login_required
def variants(content_id: UUID) -> ResponseReturnValue:
    """Have more texts written from the same brief, beside each other."""
    content, form = own_content(content_id), VariantsForm(request.form)
    if not form.validate():
        return _not_meant(form)
    try:
        made = refining.ask_for_variants(content, form.wanted, key=key_sent())
    except refining.CannotBeMade as error:
        return errors.answer(409, str(error))
    return _back(content, "has more texts on their way, beside this one.", made_room(made[0]))


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/accept")
@login_required
def accept(content_id: UUID, number: int) -> ResponseReturnValue:
    """Take a suggestion over, or those of its sentences that are ticked.

    The text it replaces stays among the versions.
    """
    content, instead = own_content(content_id), None
    if "by_sentence" in request.form:
        ticked = set(request.form.getlist("sentence", type=int))
        if not ticked:
            return errors.answer(422, "Tick at least one sentence to take over.")
        instead = mixed(_sentences(content, number), ticked)
    if not refining.accept(content, number, instead):
        return errors.answer(
            409,
            f"{refining.CANNOT_BE_ACCEPTED} Nothing was changed; its text stays among the "
            "versions.",
        )
    return _back(content, "has the suggested text now; the one before is among the versions.")


@bp.get(f"/contents/<uuid:content_id>/versions/{_NUMBER}/sentences")
@login_required
def sentences(content_id: UUID, number: int) -> str:
    """A suggestion sentence by sentence, to tick those that are to be taken over."""
    content = own_content(content_id)
    rewrites, draft = _sentences(content, number), content.version(number)
    task = Task.read(draft.task) if draft else None
    return render_template(
        "contents/sentences.html",
        content=content,
        draft=draft,
        source=(content.version(task.number) if task else None) or draft,
        rewrites=rewrites,
    )


def _sentences(content: Content, number: int) -> list[Rewrite]:
    texts = refining.rewritten(content, number)
    if texts is None:
        raise NotFound
    found: list[Rewrite] = compared(checking.sentences, *texts)
    return found


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/stop")
@login_required
def stop(content_id: UUID, number: int) -> ResponseReturnValue:
    """Stop a version beside the text; what had come of it stands among the versions."""
    content = own_content(content_id)
    if not versions.stop(content, number):
        return errors.answer(409, "It had already ended. Reload the page to see how.")
    if content.version(number):
        return _back(content, f"keeps what had come of version {number}, among its versions.")
    return _back(content, f"has no version {number} any more.")


@bp.post(f"/contents/<uuid:content_id>/versions/{_NUMBER}/delete")
@login_required
def delete(content_id: UUID, number: int) -> ResponseReturnValue:
    """Delete a version for good."""
    content = own_content(content_id)
    if not versions.remove(content, number):
        return errors.answer(409, "The version that is shown cannot be deleted.")
    return _back(content, f"has no version {number} any more.")


@bp.post("/contents/<uuid:content_id>/dismiss")
@login_required
def dismiss(content_id: UUID) -> ResponseReturnValue:
    """Show a finding no more, in no version of the text; or all of them again."""
    content, key = own_content(content_id), request.form.get("dismiss", "")
    if key == "none":
        dismissing.show_again(content)
        return _back(content, "shows all its findings again.")
    if not re.fullmatch(f"[0-9a-f]{{{KEY_LENGTH}}}", key):
        raise BadRequest
    if not dismissing.dismiss(content, key):
        return errors.answer(409, "Too many are dismissed: show them again first.")
    return _back(content, "has one finding less, for good.")


@bp.get(f"/contents/<uuid:content_id>/versions/{_NUMBER}/beside")
@login_required
def suggestion(content_id: UUID, number: int) -> ResponseReturnValue:
    """A draft as it looks beside the text, when its status has changed."""
    content = own_content(content_id)
    draft = content.version(number)
    if draft is None or not suggestions.is_suggestion(content, draft):
        return "", 204
    return render_template("contents/_suggestion.html", content=content, other=draft)


@bp.get("/contents/<uuid:content_id>/compare")
@login_required
def compare(content_id: UUID) -> str:
    """Two versions held against each other, and their briefs."""
    content = own_content(content_id)
    first, second = _version(content, "from"), _version(content, "to")
    return render_template(
        "contents/compare.html",
        content=content,
        first=first,
        second=second,
        pieces=compared(checking.changes, first.text, second.text),
        brief=checking.changes_of_brief(first, second),
    )


def _version(content: Content, name: str) -> Draft:
    number = request.args.get(name, type=int) or content.current_number
    version = content.version(number)
    if version is None:
        raise NotFound
    return version


def _not_meant(form: Form) -> ResponseReturnValue:
    return errors.answer(422, " ".join(str(each[0]) for each in form.errors.values()))


def _asked(content: Content, task: Task, what: str) -> ResponseReturnValue:
    try:
        made = refining.ask_for(content, task, key=key_sent())
    except refining.CannotBeMade as error:
        return errors.answer(409, str(error))
    return _back(content, what, made_room(made[0]))


def _back(content: Content, what: str, more: str = "") -> ResponseReturnValue:
    flash(said_of(content, what) + more, "said")
    sent = request.form.get("key")
    return redirect(url_for("contents.show", content_id=content.id, sent=sent), 303)


def quality_of(draft: Draft) -> Card | None:
    """The quality card of a draft; a long text, or brief, is looked at beside the event loop.

    None where a rule breaks at what somebody has typed: the text is to be seen all the same.
    """
    asked = checking.asked_for(draft)
    if len(draft.text) + sum(map(len, asked.texts)) <= AT_ONCE:
        return checking.quality_if_any(draft.text, asked)
    found: Card | None = few_at_once(checking.quality_if_any, draft.text, asked)
    return found


def beside(content: Content, versions: Sequence[Draft]) -> tuple[list[Draft], int]:
    """Those of the versions to be seen beside the current one: what is new, or may still be used.

    As many of the newest as one page has room for; and how many more there may be.
    """
    found = suggestions.suggestions(content, versions)
    seen = list[Draft]()
    room = BESIDE_LONGEST
    for place, draft in enumerate(found[:BESIDE_MOST]):
        if not suggestions.is_of_use(draft, content.current):
            continue
        room -= len(draft.text)
        if room < 0 and seen:  # no text is read behind the first that has no room
            return seen[::-1], len(found[place:])
        seen.append(draft)
    return seen[::-1], len(found[BESIDE_MOST:])


def _differs_by(draft: Draft) -> list[str]:
    """In what it differs from others of the same brief, in a word."""
    wishes = draft.wishes or {}
    words = [f"by {wishes['model']}"] if "model" in wishes else []
    if "temperature" in wishes:
        words.append(boldness_of(wishes["temperature"]))
    return words or [f"seed {wishes['seed']}" for _ in wishes]


def made_how(draft: Draft) -> str:
    """How a draft came about, in words."""
    made = draft.made
    if draft.origin == "edited":
        return "edited by hand"
    if made["do"] is None:
        return ", ".join(["from the brief", *_differs_by(draft)])
    if made["do"] == Deed.REPRODUCE:
        return f"version {made['number']} once more"
    if made["do"] == Deed.CONTINUE:
        return f"version {made['number']}, continued"
    label = REFINEMENTS[made["how"]][0].lower()
    if made["language"]:
        label += f" ({LANGUAGES[made['language']].name})"
    return f"version {made['number']}{', a passage' if made['passage_end'] else ''}: {label}"
