"""An archive is taken in: looked through as a whole, and then stored in steps.

Nothing is stored of one that has anything wrong with it. What is there already stays as it is, so
whoever is interrupted sends it again, and nothing is doubled. A content keeps its id, unless that
is somebody else's here: then it has one that is made of both, the same every time.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import IO, Any, TypeVar
from uuid import UUID, uuid4, uuid5

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from smartcontent.contents import saved_views
from smartcontent.contents.archives.reading import Head, Incoming, contents_of, head_of, of_markdown
from smartcontent.contents.archives.unpacking import FILE_LONGEST, ArchiveError, Unpacked, unpacked
from smartcontent.contents.locking import one_after_the_other
from smartcontent.contents.series.acting import SERIES_MOST
from smartcontent.contents.tagging import TAGS_OF_USER_MOST
from smartcontent.contents.voices_and_templates import KEPT_MOST
from smartcontent.doors import Door, through
from smartcontent.logs import note
from smartcontent.models import (
    Content,
    Draft,
    KeptTemplate,
    KeptVoice,
    SavedView,
    Series,
    Tag,
    What,
    history,
    now,
)
from smartcontent.models.dismissal import dismissals
from smartcontent.models.search_index import Words, as_told, make_all_findable, words_of
from smartcontent.models.tag import content_tags
from smartcontent.stores.sql import db, only_read
from smartcontent.texts.folding import as_sought

AT_ONCE = 25
BYTES_LONGEST = 1_000_000  # of one step, unless one content has more
# One content may have much, which is stored as one: in portions, between which others are served.
VERSIONS_AT_ONCE, CHARACTERS_LONGEST = 250, 1_000_000
PAUSE_SECONDS = 0.01  # between two steps, in which others write
BREATH_SECONDS = 0.0001  # within a step: whoever waits to be served is
ATTEMPTS = 3

_MARK = b"\xef\xbb\xbf"  # that some editors set before a text

_TOO_MANY_TAGS = (
    f"You would have more than {TAGS_OF_USER_MOST:,} tags with those in it: remove some."
)
Beside = Callable[..., Any]
T = TypeVar("T")
_KINDS = {"voices": KeptVoice, "templates": KeptTemplate, "series": Series, "views": SavedView}
_MOST = {
    "voices": KEPT_MOST,
    "templates": KEPT_MOST,
    "series": SERIES_MOST,
    "views": saved_views.MOST,
}


@dataclass
class Taken:
    """How many were stored, and how many of them were there already."""

    contents: int = 0
    voices: int = 0
    templates: int = 0
    series: int = 0
    views: int = 0
    already_there: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def take_in(
    user_id: int, file: IO[bytes], beside: Beside = lambda work, *args: work(*args)
) -> Taken:
    """Store what is in an archive, or a text by itself, and not here.

    `beside` does what would hold others up.

    Raises:
        ArchiveError: it cannot be taken in, and nothing is stored.
    """
    if file.read(len(_MARK) + 3).removeprefix(_MARK).startswith(b"---"):
        return _take_in_one(user_id, file, beside)
    with unpacked(file, beside) as files:
        head = beside(head_of, files)
        _check_tags(user_id, _portions(files, beside))
        taken = Taken()
        _patiently(partial(_store_head, user_id, head, taken))
        for portion in _portions(files, beside):
            found = beside(_found_by, portion, as_told())
            _patiently(partial(_store, user_id, found, taken))
            portion.clear()
            found.clear()
            time.sleep(PAUSE_SECONDS)
    note(f"Archive taken in contents={taken.contents}", user_id)
    return taken


def _check_tags(user_id: int, portions: Iterator[list[Incoming]]) -> None:
    """Look through all of it; of tags no more may be new than the user may have.

    Raises:
        ArchiveError: it cannot be taken in.
    """
    sought = set[str]()
    for portion in portions:
        sought.update(as_sought(name) for each in portion for name in each.tags)
        portion.clear()
        if len(sought) > TAGS_OF_USER_MOST:
            raise ArchiveError(_TOO_MANY_TAGS)
    only_read()
    there = select(func.count()).where(Tag.user_id == user_id, Tag.sought.in_(sought))
    all_together = Tag.number_of(user_id) + len(sought) - (db.session.scalar(there) or 0)
    db.session.commit()
    if all_together > TAGS_OF_USER_MOST:
        raise ArchiveError(_TOO_MANY_TAGS)


def _take_in_one(user_id: int, file: IO[bytes], beside: Beside) -> Taken:
    file.seek(0)
    data = file.read(FILE_LONGEST + 1)
    if len(data) > FILE_LONGEST:
        raise ArchiveError(f"The file has more than {FILE_LONGEST // 1024**2} MB.")
    taken, portion = Taken(), [beside(of_markdown, data)]
    found = beside(_found_by, portion, as_told())
    _patiently(partial(_store, user_id, found, taken))
    note(f"Text taken in contents={taken.contents}", user_id)
    return taken


def _portions(files: Unpacked, beside: Beside) -> Iterator[list[Incoming]]:
    """Some contents at a time, cut before they are read; whoever takes some lets them go before
    the next are read, for one may have as much as there is room for."""
    known = set[UUID]()
    for folders in _cut(files.folders(), AT_ONCE, BYTES_LONGEST, files.size_of):
        yield beside(contents_of, files, folders, known)


def _cut(
    things: Iterable[T], most: int, longest: int, size_of: Callable[[T], int]
) -> Iterator[list[T]]:
    some, size = list[T](), 0
    for each in things:
        its_size = size_of(each)
        if some and (len(some) == most or size + its_size > longest):
            yield some
            some, size = [], 0
        some.append(each)
        size += its_size
    if some:
        yield some


def _found_by(
    portion: Sequence[Incoming], as_told: Callable[[str], str]
) -> list[tuple[Incoming, Words]]:
    return [(each, words_of(Content(**each.content), as_told(each.text))) for each in portion]


def _store_head(user_id: int, head: Head, taken: Taken) -> None:
    """Store what is kept beside contents. Nothing starts by itself: a series is paused.

    Raises:
        ArchiveError: there would be more than one may have.
    """
    one_after_the_other(user_id)
    ids_here: dict[str, str] = {}
    already_there = 0
    for name, kept in head._asdict().items():
        kind: Any = _KINDS[name]
        places = _places(kind, user_id, kept)
        new = [its_id for its_id in kept if not places[its_id][1]]
        own = select(func.count()).select_from(kind).where(kind.user_id == user_id)
        if new and (db.session.scalar(own) or 0) + len(new) > _MOST[name]:
            db.session.rollback()
            raise ArchiveError(
                f"You would have more than {_MOST[name]} {name} with those in it: delete some."
            )
        ids_here |= {str(its_id): str(place) for its_id, (place, _) in places.items()}
        for its_id in new:
            row = {**kept[its_id], "id": places[its_id][0], "user_id": user_id}
            db.session.execute(insert(kind), [row | _of_here(kind, row, ids_here)])
        setattr(taken, name, len(new))
        already_there += len(kept) - len(new)
    db.session.commit()
    taken.already_there += already_there


def _of_here(kind: Any, row: Mapping[str, Any], ids_here: Mapping[str, str]) -> dict[str, Any]:
    """What of such a row is another here than where it comes from."""
    if kind is Series:
        return {"paused_at": now()}
    if kind is SavedView and "series" in row["filters"]:
        its_id = row["filters"]["series"]
        return {"filters": {**row["filters"], "series": ids_here.get(its_id, its_id)}}
    return {}


def _places(kind: Any, user_id: int, ids: Collection[UUID]) -> Mapping[UUID, tuple[UUID, bool]]:
    """Under which id each is stored, and whether it is there already."""
    others = {its_id: uuid5(its_id, str(user_id)) for its_id in ids}
    asked = [*ids, *others.values()]
    rows = db.session.execute(select(kind.id, kind.user_id).where(kind.id.in_(asked)))
    owners = {row.id: row.user_id for row in rows}
    return {its_id: _place(owners, user_id, its_id, others[its_id]) for its_id in ids}


def _place(owners: Mapping[UUID, int], user_id: int, *ids: UUID) -> tuple[UUID, bool]:
    for its_id in ids:
        if owners.get(its_id) == user_id:
            return its_id, True
    free = (its_id for its_id in ids if its_id not in owners)
    return next(free, uuid4()), False


def _patiently(store: Callable[[], None]) -> None:
    """Store some; again, where somebody has stored one with the same id just now."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return store()
        except IntegrityError:
            db.session.rollback()
            if not left:
                raise


def _store(user_id: int, portion: list[tuple[Incoming, Words]], taken: Taken) -> None:
    """Store those contents that are not there."""
    one_after_the_other(user_id)
    sources = {each.source for each, _ in portion if each.source}
    places = dict(_places(Content, user_id, {each.id for each, _ in portion} | sources))
    new = [(each, words) for each, words in portion if not places[each.id][1]]
    rows = _rows(user_id, [each for each, _ in new], places)
    if rows:
        ids = [row["id"] for row in rows]
        db.session.execute(insert(Content), rows)
        drafts = _drafts(user_id, ids, new)
        with through(Door.ARCHIVE):
            for some in _cut(drafts, VERSIONS_AT_ONCE, CHARACTERS_LONGEST, _characters_of):
                db.session.execute(insert(Draft), some)
                time.sleep(BREATH_SECONDS)
        history.note_all(ids, What.TAKEN_IN)
        make_all_findable(
            (its_id, user_id, words) for its_id, (_, words) in zip(ids, new, strict=True)
        )
        _mark(user_id, [(its_id, each) for its_id, (each, _) in zip(ids, new, strict=True)])
    db.session.commit()
    taken.contents += len(new)
    taken.already_there += len(portion) - len(new)


def _rows(
    user_id: int, new: Sequence[Incoming], places: dict[UUID, tuple[UUID, bool]]
) -> list[dict[str, Any]]:
    """The columns of contents, with what they were made from and by, as far as that is here."""
    of_series = _places(Series, user_id, {each.series for each in new if each.series})
    taken = _times_taken([place for place, _ in of_series.values()])
    rows = []
    for each in new:
        time_of_series = _there(of_series, each.series), each.content["series_due_at"]
        links = {"source_id": _there(places, each.source), "series_id": time_of_series[0]}
        if time_of_series in taken:
            links["series_id"] = None
        taken.add(time_of_series)
        its_id = places[each.id][0]
        rows.append({**each.content, **links, "id": its_id, "user_id": user_id})
        places[each.id] = its_id, True  # others may be made from it
    return rows


def _there(places: Mapping[UUID, tuple[UUID, bool]], its_id: UUID | None) -> UUID | None:
    place, is_there = places[its_id] if its_id else (None, False)
    return place if is_there else None


def _times_taken(series: Sequence[UUID]) -> set[Any]:
    """Times of series that have their content: there is one for each."""
    times = select(Content.series_id, Content.series_due_at).where(Content.series_id.in_(series))
    return {(row.series_id, row.series_due_at) for row in db.session.execute(times)}


def _drafts(
    user_id: int, ids: Sequence[UUID], new: Sequence[tuple[Incoming, Words]]
) -> Iterator[dict[str, Any]]:
    for its_id, (each, _) in zip(ids, new, strict=True):
        for draft in each.drafts:
            yield {**draft, "content_id": its_id, "user_id": user_id}


def _characters_of(value: object) -> int:
    """Near enough to what is written of it, without another copy of what may be megabytes."""
    if isinstance(value, Mapping):
        return sum(_characters_of(name) + _characters_of(each) for name, each in value.items())
    if isinstance(value, list):
        return sum(map(_characters_of, value))
    return len(str(value))


def _mark(user_id: int, new: Sequence[tuple[UUID, Incoming]]) -> None:
    """Give the new contents their tags, and hide what was hidden of them."""
    names = {as_sought(name): name for _, each in new for name in each.tags}
    tags = _tags(user_id, names)
    tagged = [
        {"content_id": its_id, "tag_id": tag_id}
        for its_id, each in new
        for tag_id in {tags[as_sought(name)] for name in each.tags}
    ]
    hidden = [
        {"content_id": its_id, "finding": key} for its_id, each in new for key in each.dismissed
    ]
    for table, rows in ((content_tags, tagged), (dismissals, hidden)):
        if rows:
            db.session.execute(insert(table), rows)


def _tags(user_id: int, names: Mapping[str, str]) -> dict[str, int]:
    own = select(Tag.sought, Tag.id).where(Tag.user_id == user_id, Tag.sought.in_(names))
    there = {row.sought for row in db.session.execute(own)}
    if missing := [(name, sought) for sought, name in names.items() if sought not in there]:
        rows = [{"user_id": user_id, "name": n, "sought": sought} for n, sought in missing]
        db.session.execute(insert(Tag), rows)
    return {row.sought: row.id for row in db.session.execute(own)}
