"""The dashboard: write a brief, follow its drafts, read, edit, find and delete."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.contents import ending, submitting, versions
from smartcontent.contents.emptying import goes_at
from smartcontent.contents.filters import FILTERS, filters_in
from smartcontent.contents.quotas import OverQuota
from smartcontent.extensions import login
from smartcontent.models import Batch, Content, Draft, Series
from smartcontent.models.listing import (
    Q_LONGEST,
    Filters,
    Page,
    count_contents,
    list_contents,
    list_trash,
    names_of,
)
from smartcontent.models.search_index import LOOKED_INTO
from smartcontent.stores.sql import only_read_from_here
from smartcontent.web import errors
from smartcontent.web.auth import is_new
from smartcontent.web.brief_forms import BriefForms, content_named
from smartcontent.web.due_time import DueTimeForm
from smartcontent.web.once import key_sent
from smartcontent.web.safety import query_of_page
from smartcontent.web.search_results import passages_of

bp = Blueprint("contents", __name__)

# Names in the address of a dashboard: by them kept.js knows what is typed into its form again.
FILLED_WITH = ("example", "again")


def own_content(content_id: UUID, to_change: bool = False) -> Content:
    """The signed-in user's content; 404 also where it is somebody else's.

    Nobody else changes one that is `to_change` until this transaction ends.
    """
    find = Content.find_to_change if to_change else Content.find
    content = find(current_user.id, content_id)
    if content is None:
        raise NotFound
    return content


@bp.app_template_global()
def belongings(voices: Sequence[tuple[str, str]]) -> dict[str, Sequence[tuple[object, str]]]:
    """What the list can be narrowed to by its id: the voices, and the last ones of each kind."""
    return {
        "voice": voices,
        "batch": names_of(Batch, current_user.id),
        "series": names_of(Series, current_user.id),
    }


@bp.get("/")
def index() -> ResponseReturnValue:
    """The dashboard; before the first account, the welcome page."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.welcome")) if is_new() else login.unauthorized()
    return dashboard(_forms_to_begin_with(), _due_time_to_begin_with())


@bp.get("/list")
@login_required
def listed() -> str:
    """The list alone, for searching as one types."""
    return render_template("contents/_list.html", **_shown())


@bp.post("/contents")
@login_required
def create() -> ResponseReturnValue:
    """Save the brief and schedule its first draft."""
    forms, due_time = BriefForms.sent(), DueTimeForm(request.form)
    if not all([forms.validate(), due_time.validate()]):
        return dashboard(forms, due_time), 422
    try:
        content = submitting.submit_once(
            current_user.id,
            forms.brief,
            forms.form.title_or_default,
            forms.model.changed({}),
            due_time.due_at,
            key_sent(),
            forms.model.wanted,
            forms.source.content,
        )
    except OverQuota as error:  # what was typed is in the form still
        page = dashboard(forms, due_time, error.description)
        return page, 429, {"Retry-After": str(error.retry_after)}
    flash(said_of(content, "is submitted."), "said")
    return redirect(
        url_for(".index", sent=request.form.get("key"), _anchor=f"content-{content.id}"), 303
    )


@bp.get("/contents/<uuid:content_id>")
@login_required
def show(content_id: UUID) -> str:
    """One content: brief, text and versions."""
    return render_template("contents/show.html", content=own_content(content_id))


@bp.get("/contents/<uuid:content_id>/card")
@login_required
def card(content_id: UUID) -> ResponseReturnValue:
    """The content as it looks in the list, when its status has changed; nothing once deleted.

    In a list of the trash it is the other way round.
    """
    filters = _filters()
    return _fragment(
        "contents/_card.html",
        content_id,
        lambda content: {"filters": filters, "passages": passages_of([content], filters.q)},
        in_trash=filters.trash,
    )


@bp.get("/contents/<uuid:content_id>/view")
@login_required
def view(content_id: UUID) -> ResponseReturnValue:
    """The content as it looks on its page, when its status has changed; nothing once deleted."""
    return _fragment("contents/_view.html", content_id)


@bp.post("/contents/<uuid:content_id>/cancel")
@login_required
def cancel(content_id: UUID) -> ResponseReturnValue:
    """Stop a draft that waits or is being written."""
    content = own_content(content_id)
    if not ending.cancel_all(content):
        return errors.answer(409, "It had already ended. Reload the page to see how.")
    return back(content, "is stopped.")


@bp.post("/contents/<uuid:content_id>/retry")
@login_required
def retry(content_id: UUID) -> ResponseReturnValue:
    """Write another draft, at once."""
    content = own_content(content_id)
    draft = versions.retry(content, key_sent())
    if draft is None:
        return errors.answer(409, "A draft of it is on its way already.")
    if said := made_room(draft):
        flash(f"Another version is on its way.{said}")
    return back(content, "is written anew.")


@bp.post("/contents/<uuid:content_id>/delete")
@login_required
def delete(content_id: UUID) -> ResponseReturnValue:
    """Move to the trash; the next page offers to undo it."""
    content = own_content(content_id)
    ending.discard(content)
    flash(said_of(content, "is in the trash."), f"undo:{content_id}")
    return redirect(list_address(), 303)


@bp.post("/contents/<uuid:content_id>/restore")
@login_required
def restore(content_id: UUID) -> ResponseReturnValue:
    """Undo the deletion."""
    content = ending.restore(current_user.id, content_id)
    if content is None:
        raise NotFound
    return back(content, "is out of the trash.")


@bp.get("/trash")
@login_required
def trash() -> str:
    """What was deleted, to be restored."""
    try:
        items, cursor = list_trash(current_user.id, request.args.get("cursor", ""))
    except ValueError as error:
        raise BadRequest from error
    days = current_app.config["TRASH_DAYS"]
    return render_template(
        "contents/trash.html", items=items, cursor=cursor, trash_days=days, goes_at=goes_at
    )


def _fragment(
    template: str,
    content_id: UUID,
    more: Callable[[Content], dict[str, Any]] = lambda _content: {},
    in_trash: bool = False,
) -> ResponseReturnValue:
    deleted = Content.find_deleted(current_user.id, content_id)
    content = deleted or own_content(content_id)
    # A page that hears of the deletion asks for what is gone: no error, there is nothing to show.
    if bool(deleted) != in_trash:
        return "", 204
    return render_template(template, content=content, **more(content))


def made_room(draft: Draft) -> str:
    """What is added to a message where versions had to go for it, and those asked for with it."""
    numbers = versions.made_room_for(draft)
    if not numbers:
        return ""
    *first, last = map(str, numbers)
    which = f"Versions {', '.join(first)} and {last}" if first else f"Version {last}"
    return f" {which} made room: {versions.VERSIONS_KEPT} are kept."


def said_of(content: Content, what: str) -> Markup:
    """A sentence about a content; its title keeps the direction of its own script."""
    return Markup("“<bdi>{}</bdi>” {}").format(content.title, what)


def refuse(content: Content, field: str, why: str, typed: str = "") -> ResponseReturnValue:
    """The page of a content, where what was typed stands in its field with what is wrong."""
    refused = {"field": field, "why": why, "typed": typed}
    return render_template("contents/show.html", content=content, refused=refused), 422


def back(content: Content, what: str) -> ResponseReturnValue:
    """To the page the button was on, where `what` has become of the content is said.

    Browsers focus what an address names.
    """
    flash(said_of(content, what), "said")
    if request.form.get("from") == "show":
        sent = request.form.get("key")
        return redirect(url_for("contents.show", content_id=content.id, sent=sent), 303)
    return redirect(list_address(_anchor=f"content-{content.id}"), 303)


@bp.app_template_global()
def filled_with() -> dict[str, str]:
    """What the form of a brief is filled with, on this page or on the one a form stood on."""
    known = request.args if request.method != "POST" else query_of_page() | request.args.to_dict()
    return {name: known[name] for name in FILLED_WITH if known.get(name)}


@bp.app_template_global()
def list_address(**asked: Any) -> str:
    """The dashboard where its list is another, and the form of a brief the one it was."""
    return url_for("contents.index", **(asked | filled_with()))


def asked() -> dict[str, str]:
    """What the address asks to be listed, for links to more of the same."""
    sent = {name: request.args.get(name, "") for name in FILTERS}
    sent["q"] = sent["q"].replace("\0", "")[:Q_LONGEST]
    return {name: value for name, value in sent.items() if value}


def _filters() -> Filters:
    return filters_in(asked())


def _page() -> Page:
    try:
        return list_contents(current_user.id, _filters(), request.args.get("cursor", ""))
    except ValueError as error:
        raise BadRequest from error


def dashboard(
    forms: BriefForms,
    due_time: DueTimeForm | None = None,
    refusal: str | None = None,
    filled_as: str = "",
) -> str:
    """The page with a brief's form beside the list; what was filled in for it has a name."""
    only_read_from_here()
    return render_template(
        "contents/index.html",
        **vars(forms),
        due_time=due_time,
        refusal=refusal,
        filled_as=filled_as,
        **_shown(),
    )


def _shown() -> dict[str, Any]:
    """What the list shows, and how much there is of what was looked for."""
    filters, page = _filters(), _page()
    number = _how_many(filters, page)
    known = {"page": page, "filters": filters, "asked": asked(), "found": number}
    passages = passages_of(page.items, filters.q)
    return {**known, "passages": passages, "looked_into": LOOKED_INTO}


def _how_many(filters: Filters, page: Page) -> str:
    if filters == Filters() or not page.items:
        return ""
    is_all = not (page.next_cursor or page.is_partial) and "cursor" not in request.args
    number = len(page.items)
    if not is_all:
        number, is_all = count_contents(current_user.id, filters)
    return f"{number:,} found" if is_all else f"{number:,} or more found"


def _due_time_to_begin_with() -> DueTimeForm | None:
    """The time that was chosen for what has just been taken back."""
    content = to_be_used_again()
    return DueTimeForm.of_undone(content) if content else None


def _forms_to_begin_with() -> BriefForms:
    """The form as the visitor asked for it: an example, or a brief to be used again."""
    if content := to_be_used_again():
        return BriefForms.again(content)
    example = CONTENT_TYPES.get(request.args.get("example", ""))
    choices, voice = Content.last_chosen(current_user.id)
    return BriefForms.begun(example.example if example else choices, voice)


def to_be_used_again() -> Content | None:
    """Any of one's contents, one that was taken back or deleted, too."""
    return content_named(request.args.get("again"))


def say_source_stays(content: Content, what: str) -> None:
    """Say of a content that was made from another that no more than its brief is taken along."""
    if content.material:
        flash(
            f"This was made from a finished text, which {what} does not take along, for it writes"
            " from the brief alone: say in the topic what is needed of it."
        )
