"""The files of an archive, read as what a form sends is read: by rules, or refused.

Whoever has made it may have made it by hand. What is taken in is finished: what was on its way is
cancelled, and what another machine measured is left out, for estimates learn from that.
"""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from smartcontent.briefs.brief import (
    BRIEF,
    MATERIAL_LONGEST,
    TITLED_BRIEF,
    Brief,
    brief_of,
    title_from,
)
from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.briefs.submission import UNTIMED
from smartcontent.briefs.task import (
    CONTEXT,
    INSTRUCTION_LONGEST,
    MEND_LONGEST,
    PASSAGE_LONGEST,
    REFINEMENTS,
    Deed,
)
from smartcontent.briefs.template import TEMPLATE, read_brief
from smartcontent.briefs.voice import VOICE, Voice
from smartcontent.briefs.wishes import WISHES
from smartcontent.contents.archives import FORMAT, HEAD, VERSION
from smartcontent.contents.archives.unpacking import ArchiveError, Unpacked
from smartcontent.contents.dismissing import MOST as DISMISSED_MOST
from smartcontent.contents.saved_views import VIEW
from smartcontent.contents.tagging import TAGS
from smartcontent.doors import Door
from smartcontent.exports.document import Document
from smartcontent.exports.front_matter import from_markdown, to_markdown
from smartcontent.fields import (
    Field,
    Fields,
    Moment,
    Refused,
    Value,
    an_id,
    number,
    one_of,
    read,
    whole,
    with_newlines,
    yes_or_no,
)
from smartcontent.models import FINAL, Origin, Status, now
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.failures import of_use
from smartcontent.models.series import NAME_LONGEST
from smartcontent.recurrence.rules import RuleError, rule_of
from smartcontent.texts.counting import size_of
from smartcontent.texts.folding import as_sought
from smartcontent.texts.quality.finding import KEY_LENGTH
from smartcontent.texts.storable import all_storable

VERSIONS_MOST = 250  # of one content: those that are kept, and what was on its way besides
VERSION_LARGEST = 10**9  # the number of one; others follow, and a database has room for twice that
TEXT_LONGEST = 1_000_000  # characters
MESSAGES_MOST, ROLE_LONGEST = 50, 20
MESSAGES_LONGEST = 1_200_000  # characters of a prompt: the text it is about, and what is to be done
LISTED_MOST = 1_000  # voices, templates, series, views
FILTER_LONGEST = 1_000  # characters
NAME_OF_VALUE_LONGEST = 60
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Incoming(NamedTuple):
    """A content that may be taken in: columns of it and of its versions, and what belongs to it."""

    id: UUID
    content: dict[str, Any]
    drafts: list[dict[str, Any]]
    tags: tuple[str, ...]
    dismissed: list[str]
    source: UUID | None
    series: UUID | None

    @property
    def text(self) -> str:
        """That of the current version."""
        shown = self.content["current_number"]
        return next(d["text"] for d in self.drafts if d["number"] == shown)


class Head(NamedTuple):
    """The columns of what is kept beside contents, by their ids."""

    voices: dict[UUID, dict[str, Any]]
    templates: dict[UUID, dict[str, Any]]
    series: dict[UUID, dict[str, Any]]
    views: dict[UUID, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class _Parts(Field):
    """Something with fields of its own."""

    parts: Fields

    def read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(f"{self.label} must be an object.")
        values, errors = read(self.parts, value)
        for [said] in errors.values():
            raise Refused(f"{self.label}: {said}")
        return values

    def _holds(self) -> dict[str, Any]:
        return {"type": "object"}


@dataclass(frozen=True, kw_only=True)
class _When(Moment):
    """A moment that calendars can show."""

    label: str = "Time"

    def read(self, value: Any) -> datetime:
        moment = super().read(value)
        if not _FIRST < moment < _LAST:
            raise Refused("The time must lie between 1970 and 9000.")
        return moment


def _text(label: str, most: int, is_needed: bool = False) -> Value:
    return Value(
        label=label,
        must=f"be a text of at most {most:,} characters",
        is_right=lambda value: isinstance(value, str) and len(value) <= most,
        is_needed=is_needed,
    )


def _listed(label: str, most: int, is_right: Callable[[Any], bool], **known: Any) -> Value:
    return Value(
        label=label,
        must=f"be a list of at most {most:,} of what Smart Content writes there",
        is_right=lambda v: isinstance(v, list) and len(v) <= most and all(map(is_right, v)),
        **known,
    )


def _values(label: str, texts: int = 0, named: Container[str] | None = None, **most: int) -> Value:
    """Numbers by their names, some of which have a limit, and texts of so many characters.

    Where names are given, nothing else may be a text: pages reckon with it.
    """

    def is_right(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and len(value) <= 50
            and all(len(name) <= NAME_OF_VALUE_LONGEST for name in value)
            and all(
                _is_plain(each, texts) and (named is None or name in named or not _is_text(each))
                for name, each in value.items()
            )
            and all(_is_within(value.get(name), limit) for name, limit in most.items())
        )

    return Value(label=label, must="be what Smart Content writes there", is_right=is_right)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_plain(value: Any, longest: int) -> bool:
    if isinstance(value, str):
        return len(value) <= longest
    return isinstance(value, int | float) and abs(value) < 2**53


def _is_within(value: Any, most: int) -> bool:
    return value is None or (type(value) is int and -2 <= value <= most)


def _are_messages(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MESSAGES_MOST
        and all(map(_is_message, value))
        and sum(len(message["content"]) for message in value) <= MESSAGES_LONGEST
    )


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"role", "content"}
        and all(isinstance(each, str) for each in value.values())
        and len(value["role"]) <= ROLE_LONGEST
    )


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{KEY_LENGTH}}}", value) is not None


def _is_number(value: Any) -> bool:
    return type(value) is int and 1 <= value <= VERSION_LARGEST


_ID = an_id("Id", is_needed=True)
_WHEN = _When(is_needed=True)
_NUMBER = whole("Number", 1, VERSION_LARGEST, is_needed=True)
_VOICE_CHOSEN: Fields = {**VOICE, "id": _text("Id", 36)}
_BRIEF_CHOSEN: Fields = {
    **BRIEF,
    "voice": _Parts(label="Voice", parts=_VOICE_CHOSEN),
    "material": _text("Material", MATERIAL_LONGEST),
}
_PASSAGE: Fields = {
    # In the order in which rows have them: tasks are compared as they are written.
    **{name: whole(name, 0, TEXT_LONGEST, is_needed=True) for name in ("start", "end")},
    "text": _text("Text", PASSAGE_LONGEST, is_needed=True),
    **{name: _text(name, CONTEXT, is_needed=True) for name in ("before", "after")},
    "rest": whole("rest", 0, TEXT_LONGEST, is_needed=True),
}
_TASK: Fields = {
    "do": one_of("Do", [*Deed], is_needed=True),
    "number": _NUMBER,
    "how": one_of("How", REFINEMENTS),
    "language": one_of("Language", LANGUAGES),
    "instruction": _text("Instruction", INSTRUCTION_LONGEST),
    "mend": _text("Mend", MEND_LONGEST),
    "passage": _Parts(label="Passage", parts=_PASSAGE),
}
_REPRODUCES: Fields = {
    "number": _NUMBER,
    "identical": yes_or_no("Identical"),
    "differs_at": whole("Differs_at", 0, LARGEST_ID),
    "same_model": yes_or_no("Same_model"),
}
_SETTINGS = _Parts(label="Settings", parts=WISHES)
_DRAFT: Fields = {
    "number": _NUMBER,
    "origin": one_of("Origin", [*Origin], is_needed=True),
    "status": one_of("Status", [*Status], is_needed=True),
    "door": one_of("Door", [*Door]),
    "stopped_by": one_of("Stopped_by", [*Door]),
    "created_at": _WHEN,
    "due_at": _When(),
    "finished_at": _When(),
    "model": _text("Model", 200),
    "model_digest": _text("Model_digest", 80),
    "options": _values("Options", num_ctx=LARGEST_ID, num_predict=LARGEST_ID),
    "stats": _values("Stats", texts=200, named=("model", "ollama_version")),
    "messages": Value(
        label="Messages",
        must=f"be at most {MESSAGES_MOST} messages of {MESSAGES_LONGEST:,} characters together",
        is_right=_are_messages,
    ),
    "task": _Parts(label="Task", parts=_TASK),
    "wishes": _SETTINGS,
    "brief": _Parts(label="Brief", parts=_BRIEF_CHOSEN),
    "taken_out": _text("Taken_out", TEXT_LONGEST),
    "done_reason": _text("Done_reason", 20),
    "error": _text("Error", 10_000),
    "error_cause": _text("Error_cause", 40),
    "error_values": _values("Error_values", texts=1_000),
    "reproduces": _Parts(label="Reproduces", parts=_REPRODUCES),
    "sentiment_score": number("Sentiment_score", -1, 1),
    "sentiment_label": _text("Sentiment_label", 10),
}
_CONTENT: Fields = {
    "id": _ID,
    "title": TITLED_BRIEF["title"],
    "brief": _Parts(label="Brief", parts=_BRIEF_CHOSEN, is_needed=True),
    "settings": _SETTINGS,
    "tags": TAGS,
    "favourite": yes_or_no("Favourite"),
    "created_at": _WHEN,
    "deleted_at": _When(),
    "current": _NUMBER,
    "versions": _listed("Versions", VERSIONS_MOST, _is_number, is_needed=True),
    "source": _Parts(label="Source", parts={"id": an_id("Id"), "number": _NUMBER}),
    "series": _Parts(
        label="Series",
        parts={"id": an_id("Id"), "due_at": _WHEN, "missed": whole("Missed", 0, LARGEST_ID)},
    ),
    "dismissed": _listed("Dismissed", DISMISSED_MOST, _is_key),
}
_KEPT: Fields = {"id": _ID, "created_at": _WHEN}
_SERIES: Fields = {
    **_KEPT,
    "name": _text("Name", NAME_LONGEST, is_needed=True),
    "fields": _Parts(label="Fields", parts=TITLED_BRIEF, is_needed=True),
    "settings": _SETTINGS,
    "voice": _Parts(label="Voice", parts=_VOICE_CHOSEN),
    "cron": _text("Rule", 100, is_needed=True),
    "timezone": _text("Time zone", 64, is_needed=True),
}
_VIEW: Fields = {
    **_KEPT,
    "name": VIEW["name"],
    # A newer version may know filters that this one does not.
    "filters": _values("Filters", texts=FILTER_LONGEST),
}
_HEAD: Fields = {
    "format": one_of("Format", [FORMAT], is_needed=True),
    "version": whole("Version", 1, LARGEST_ID, is_needed=True),
    **{
        name: _listed(name, LISTED_MOST, lambda each: isinstance(each, dict))
        for name in Head._fields
    },
}


def head_of(files: Unpacked) -> Head:
    """What the archive has beside contents.

    Raises:
        ArchiveError: it may not be taken in.
    """
    said = _read(_HEAD, files.json(HEAD), HEAD)
    if said["version"] > VERSION:
        raise ArchiveError(
            "A newer version of Smart Content has made it: bring this one up to date first."
        )
    return Head(
        *(
            {UUID(values.pop("id")): values for values in map(read_one, said.get(name, ()))}
            for name, read_one in (
                ("voices", _voice),
                ("templates", _template),
                ("series", _series),
                ("views", _view),
            )
        )
    )


def contents_of(files: Unpacked, folders: Iterable[str], known: set[UUID]) -> list[Incoming]:
    """The contents in these folders, whose ids are added to those that are known.

    Raises:
        ArchiveError: one may not be taken in.
    """
    contents = []
    for folder in folders:
        incoming = _content(files, folder)
        if incoming.id in known:
            raise ArchiveError(f"Two contents in it have the id {incoming.id}: take one out.")
        known.add(incoming.id)
        contents.append(incoming)
    return contents


def _content(files: Unpacked, folder: str) -> Incoming:
    where = f"{folder}content.json"
    said = _read(_CONTENT, files.json(where), where)
    numbers = said["versions"]
    if len(set(numbers)) < len(numbers) or said["current"] not in numbers:
        raise ArchiveError(f"{where}: Versions must be each once, the current one among them.")
    drafts = [_draft(files, folder, each) for each in numbers]
    source, series = said.get("source", {}), said.get("series", {})
    return Incoming(
        id=UUID(said["id"]),
        content=_columns(said, source, series),
        drafts=drafts,
        tags=said.get("tags", ()),
        dismissed=sorted(set(said.get("dismissed", ()))),
        source=UUID(source["id"]) if source.get("id") else None,
        series=UUID(series["id"]) if series.get("id") else None,
    )


def _columns(
    said: Mapping[str, Any], source: Mapping[str, Any], series: Mapping[str, Any]
) -> dict[str, Any]:
    brief, moment = _brief(said["brief"]), now()
    typed = brief.typed | {"keywords": list(brief.keywords)}
    return {
        **typed,
        "title": said.get("title") or title_from(brief.topic),
        "_voice": brief.voice and brief.voice.as_json(),
        "material": brief.material,
        "settings": said.get("settings", {}),
        "favourite": said.get("favourite", False),
        "created_at": min(said["created_at"], moment),
        # It stays in the trash for as long as what is thrown away today.
        "deleted_at": moment if said.get("deleted_at") else None,
        "current_number": said["current"],
        "source_number": source.get("number"),
        "series_due_at": series.get("due_at"),
        "series_missed": series.get("missed"),
    }


def _brief(said: Mapping[str, Any]) -> Brief:
    voice = Voice(**said["voice"]) if said.get("voice") else None
    return brief_of({**said, "voice": voice})


def _draft(files: Unpacked, folder: str, number: int) -> dict[str, Any]:
    where = f"{folder}{number}.json"
    said = _read(_DRAFT, files.json(where), where)
    if said["number"] != number or not _is_task(said.get("task")):
        raise ArchiveError(f"{where} is not the version {number} that it is said to be.")
    return _columns_of_draft(said, _text_of(files, f"{folder}{number}.md"))


def _columns_of_draft(said: Mapping[str, Any], text: str) -> dict[str, Any]:
    is_final = said["status"] in FINAL
    created_at = min(said["created_at"], now())
    values = said.get("error_values")
    if values is not None:  # all of them are read for each line of a history
        values = of_use(said.get("error_cause") or "", values)
    taken = {name: said.get(name) for name in _DRAFT if name not in ("messages", "error")}
    return taken | {
        "status": said["status"] if is_final else Status.CANCELLED,
        "created_at": created_at,
        "due_at": said.get("due_at", created_at),
        "finished_at": said.get("finished_at", created_at),
        "prompt": said.get("messages"),
        "brief": asdict(_brief(said["brief"])) if said.get("brief") else None,
        "error_values": values,
        "earlier_error": said.get("error") if values is None else None,
        "text": text,
        "words": size_of(text).number if text else None,
    }


def _is_task(task: Mapping[str, Any] | None) -> bool:
    """Whether it is all that is needed to do it again."""
    if task is None:
        return True
    is_told = (task["do"] == Deed.REFINE) == ("how" in task)
    return is_told and (task.get("how") == "translate") == ("language" in task)


def _text_of(files: Unpacked, name: str) -> str:
    """The text of a version, wherever somebody has changed it."""
    return _document(files.read(name), name).text if files.has(name) else ""


def _document(data: bytes, name: str) -> Document:
    try:
        found = from_markdown(data)
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{name} is no text in UTF-8: save it as such.") from error
    except ValueError as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{name}: what stands between its dashes cannot be read.") from error
    if len(found.text) > TEXT_LONGEST:
        raise ArchiveError(f"{name} has more than {TEXT_LONGEST:,} characters.")
    # As a model's text is kept, and pages count it, whatever program has ended its lines.
    return replace(found, text=with_newlines(found.text.replace("\0", "\ufffd")))


def of_markdown(data: bytes) -> Incoming:
    """A text that was downloaded by itself, with all that its file says of it.

    The same file is the same content each time.

    Raises:
        ArchiveError: it may not be taken in.
    """
    where = "The file"
    document = _document(data, where)
    if not document.text.strip():
        raise ArchiveError("The file has no text below what stands between its dashes.")
    # An editor may have put a mark before it, or ended its lines otherwise.
    its_id = uuid5(NAMESPACE_OID, sha256(to_markdown(document)).hexdigest())
    at = (document.created_at or now()).isoformat()
    content = {
        "id": str(its_id),
        "title": document.title,
        "brief": {name: _kept(v) for name in BRIEF if (v := getattr(document, name, None))},
        "created_at": at,
        "current": 1,
        "versions": [1],
    }
    draft = {
        "number": 1,
        "origin": Origin.EDITED,
        "status": Status.COMPLETED,
        "model": document.model,
        "created_at": at,
        "finished_at": document.finished_at.isoformat() if document.finished_at else at,
    }
    said = _read(_CONTENT, all_storable(content), where)
    return Incoming(
        id=UUID(said["id"]),
        content=_columns(said, {}, {}),
        drafts=[_columns_of_draft(_read(_DRAFT, all_storable(draft), where), document.text)],
        tags=(),
        dismissed=[],
        source=None,
        series=None,
    )


def _voice(said: Mapping[str, Any]) -> dict[str, Any]:
    values = _read({**VOICE, **_KEPT}, said, f"{HEAD}, voices")
    return {name: _kept(value) for name, value in values.items()}


def _template(said: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{HEAD}, templates"
    values = _read({**TEMPLATE, **_KEPT}, said, where)
    brief, errors = read_brief(values["brief"])
    for [sentence] in errors.values():
        raise ArchiveError(f"{where}: {sentence}")
    return values | {"brief": brief, "defaults": values.get("defaults", {})}


def _series(said: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{HEAD}, series"
    values = _read(_SERIES, said, where)
    try:
        rule_of(values["cron"], values["timezone"])
    except RuleError as error:
        raise ArchiveError(f"{where}: {error}") from error
    voice = Voice(**values.pop("voice")) if values.get("voice") else None
    return values | {
        "fields": {name: _kept(value) for name, value in values["fields"].items() if value},
        "settings": {n: v for n, v in values.get("settings", {}).items() if n in UNTIMED},
        "_voice": voice and voice.as_json(),
    }


def _view(said: Mapping[str, Any]) -> dict[str, Any]:
    values = _read(_VIEW, said, f"{HEAD}, views")
    sent = values.get("filters", {}).items()
    filters = {name: text for name, text in sent if isinstance(text, str) and len(name) <= 40}
    return values | {"sought": as_sought(values["name"]), "filters": filters}


def _kept(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read(fields: Fields, said: Mapping[str, Any], where: str) -> dict[str, Any]:
    values, errors = read(fields, said)
    for [sentence] in errors.values():
        raise ArchiveError(f"{where}: {sentence}")
    return values
