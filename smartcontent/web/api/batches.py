"""/api/v1/batches: many briefs at once, from rows or a table; how far they are; their results."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from smartcontent.briefs.submission import UNTIMED, VOICE_ID
from smartcontent.briefs.template import THROUGH
from smartcontent.briefs.wishes import WISHES
from smartcontent.contents import quotas
from smartcontent.contents.batches import acting, export, rows, submitting
from smartcontent.contents.batches.rows import BatchRow
from smartcontent.contents.batches.submitting import Timing, TooFarOff
from smartcontent.contents.quotas import OverQuota
from smartcontent.exports.document import NotInThisFormat
from smartcontent.fields import Fields, Value, number, one_of, read
from smartcontent.models import Batch
from smartcontent.models.batch import NAME_LONGEST
from smartcontent.progress.batches import progress_of
from smartcontent.stores.sql import db, only_read_from_here
from smartcontent.tables.encodings import ENCODINGS
from smartcontent.tables.mapping import guess
from smartcontent.tables.reading import read_table
from smartcontent.tables.table import MOST_ROWS, Table, TableError
from smartcontent.web.api import schemas
from smartcontent.web.api.access import chosen_voice, protected, user_id
from smartcontent.web.api.call import call
from smartcontent.web.api.idempotency import HEADER, KEY, key_of_request
from smartcontent.web.api.through_template import chosen_template
from smartcontent.web.downloads import results_as_file
from smartcontent.web.problems import Errors, Problem
from smartcontent.web.threads import few_files_at_once, in_portions

bp = protected("batches")

EVERY_LONGEST = 24 * 3600
_TRUE = {"1", "true", "yes"}

TIMING: Fields = {
    "delay_seconds": WISHES["delay_seconds"],
    "every_seconds": number(
        "Every_seconds",
        0,
        EVERY_LONGEST,
        about="How many seconds after the one before it each row is due.",
        usual=0,
        example=10,
    ),
}
BATCH: Fields = {
    "rows": Value(
        label="Rows",
        must='be a list of briefs: [{"topic": …}, …]',
        is_right=lambda value: isinstance(value, list),
        holds={
            "type": "array",
            "maxItems": MOST_ROWS,
            "items": {
                "type": "object",
                "properties": {name: rule.schema() for name, rule in UNTIMED.items()},
                "required": [*rows.NEEDED],
            },
        },
        is_needed=True,
        example=[{"content_type": "product_description", "topic": "A blue teapot"}],
    ),
    "name": Value(
        label="Name",
        must="be text in quotation marks",
        is_right=lambda value: isinstance(value, str),
        holds={"type": "string"},
        about=f"What is longer than {NAME_LONGEST} characters is cut.",
        example="Teapots",
    ),
    "template_id": replace(
        THROUGH["template_id"],
        about="The template of all rows: each says what stands in the blanks, by their names.",
    ),
    "voice_id": VOICE_ID,
    **TIMING,
}
TABLE = {
    "type": "object",
    "properties": {
        "file": schemas.text("CSV or XLSX, of at most 2 MB.", format="binary"),
        "encoding": {
            **schemas.text("What a CSV file was saved in; without it, it is found out."),
            "enum": [*ENCODINGS],
        },
        "mapping": schemas.text(
            "JSON: a column's heading to the field of the brief it holds.", '{"Product": "topic"}'
        ),
        **{name: rule.schema() for name, rule in {**rows.FOR_ALL, **TIMING}.items()},
        "name": schemas.text("Without it, the name of the file."),
        "template_id": schemas.text(
            "The template of all rows; `mapping` says which column is which blank: `{product}`."
        ),
        "voice_id": schemas.text("The voice of all rows."),
    },
    "required": ["file"],
}


def _switch(about: str) -> Value:
    return Value(
        label="This",
        must="be 1 or 0",
        is_right=lambda value: value.casefold() in _TRUE | {"", "0", "false", "no"},
        holds={"type": "integer", "enum": [0, 1]},
        about=about,
    )


HOW: Fields = {
    "check": _switch("With 1, nothing is submitted, only checked."),
    "skip_problems": _switch("With 1, rows with problems are left out."),
}
FILE: Fields = {"format": one_of("format", export.FORMATS, usual="zip")}
_TOO_MANY = {429: "Too many texts within a minute, or too many unfinished drafts."}


class _Asked(NamedTuple):
    """What a request is for: the batch, its rows, and when they are due."""

    name: str
    headings: tuple[str, ...]
    mapping: dict[str, str]
    rows: list[BatchRow]
    timing: Timing


@bp.post("/batches")
@call(
    schemas.BATCH_ACCEPTED,
    202,
    body=BATCH,
    form=TABLE,
    query=HOW,
    headers={HEADER: KEY},
    answered_headers={
        "Location": "The batch's address.",
        "Idempotency-Replayed": "`true` where the key was used before: nothing new was made.",
    },
    also={200: schemas.BATCH_ACCEPTED},
    refusals={404: "There is no such template or voice, or it is not for you.", **_TOO_MANY},
)
def create(sent: dict[str, Any], asked: dict[str, str]) -> ResponseReturnValue:
    """Submit a brief for each row: all of them, or none where a row is wrong."""
    is_check = asked.get("check", "").casefold() in _TRUE
    key = None if is_check else key_of_request()
    digest = _digest(sent) if key else None
    if known := _sent_before(key, digest):
        return _accepted(known, _told_again(known, sent), is_replay=True)
    batch = _asked_in(sent)
    good, problems = rows.good(batch.rows), rows.problems(batch.rows)
    told = {"total": len(batch.rows), "accepted": len(good), "problems": problems}
    if is_check:
        return {"id": None, **told}
    if not good or (problems and asked.get("skip_problems", "").casefold() not in _TRUE):
        raise _refused(problems, len(batch.rows))
    made, is_replay = _submit_once(batch, good, key, digest)
    return _accepted(made, told, is_replay)


@bp.get("/batches/<uuid:batch_id>")
@call(schemas.BATCH)
def show(batch: Batch) -> ResponseReturnValue:
    """Say how far a batch is."""
    return asdict(progress_of(batch))


@bp.post("/batches/<uuid:batch_id>/pause")
@call(schemas.BATCH)
def pause(batch: Batch) -> ResponseReturnValue:
    """Hold what has not started."""
    return _do(batch, acting.pause)


@bp.post("/batches/<uuid:batch_id>/resume")
@call(schemas.BATCH)
def resume(batch: Batch) -> ResponseReturnValue:
    """Let what the pause holds go on, after a whole delay; what you hold yourself stays so."""
    return _do(batch, acting.resume)


@bp.post("/batches/<uuid:batch_id>/cancel")
@call(schemas.BATCH)
def cancel(batch: Batch) -> ResponseReturnValue:
    """Stop whatever has not ended."""
    return _do(batch, acting.cancel)


@bp.post("/batches/<uuid:batch_id>/retry")
@call(schemas.BATCH, refusals=_TOO_MANY)
def retry(batch: Batch) -> ResponseReturnValue:
    """Write another draft, at once, of what has failed."""
    return _do(batch, acting.retry)


@bp.get("/batches/<uuid:batch_id>/export")
@call(
    schemas.text("The file; its name stands in `Content-Disposition`."),
    media=[kind.media_type.partition(";")[0] for kind in export.FORMATS.values()],
    query=FILE,
    refusals={409: "The texts are more than a file is made of."},
)
def download(batch: Batch, asked: dict[str, str]) -> ResponseReturnValue:
    """Take the results away: Markdown files in a ZIP, or a table with the texts in it."""
    try:
        return results_as_file(batch, asked.get("format", "zip"))
    except NotInThisFormat as error:
        raise Problem(409, str(error)) from error


def _do(batch: Batch, act: Callable[[Batch], int]) -> ResponseReturnValue:
    act(batch)
    only_read_from_here()
    return asdict(progress_of(batch))


def _accepted(batch: Batch, told: dict[str, Any], is_replay: bool) -> ResponseReturnValue:
    headers = {"Location": url_for(".show", batch_id=batch.id)}
    if is_replay:
        headers["Idempotency-Replayed"] = "true"
    return {"id": str(batch.id), **told}, 202, headers


def _told_again(known: Batch, sent: dict[str, Any]) -> dict[str, Any]:
    """What was told of a batch; its template or voice may be another by now, or gone."""
    try:
        found = _asked_in(sent).rows
    except Problem:
        return {"total": known.total, "accepted": known.total, "problems": []}
    problems = rows.problems(found) if known.total < len(found) else []
    return {"total": len(found), "accepted": known.total, "problems": problems}


def _digest(sent: dict[str, Any]) -> str:
    """The same for two requests that ask for the same, whatever has become of what they name."""
    file, data = request.files.get("file"), b""
    if file:
        data = file.read()
        file.seek(0)
    form = [file and file.filename, sorted(request.form.items(multi=True))]
    try:
        digest: str = few_files_at_once(_digest_of, sent or form, data)
    except RecursionError as error:  # Python 3.12 reads deeper ones than it writes
        raise Problem(400, "The body is nested too deeply.") from error
    return digest


def _digest_of(asked: object, data: bytes) -> str:
    digest = hashlib.sha256(data)
    for piece in json.JSONEncoder(sort_keys=True).iterencode(asked):
        digest.update(piece.encode())
    return digest.hexdigest()


def _submit_once(
    asked: _Asked, good: list[BatchRow], key: str | None, digest: str | None
) -> tuple[Batch, bool]:
    try:
        return _submit(asked, digest, good, key), False
    except (IntegrityError, OverQuota):
        # The index decides, so that of many requests at once exactly one makes a batch.
        db.session.rollback()
        known = _sent_before(key, digest)
        if known is None:
            raise
    return known, True


def _sent_before(key: str | None, digest: str | None) -> Batch | None:
    """The batch that was made with the key.

    Raises:
        Problem: the key was used for another (422).
    """
    known = Batch.sent_with(user_id(), key) if key else None
    if known and known.request_digest != digest:
        sentence = "The key was used for another batch: take a new key for new rows."
        raise Problem(422, sentence, {HEADER: [sentence]})
    return known


def _submit(asked: _Asked, digest: str | None, good: list[BatchRow], key: str | None) -> Batch:
    quotas.check_ahead(user_id(), len(good))
    contents = in_portions(submitting.prepared, user_id(), submitting.portions(good))
    batch = Batch(
        user_id=user_id(),
        name=asked.name,
        headings=list(asked.headings),
        mapping=asked.mapping,
        every_seconds=asked.timing.every_seconds,
        idempotency_key=key,
        request_digest=digest,
    )
    submitting.submit(batch, contents, asked.timing)
    return batch


def _asked_in(sent: dict[str, Any]) -> _Asked:
    return _of_json(sent) if sent else _of_table()


def _of_json(sent: dict[str, Any]) -> _Asked:
    try:
        headings, found = few_files_at_once(rows.of_json, sent["rows"], _shared(sent))
    except TableError as error:
        raise _wrong({"rows": [str(error)]}) from error
    return _Asked(_name(sent.get("name")), headings, {}, found, _timing(sent, len(found)))


def _of_table() -> _Asked:
    file = request.files.get("file")
    if file is None:
        raise _wrong({"file": ["Send the table in a part named file: CSV or XLSX."]})
    table = _table(file)
    shared = _shared({n: request.form.get(n) or None for n in ("template_id", "voice_id")})
    mapping = _mapping() or guess(table.headings, shared.blanks)
    constants = {name: value for name in rows.FOR_ALL if (value := request.form.get(name, ""))}
    timing, errors = read(TIMING, {name: _number(name) for name in TIMING})
    if errors:
        raise _wrong(errors)
    try:
        found = few_files_at_once(rows.of_table, table, mapping, constants, shared)
    except rows.WrongMapping as error:
        raise _wrong({"mapping": [str(error)]}) from error
    except rows.WrongConstants as error:
        raise _wrong(error.errors) from error
    name = _name(request.form.get("name") or file.filename)
    return _Asked(name, table.headings, mapping, found, _timing(timing, len(found)))


def _shared(sent: dict[str, Any]) -> rows.Shared:
    """What all rows have in common."""
    _, errors = read({"voice_id": VOICE_ID}, sent)
    if errors:
        raise _wrong(errors)
    return rows.Shared(chosen_template(sent), chosen_voice(sent))


def _table(file: FileStorage) -> Table:
    encoding = request.form.get("encoding", "")
    if encoding and encoding not in ENCODINGS:
        raise _wrong({"encoding": [f"Encoding must be one of {', '.join(ENCODINGS)}."]})
    try:
        table: Table = few_files_at_once(_read, file.read(), encoding)
    except TableError as error:
        raise _wrong({"file": [str(error)]}) from error
    return table


def _read(data: bytes, encoding: str) -> Table:
    table = read_table(data, encoding)
    rows.check_size(table)
    return table


def _mapping() -> dict[str, str]:
    sentence = 'Mapping must be a JSON object: {"a column\'s heading": "a field of the brief"}.'
    try:
        mapping = json.loads(request.form.get("mapping") or "{}")
    except (ValueError, RecursionError) as error:
        raise _wrong({"mapping": [sentence]}) from error
    if not isinstance(mapping, dict) or not all(isinstance(each, str) for each in mapping.values()):
        raise _wrong({"mapping": [sentence]})
    return mapping


def _number(name: str) -> object:
    """A number as a form holds it; what is none is left as it is, to be refused."""
    typed = request.form.get(name)
    try:
        return float(typed) if typed else None
    except ValueError:
        return typed


def _timing(sent: dict[str, Any], number: int) -> Timing:
    timing = Timing(sent.get("delay_seconds"), sent.get("every_seconds") or 0)
    try:
        timing.check(number)
    except TooFarOff as error:
        raise _wrong({"every_seconds": [str(error)]}) from error
    return timing


def _name(typed: str | None) -> str:
    kept = "".join(sign if sign.isprintable() else " " for sign in typed or "")
    return " ".join(kept.split())[:NAME_LONGEST] or "Batch"


def _refused(problems: list[dict[str, Any]], total: int) -> Problem:
    wrong = "1 row has" if len(problems) == 1 else f"{len(problems):,} rows have"
    detail = f"Nothing is submitted: of {total:,} rows {wrong} problems."
    if len(problems) < total:
        detail += " Mend them, or leave them out with skip_problems=1."
    return Problem(422, detail, more={"problems": problems})


def _wrong(errors: Errors) -> Problem:
    sentences = " ".join(sentence for each in errors.values() for sentence in each)
    return Problem(422, f"Nothing is submitted. {sentences}", errors)
