"""Kept in order: title, tags and the mark of a favourite, which change at any time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from smartcontent.briefs.brief import TITLED_BRIEF, title_from
from smartcontent.contents.locking import held_there, one_after_the_other
from smartcontent.contents.quotas import LOOK_AGAIN_SECONDS, OverQuota
from smartcontent.fields import Fields, Refused, Text, Value, Words
from smartcontent.models import Content, Tag, What, history
from smartcontent.models.search_index import findable_by, make_findable, make_findable_later
from smartcontent.models.tag import content_tags
from smartcontent.stores.sql import db, read_anew
from smartcontent.texts.folding import as_sought

TAGS_MOST, TAG_LONGEST = 20, 60
TAGS_OF_USER_MOST = 2_000


@dataclass(frozen=True, kw_only=True)
class Tags(Words):
    """Tags, of which each can be seen."""

    def check(self, texts: Sequence[str], words: Sequence[str]) -> None:
        super().check(texts, words)
        if not all(any(sign.isprintable() for sign in word) for word in words):
            raise Refused("Tags contain one that nobody could see: take it out.")


TAGS = Tags(
    label="Tags",
    most=TAGS_MOST,
    longest=TAG_LONGEST,
    typed_most=2_000,
    about="A list, or one text with commas.",
    example=["spring", "shop window"],
)


@dataclass(frozen=True, kw_only=True)
class OneTag(Text):
    """A single tag."""

    def check(self, text: str) -> None:
        super().check(text)
        if len(TAGS.cleaned([text])) > 1:
            raise Refused(f"{self.label} must be one tag: commas stand between tags.")


TAG = OneTag(label="Tag", most=TAG_LONGEST, missing="say which", example="spring")
KEPT: Fields = {
    "title": TITLED_BRIEF["title"],
    "tags": TAGS,
    "favourite": Value(
        label="Favourite",
        must="be true or false",
        is_right=lambda value: isinstance(value, bool),
        holds={"type": "boolean"},
        usual=False,
        example=True,
    ),
}


class Known(NamedTuple):
    """A text, and what the index is told of it."""

    text: str
    by: str


NOTHING = Known("", "")


def keep(content: Content, changes: dict[str, Any]) -> None:
    """Change those of KEPT that are given; None gives each its default back."""
    note(content, changes, _text_before(content) if "title" in changes else NOTHING)
    db.session.commit()
    content.announce()


def note(content: Content, changes: Mapping[str, Any], known: Known = NOTHING) -> None:
    """The same in the session alone, for whoever commits it together with something else.

    `known` is its final text with what that is found by: neither is made in mid transaction.
    """
    if "title" in changes:
        _retitle(content, changes["title"] or title_from(content.topic), known)
    if "favourite" in changes:
        _favour(content, bool(changes["favourite"]))
    if "tags" in changes:  # last: who asks for a draft has the content, and then wants the user
        held_there([content.id])
        _note_tags(content, *give_tags(content, changes["tags"] or ()))


def add_tags(content: Content, typed: str) -> None:
    """Give a content the tags that are typed, beside those that it has.

    Raises:
        Refused: they cannot be tags, or would be too many.
        OverQuota: its user would have too many.
    """
    keep(content, {"tags": TAGS.read([*_names_held(content), typed])})


def remove_tag(content: Content, name: str) -> None:
    """Take a tag off a content, in any case of letters; nothing where it has none such."""
    names = _names_held(content)
    left = [each for each in names if as_sought(each) != as_sought(name)]
    if len(left) < len(names):
        keep(content, {"tags": left})


def _names_held(content: Content) -> Sequence[str]:
    """The tags of a content as they are, and as they stay until this transaction ends."""
    one_after_the_other(content.user_id)
    its = select(Tag.name).join(content_tags).where(content_tags.c.content_id == content.id)
    return db.session.scalars(its).all()


def as_written(user_id: int, name: str) -> str:
    """A tag's name as its user wrote it first; as it is given where there is none such."""
    [tag] = _tags_named(user_id, [name])
    return tag.name


def tag_named(user_id: int, name: str) -> Tag:
    """The user's tag of this name, made where there is none; nobody else may tag meanwhile."""
    [tag] = _tags_named(user_id, [name])
    db.session.add(tag)
    db.session.flush()
    return tag


def _text_before(content: Content) -> Known:
    """What the text is found by, made while no transaction holds up other writers."""
    draft = content.current
    db.session.commit()
    return Known(draft.text, findable_by(draft.text)) if draft.is_final else NOTHING


def _retitle(content: Content, title: str, known: Known) -> None:
    held_there([content.id], to_change=True)  # before its history, as who adds a version does
    if content.title != title:
        history.note(content.id, What.TITLED, title=title)
    content.title = title
    db.session.flush()
    # A worker may have completed it since it was read, or somebody shown another version.
    read_anew(content)
    read_anew(content.current)
    text = content.current.text if content.current.is_final else ""
    if text == known.text:
        make_findable(content, known.by)
    else:  # its tokens are not made here: others wait for this transaction
        make_findable_later([content.id])


def _favour(content: Content, is_favourite: bool) -> None:
    if content.favourite != is_favourite:
        content.favourite = is_favourite
        history.note(content.id, What.FAVOURED if is_favourite else What.UNFAVOURED)


def _note_tags(content: Content, before: set[str], after: set[str]) -> None:
    for what, names in ((What.TAGGED, after - before), (What.UNTAGGED, before - after)):
        if names:
            history.note(content.id, what, tags=sorted(names))


def give_tags(content: Content, names: Sequence[str]) -> tuple[set[str], set[str]]:
    """Have a content have these tags and no others, in the session; its tags before and after.

    Raises:
        OverQuota: its user would have too many.
    """
    one_after_the_other(content.user_id)  # or two at once would make one tag twice
    read_anew(content, ["tags"])  # another may have changed them since they were read
    before = {tag.id: tag.name for tag in content.tags}
    content.tags = _tags_named(content.user_id, names)
    db.session.flush()
    after = {tag.id: tag.name for tag in content.tags}
    forget_unused(content.user_id, before.keys() - after.keys())
    return set(before.values()), set(after.values())


def _tags_named(user_id: int, names: Sequence[str]) -> list[Tag]:
    wanted = {as_sought(name): name for name in names}
    own = select(Tag).where(Tag.user_id == user_id, Tag.sought.in_(wanted))
    there = {tag.sought: tag for tag in db.session.scalars(own)}
    check_number(user_id, len(wanted) - len(there))
    return [
        there.get(sought) or Tag(user_id=user_id, name=name, sought=sought)
        for sought, name in sorted(wanted.items())
    ]


def check_number(user_id: int, new: int) -> None:
    """Refuse new tags where the user would have too many.

    Raises:
        OverQuota: it would be so; nothing of the session is saved.
    """
    if new and Tag.number_of(user_id) + new > TAGS_OF_USER_MOST:
        db.session.rollback()
        raise OverQuota(
            f"One account may have {TAGS_OF_USER_MOST:,} tags, and so many you have: remove some,"
            " or use one of them.",
            retry_after=LOOK_AGAIN_SECONDS,
        )


def forget_unused(user_id: int, tag_ids: Collection[int]) -> None:
    """Let go of those of the user's tags that no content has; nobody else may tag meanwhile."""
    is_used = select(content_tags).where(content_tags.c.tag_id == Tag.id).exists()
    db.session.execute(
        delete(Tag).where(Tag.user_id == user_id, Tag.id.in_(tag_ids), ~is_used),
        execution_options={"synchronize_session": False},
    )
