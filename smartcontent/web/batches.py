"""Many texts at once: a table is sent, its columns are said to be fields, its rows looked through
and submitted; then the batch has a page with its progress.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from smartcontent.contents import quotas, templates
from smartcontent.contents.batches import acting, export, rows, submitting, uploads
from smartcontent.contents.batches.rows import BatchRow, Shared
from smartcontent.contents.batches.submitting import Timing, TooFarOff
from smartcontent.contents.quotas import OverQuota
from smartcontent.exports.document import NotInThisFormat
from smartcontent.models import Batch, Content, Draft, KeptVoice
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.batch import NAME_LONGEST
from smartcontent.models.draft import FAILURE
from smartcontent.progress.batches import progress_of
from smartcontent.stores.sql import db, only_read_from_here
from smartcontent.tables.encodings import ENCODINGS
from smartcontent.tables.mapping import guess
from smartcontent.tables.reading import read_table
from smartcontent.tables.table import Table, TableError
from smartcontent.web import errors
from smartcontent.web.downloads import results_as_file
from smartcontent.web.due_time import DueTimeForm
from smartcontent.web.once import key_sent
from smartcontent.web.threads import few_files_at_once, in_portions

bp = Blueprint("batches", __name__)

SHOWN = 20  # batches
ROWS_SHOWN = 100
GOOD_SHOWN = 5
TIME_LONGEST = 40  # characters
EVERY = {
    0: "All at once", 10: "One every 10 seconds", 60: "One every minute",
    300: "One every 5 minutes", 900: "One every 15 minutes", 3600: "One every hour",
    86_400: "One every day",
}  # fmt: skip


class Looked(NamedTuple):
    """What was found of a table: its rows, or the sentence why there are none."""

    rows: list[BatchRow]
    shared: Shared
    refusal: str = ""

    @property
    def mark(self) -> str:
        """What a press of the button counts for: these rows left out, this template and voice."""
        left_out = [row.number for row in self.wrong]
        return f"{crc32(repr((left_out, self.shared)).encode()):x}"

    @property
    def good(self) -> list[BatchRow]:
        return rows.good(self.rows)

    @property
    def wrong(self) -> list[BatchRow]:
        return [row for row in self.rows if row.errors]

    @property
    def shown(self) -> list[BatchRow]:
        """The rows with problems, then a few without."""
        return [*self.wrong[:ROWS_SHOWN], *self.good[:GOOD_SHOWN]]


@bp.get("/batches")
@login_required
def index() -> str:
    """Send a table; find the batches there are."""
    return _index()


@bp.post("/batches")
@login_required
def upload() -> ResponseReturnValue:
    """Take a file, or what was pasted from a spreadsheet."""
    file, pasted = request.files.get("file"), request.form.get("pasted", "")
    has_file = file is not None and file.filename
    data = file.read() if has_file and file else pasted.encode()
    try:
        if not data:
            raise TableError("Choose a file, or paste rows with their headings.")
        headings, kept = few_files_at_once(_read, data, _chosen_encoding() if has_file else "")
    except TableError as error:
        return _index(str(error), pasted), 422
    name = (file.filename or "")[:NAME_LONGEST] if has_file and file else "Pasted table"
    batch = uploads.keep(current_user.id, _printable(name), headings, kept, key_sent(data))
    flash("The table is read. Nothing is submitted yet.")
    return _taken(".table", batch_id=batch.id)


@bp.get("/batches/<uuid:batch_id>/table")
@login_required
def table(batch_id: UUID) -> ResponseReturnValue:
    """Which column is which field, and what is wrong with which row."""
    batch = Batch.find_upload(current_user.id, batch_id)
    if batch is None:
        return redirect(url_for(".show", batch_id=batch_id))
    due_time = DueTimeForm(request.args)  # chosen before the rows were looked at again
    due_time.validate()
    return _table_page(batch, due_time)


@bp.post("/batches/<uuid:batch_id>/table")
@login_required
def submit(batch_id: UUID) -> ResponseReturnValue:
    """Keep the choices; submit the rows if that was pressed and may be."""
    batch = Batch.find_upload(current_user.id, batch_id)
    if batch is None:  # pressed twice
        return _to_what_it_became(batch_id)
    if request.form.get("do") == "discard":
        if not uploads.forget(batch):
            return _to_what_it_became(batch_id)
        flash(Markup("<bdi>{}</bdi> is thrown away.").format(batch.name))
        return _taken(".index")
    mapping = _chosen_mapping(batch, _shared(request.form))
    uploads.note(batch, mapping, request.form, _chosen_distance())
    looked = _looked_at(batch, uploads.table_of(batch))
    if request.form.get("do") == "check" or looked.refusal or not looked.good:
        return _to_table(batch_id)
    if looked.wrong and request.form.get("do") != "leave-out":
        flash("Nothing is submitted: rows have problems. Mend them, or leave these rows out.")
        return _to_table(batch_id)
    if request.form.get("seen") not in (None, looked.mark):  # pages of the version before send none
        flash(
            "Nothing is submitted yet: these choices leave other rows out than were shown, or the"
            " template or voice is another one. Look through the rows again."
        )
        return _to_table(batch_id)
    return _submit(batch, looked)


@bp.get("/batches/<uuid:batch_id>")
@login_required
def show(batch_id: UUID) -> str:
    """A batch: how far it is, and its contents."""
    batch = own_batch(batch_id)
    after = max(0, min(request.args.get("after", 0, type=int), LARGEST_ID))
    contents = _contents(batch, after)
    following = contents[ROWS_SHOWN - 1].batch_row if contents[ROWS_SHOWN:] else None
    return render_template(
        "batches/show.html",
        batch=batch,
        progress=progress_of(batch),
        contents=contents[:ROWS_SHOWN],
        following=following,
    )


@bp.get("/batches/<uuid:batch_id>/progress")
@login_required
def progress(batch_id: UUID) -> str:
    """The progress alone, when it has changed."""
    batch = own_batch(batch_id)
    return render_template("batches/_progress.html", batch=batch, progress=progress_of(batch))


@bp.post("/batches/<uuid:batch_id>/pause")
@login_required
def pause(batch_id: UUID) -> ResponseReturnValue:
    """Hold what has not started."""
    return _do(batch_id, acting.pause, "on hold")


@bp.post("/batches/<uuid:batch_id>/resume")
@login_required
def resume(batch_id: UUID) -> ResponseReturnValue:
    """Let what the pause holds go on; what was put on hold by itself stays so."""
    return _do(batch_id, acting.resume, "go on")


@bp.post("/batches/<uuid:batch_id>/cancel")
@login_required
def cancel(batch_id: UUID) -> ResponseReturnValue:
    """Stop what has not ended."""
    return _do(batch_id, acting.cancel, "cancelled")


@bp.post("/batches/<uuid:batch_id>/retry")
@login_required
def retry(batch_id: UUID) -> ResponseReturnValue:
    """Write another draft of what has failed."""
    return _do(batch_id, acting.retry, "written anew")


@bp.get("/batches/<uuid:batch_id>/export")
@login_required
def download(batch_id: UUID) -> ResponseReturnValue:
    """The results as a file."""
    name = request.args.get("format", "")
    if name not in export.FORMATS:
        raise NotFound
    try:
        return results_as_file(own_batch(batch_id), name)
    except NotInThisFormat as error:
        return errors.answer(409, str(error))


def own_batch(batch_id: UUID) -> Batch:
    """The signed-in user's batch; 404 also where it is somebody else's."""
    batch = Batch.find(current_user.id, batch_id)
    if batch is None:
        raise NotFound
    return batch


def _index(refusal: str = "", pasted: str = "") -> str:
    only_read_from_here()
    own = select(Batch).where(Batch.user_id == current_user.id)
    newest = own.order_by(Batch.created_at.desc()).limit(SHOWN)
    batches = db.session.scalars(newest).all()
    return render_template(
        "batches/index.html",
        encodings=ENCODINGS,
        encoding=_chosen_encoding(),
        kept_most=uploads.KEPT_MOST,
        uploads=[batch for batch in batches if not batch.submitted_at],
        batches=[(batch, progress_of(batch)) for batch in batches if batch.submitted_at],
        refusal=refusal,
        pasted=pasted,
    )


def _to_table(batch_id: UUID) -> ResponseReturnValue:
    """To the rows; a time that was chosen for them goes with the address, as it soon is past."""
    sent = DueTimeForm(request.form).data.items()
    chosen = {name: typed[:TIME_LONGEST] for name, typed in sent if typed}
    return _taken(".table", batch_id=batch_id, **chosen, _anchor="rows")


def _taken(endpoint: str, **values: Any) -> ResponseReturnValue:
    """To a page which says that the form is taken: what the browser's tab kept of it can go."""
    return redirect(url_for(endpoint, **values, sent=request.form.get("key")), 303)


def _to_what_it_became(batch_id: UUID) -> ResponseReturnValue:
    """Of a table that another press, or page, has submitted or thrown away meanwhile."""
    if Batch.find(current_user.id, batch_id) is None:
        return errors.answer(404, "Nothing is submitted: the table is not there any more.")
    flash("It was submitted already. Nothing is submitted twice.")
    return _taken(".show", batch_id=batch_id)


def _table_page(batch: Batch, due_time: DueTimeForm, refusal: str = "", too_far: str = "") -> str:
    only_read_from_here()
    found = uploads.table_of(batch)
    looked = _looked_at(batch, found)
    return render_template(
        "batches/table.html",
        blanks=looked.shared.blanks,
        templates=templates.names(current_user.id),
        voices=[(str(its_id), name) for its_id, name in KeptVoice.names(current_user.id)],
        batch=batch,
        table=found,
        columns={field: heading for heading, field in batch.mapping.items()},
        looked=looked._replace(refusal=refusal or looked.refusal),
        rules=rows.TITLED_BRIEF,
        every=EVERY,
        due_time=due_time,
        too_far=too_far,
    )


def _read(data: bytes, encoding: str) -> tuple[tuple[str, ...], str]:
    """The headings of a table, and all of it as it is kept."""
    found = read_table(data, encoding)
    rows.check_size(found)
    return found.headings, uploads.packed(found)


def _looked_at(batch: Batch, found: Table | None) -> Looked:
    shared = _shared(batch.constants)
    if found is None:
        return Looked([], shared)
    if gone := _gone(batch.constants, shared):
        return Looked([], shared, gone)
    fields = {name: v for name, v in batch.constants.items() if name not in uploads.SHARED}
    known = (*rows.TITLED_BRIEF, *shared.columns)  # the template may be another by now
    mapping = {heading: field for heading, field in batch.mapping.items() if field in known}
    try:
        found_rows = few_files_at_once(rows.of_table, found, mapping, fields, shared)
    except (rows.WrongMapping, rows.WrongConstants) as error:
        return Looked([], shared, str(error))
    return Looked(found_rows, shared)


def _shared(chosen: Mapping[str, str]) -> Shared:
    """The template and the voice that were chosen for all rows, if they are there still."""
    template_id, voice_id = (_id_in(chosen, name) for name in uploads.SHARED)
    voice = KeptVoice.find(current_user.id, voice_id) if voice_id else None
    template = templates.seen_by(current_user.id, template_id) if template_id else None
    return Shared(template, voice.voice if voice else None)


def _gone(chosen: Mapping[str, str], found: Shared) -> str:
    """What of it is not there any more, in a sentence: nothing is written without it unasked."""
    for name, kept in zip(uploads.SHARED, found, strict=True):
        if chosen.get(name) and kept is None:
            what = name.removesuffix("_id")
            return f"The {what} that was chosen is not there any more. Choose another one, or none."
    return ""


def _id_in(chosen: Mapping[str, str], name: str) -> UUID | None:
    try:
        return UUID(chosen.get(name, ""))
    except ValueError:
        return None


def _chosen_mapping(batch: Batch, shared: Shared) -> dict[str, str]:
    """Heading to field; where two fields have one column, the last one has it.

    The columns of blanks that nobody has been asked for yet are guessed.
    """
    fields = (*rows.TITLED_BRIEF, *shared.columns)
    columns = {field: request.form.get(f"column-{field}", "") for field in fields}
    if not any(f"column-{field}" in request.form for field in shared.columns):
        guessed = guess(batch.headings, shared.blanks)
        columns |= {field: h for h, field in guessed.items() if field in shared.columns}
    return {heading: field for field, heading in columns.items() if heading in batch.headings}


def _chosen_encoding() -> str:
    return request.form.get("encoding", "")


def _chosen_distance() -> float:
    every = request.form.get("every_seconds", 0, type=int)
    return float(every if every in EVERY else 0)


def _submit(batch: Batch, looked: Looked) -> ResponseReturnValue:
    due_time = DueTimeForm(request.form)
    if not due_time.validate():
        return _table_page(batch, due_time), 422
    timing = Timing(every_seconds=batch.every_seconds, first=due_time.due_at)
    try:
        timing.check(len(looked.good))
        quotas.check_ahead(current_user.id, len(looked.good))
        portions = submitting.portions(looked.good)
        contents = in_portions(submitting.prepared, current_user.id, portions)
        is_submitted = submitting.submit(batch, contents, timing)
    except TooFarOff as error:
        return _table_page(batch, due_time, too_far=str(error)), 422
    except OverQuota as error:
        if Batch.find_upload(current_user.id, batch.id) is None:  # pressed twice
            return _to_what_it_became(batch.id)
        page = _table_page(batch, due_time, str(error.description))
        return page, 429, {"Retry-After": str(error.retry_after)}
    if not is_submitted:
        return _to_what_it_became(batch.id)
    flash(_said(len(contents), "submitted"))
    return _taken(".show", batch_id=batch.id)


def _contents(batch: Batch, after: int) -> list[Content]:
    light = (Draft.number, Draft.status, *FAILURE)
    query = (
        select(Content)
        .where(Content.batch_id == batch.id, Content.deleted_at.is_(None))
        .where(Content.batch_row > after)
        .order_by(Content.batch_row)
        .limit(ROWS_SHOWN + 1)
        .options(joinedload(Content.current).load_only(*light))
    )
    return list(db.session.scalars(query))


def _do(batch_id: UUID, act: Callable[[Batch], int], what: str) -> ResponseReturnValue:
    number = act(own_batch(batch_id))
    flash("Nothing was left to do." if not number else _said(number, what))
    return redirect(url_for(".show", batch_id=batch_id), 303)


def _said(number: int, what: str) -> str:
    verb = "" if what == "go on" else "is " if number == 1 else "are "
    texts = "1 text" if number == 1 else f"{number:,} texts"
    return f"{texts} {verb}{what}."


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name).strip() or "Table"
