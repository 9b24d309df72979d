"""The rows of a table as briefs, each with what is wrong with it; of plain values.

A thousand rows take a second: callers in a web process have it done beside the event loop.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from smartcontent.briefs.brief import TITLED_BRIEF, Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.briefs.submission import UNTIMED, Submission
from smartcontent.briefs.template import Template
from smartcontent.briefs.voice import Voice
from smartcontent.briefs.wishes import WISHES
from smartcontent.fields import Errors, Fields, read
from smartcontent.tables.mapping import chosen
from smartcontent.tables.table import MOST_ROWS, Row, Table, TableError

FOR_ALL: Fields = {**TITLED_BRIEF, "model": WISHES["model"]}
NEEDED = ("topic", "content_type")
# Characters of all cells: what is kept until somebody submits it.
TEXT_LONGEST = 4_000_000
TEXT_BYTES = 8 * 1024 * 1024  # as UTF-8: of a workbook, which may hold in little what is much
# And of all briefs that become of them: what holds for all rows is stored with each.
BRIEFS_LONGEST = 4_000_000
_TOO_MUCH = (
    f"Up to here the briefs have more than {BRIEFS_LONGEST:,} characters, with what is the same in"
    " all rows and their voice: send fewer rows at once, or say less in all."
)
_CHOICES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "content_type": {slug: (kind.label,) for slug, kind in CONTENT_TYPES.items()},
    "tone": {slug: (name,) for slug, name in TONES.items()},
    "length": {slug: (name,) for slug, name in LENGTHS.items()},
    "language": {code: (each.name, each.own_name) for code, each in LANGUAGES.items()},
}
_UNSTORED = re.compile(r"[\0\ud800-\udfff]")


class BatchRow(NamedTuple):
    """One row: its brief, or what is wrong with it."""

    number: int  # as spreadsheets count; of JSON, from 1
    cells: tuple[str, ...]
    submission: Submission | None
    errors: Errors


class Shared(NamedTuple):
    """What all rows are written with: a template whose blanks they fill, and a voice."""

    template: Template | None = None
    voice: Voice | None = None

    @property
    def blanks(self) -> list[str]:
        """What a row may say beside the fields of a brief."""
        return self.template.blanks if self.template else []

    @property
    def columns(self) -> list[str]:
        """What a column may be beside a field of the brief: a blank, in its braces."""
        return [f"{{{name}}}" for name in self.blanks]

    def value(self, row: Mapping[str, Any], name: str) -> Any:
        """What a row says for a blank, by its name alone, in braces, or among `values`."""
        values = row.get("values")
        sent = values.get(name) if isinstance(values, dict) else None
        return sent or row.get(f"{{{name}}}") or row.get(name)

    def brief(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
        """What the template makes of a row, or what is wrong with which blank."""
        if self.template is None:
            return {}, {}
        return self.template.filled({name: self.value(row, name) for name in self.blanks})


NOTHING_SHARED = Shared()


class WrongMapping(ValueError):
    """Columns and fields do not fit; its text is one sentence for whoever chose them."""


class WrongConstants(ValueError):
    """What is to hold for all rows cannot; `errors` names each wrong field."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(" ".join(sentence for each in errors.values() for sentence in each))
        self.errors = errors


def check_size(table: Table) -> None:
    """Refuse more text than is kept.

    Raises:
        TableError: it is more.
    """
    cells = [cell for row in table.rows for cell in row.cells]
    much = f"{TEXT_LONGEST:,} characters" if sum(map(len, cells)) > TEXT_LONGEST else ""
    if not much and sum(len(cell.encode()) for cell in cells) > TEXT_BYTES:
        much = f"{TEXT_BYTES // 1024**2} MB of text"
    if much:
        raise TableError(
            f"The table has more than {much}: split it in parts, or remove the columns that are "
            "not needed."
        )


def of_table(
    table: Table,
    mapping: Mapping[str, str],
    constants: Mapping[str, str],
    shared: Shared = NOTHING_SHARED,
) -> list[BatchRow]:
    """The rows of a table; an empty cell has what the template says, or its field's constant.

    Raises:
        WrongMapping: a heading or a field is not there, or a field has two columns, or none
            where it needs one.
        WrongConstants: what is to hold for all rows cannot.
    """
    _check_mapping(table.headings, mapping, constants, shared)
    _check_constants(constants)
    places = {field: table.headings.index(heading) for heading, field in mapping.items()}
    read_rows = (_row(row, places, constants, shared) for row in table.rows)
    return list(_bounded(read_rows, shared.voice))


def _check_mapping(
    headings: Sequence[str],
    mapping: Mapping[str, str],
    constants: Mapping[str, str],
    shared: Shared,
) -> None:
    known = (*TITLED_BRIEF, *shared.columns)
    for heading, field in mapping.items():
        if heading not in headings:
            shown = ", ".join(f"“{each}”" for each in headings[:20])
            raise WrongMapping(f"There is no column “{heading}”: the table has {shown}.")
        if field not in known:
            raise WrongMapping(f"“{field}” is no field of a brief: use one of {', '.join(known)}.")
    fields = list(mapping.values())
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice:
        label = TITLED_BRIEF[twice].label if twice in TITLED_BRIEF else twice
        raise WrongMapping(f"Two columns are the field “{label}”: choose one of them.")
    for field in () if shared.template else NEEDED:
        if field not in fields and not constants.get(field):
            also = "" if field == "topic" else ", or choose one for all rows"
            raise WrongMapping(
                f"No column is the field “{TITLED_BRIEF[field].label}”: say which one has it{also}."
            )


def _check_constants(constants: Mapping[str, str]) -> None:
    some = {"topic": "any", "content_type": next(iter(CONTENT_TYPES))}
    asked = some | {name: value for name, value in _understood(constants).items() if value}
    _, errors = read(FOR_ALL, asked)
    if errors:
        raise WrongConstants(errors)


def _row(
    row: Row, places: Mapping[str, int], constants: Mapping[str, str], shared: Shared
) -> BatchRow:
    typed = {field: row.cells[place] for field, place in places.items()}
    given = _understood({field: cell for field, cell in typed.items() if cell})
    cells = tuple(_UNSTORED.sub("�", cell) for cell in row.cells)
    return _read(row.number, cells, given, shared, _understood(constants))


def _understood(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The same with "Press release" for what the form calls press_release."""
    return {
        name: _key_of(name, value) if name in _CHOICES and isinstance(value, str) else value
        for name, value in payload.items()
    }


def _key_of(field: str, typed: str) -> str:
    return _chosen(typed[:200], field) or typed


@lru_cache(maxsize=1_000)
def _chosen(typed: str, field: str) -> str | None:
    return chosen(typed, _CHOICES[field])


def of_json(
    rows: Sequence[object], shared: Shared = NOTHING_SHARED
) -> tuple[tuple[str, ...], list[BatchRow]]:
    """The headings and rows of some briefs in JSON: columns are the fields that any of them has.

    Raises:
        TableError: there are none, or too many.
    """
    if not rows:
        raise TableError("There are no rows: send at least one brief.")
    if len(rows) > MOST_ROWS:
        raise TableError(f"There are {len(rows):,} rows: at most {MOST_ROWS:,} make one batch.")
    sent = [row if isinstance(row, dict) else {} for row in rows]
    names = dict.fromkeys((*shared.blanks, *TITLED_BRIEF))
    headings = tuple(name for name in names if any(shared.value(row, name) for row in sent))
    cells = [tuple(_as_cell(shared.value(row, name)) for name in headings) for row in sent]
    read_rows = (
        _read(number, row_cells, row, shared)
        for number, (row, row_cells) in enumerate(zip(rows, cells, strict=True), 1)
    )
    return headings, list(_bounded(read_rows, shared.voice))


def _bounded(rows: Iterable[BatchRow], voice: Voice | None) -> Iterator[BatchRow]:
    """The rows, of which those are wrong with which there would be too much to store."""
    of_voice, total = len(json.dumps(voice.as_json())) if voice else 0, 0
    for row in rows:
        total += length(row.submission.brief) + of_voice if row.submission else 0
        if total > BRIEFS_LONGEST and row.submission:
            yield row._replace(submission=None, errors={"topic": [_TOO_MUCH]})
        else:
            yield row


def length(brief: Brief) -> int:
    """How many characters it is made of."""
    return sum(map(len, (brief.topic, brief.audience, brief.instructions, *brief.keywords)))


def _as_cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return _UNSTORED.sub("�", text)


def _read(
    number: int,
    cells: tuple[str, ...],
    payload: object,
    shared: Shared,
    constants: Mapping[str, Any] = MappingProxyType({}),
) -> BatchRow:
    if not isinstance(payload, Mapping):
        return BatchRow(number, cells, None, {"": ["A row must be a brief: a JSON object."]})
    brief, errors = shared.brief(payload)
    if errors:
        return BatchRow(number, cells, None, errors)
    sent = {name: value for name, value in payload.items() if value is not None}
    values, errors = read(UNTIMED, {**constants, **brief, **sent})
    made = None if errors else Submission.of(values | {"voice": shared.voice})
    return BatchRow(number, cells, made, errors)


def good(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """Those that can be submitted."""
    return [row for row in rows if not row.errors]


def problems(rows: Iterable[BatchRow]) -> list[dict[str, Any]]:
    """What is wrong, row by row."""
    return [{"row": row.number, "errors": row.errors} for row in rows if row.errors]
