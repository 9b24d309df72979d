"""A content: one thing a user wants written, with its brief and all its drafts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    false,
    func,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    Mapped,
    foreign,
    lazyload,
    load_only,
    mapped_column,
    relationship,
    remote,
)

from smartcontent import events
from smartcontent.briefs.brief import BRIEF, Brief, title_from
from smartcontent.briefs.voice import Voice
from smartcontent.models.accounts import LARGEST_ID, User
from smartcontent.models.draft import Draft
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.models.search_index import make_findable
from smartcontent.models.status import FINAL, UNFINISHED
from smartcontent.models.tag import Tag, content_tags
from smartcontent.stores.sql import Base, db

_LOOKED_BACK = 200  # contents, for the last brief that was filled in on a page
_CHOICES = ("content_type", "tone", "length", "language")
_LISTED_BY = ("user_id", "created_at", "id")
_LISTED = (
    *(
        Draft.content_id,
        Draft.number,
        Draft.status,
        Draft.origin,
        Draft.model,
        Draft.words,
        Draft.beginning,
        Draft.made,
        Draft.brief,
    ),
    *(Draft.created_at, Draft.finished_at, Draft.wishes, Draft.reproduces, Draft.revision),
)


def _where(condition: str) -> dict[str, Any]:
    """An index of some rows alone, in the words in which each database is asked for them."""
    of_sqlite = condition.replace("true", "1")
    return {"sqlite_where": text(of_sqlite), "postgresql_where": text(condition)}


class _VoiceId(ColumnElement[str]):
    """The id of the voice that a content holds, in the words of its index."""

    inherit_cache = True
    type = String()


@compiles(_VoiceId, "sqlite")
def _of_sqlite(_element: _VoiceId, _compiler: object, **_how: object) -> str:
    return "json_extract(voice, '$.id')"


@compiles(_VoiceId, "postgresql")
def _of_postgresql(_element: _VoiceId, _compiler: object, **_how: object) -> str:
    return "(voice ->> 'id')"


class Content(Base):
    """A brief and what was written from it."""

    __tablename__ = "contents"
    __table_args__ = (
        Index(None, "user_id", "created_at"),
        # The list without the trash, in its orders, and the trash.
        Index("ix_contents_listed", *_LISTED_BY, **_where("deleted_at IS NULL")),
        Index("ix_contents_thrown_away", *_LISTED_BY, **_where("deleted_at IS NOT NULL")),
        Index("ix_contents_titled", "user_id", text("lower(title)"), "id"),
        Index("ix_contents_of_type", "user_id", "content_type", "created_at", "id"),
        Index(
            "ix_contents_of_voice",
            *("user_id", _VoiceId(), "created_at", "id"),
            **_where("voice IS NOT NULL"),
        ),
        Index(
            "ix_contents_favourite", "user_id", "created_at", "id", **_where("favourite IS true")
        ),
        Index(
            "ix_contents_trash", "user_id", "deleted_at", "id", **_where("deleted_at IS NOT NULL")
        ),
        # What has been in the trash for longest, of everybody.
        Index("ix_contents_to_go", "deleted_at", **_where("deleted_at IS NOT NULL")),
        UniqueConstraint("user_id", "idempotency_key"),
        # Few have one: an index of all, most without, would be taken for one that finds nothing.
        Index(None, "batch_id", "batch_row", unique=True, **_where("batch_id IS NOT NULL")),
        Index(None, "source_id", **_where("source_id IS NOT NULL")),
        # Of any number that would make the content of one time, one does.
        Index(None, "series_id", "series_due_at", unique=True, **_where("series_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(200), default="")
    tone: Mapped[str] = mapped_column(String(40))
    length: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(20))
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    instructions: Mapped[str] = mapped_column(Text, default="")
    # As it was when the brief was submitted: the voice may change, or go.
    _voice: Mapped[dict[str, Any] | None] = mapped_column("voice", JSON(none_as_null=True))
    # The text of another content that it is made from, and which draft of that it was.
    material: Mapped[str] = mapped_column(Text, default="", server_default="")
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("contents.id", ondelete="SET NULL"))
    source_number: Mapped[int | None]
    # What the user asks of Ollama beyond the defaults: model, temperature, seed.
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    favourite: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    # Of what was submitted: a change of the brief does not change it.
    request_digest: Mapped[str | None] = mapped_column(String(64))
    # The number of the draft people see.
    current_number: Mapped[int] = mapped_column(default=1)
    # The highest number of a draft that was deleted: it is given to no other.
    removed_number: Mapped[int | None]
    # Where it comes from: its row, as spreadsheets count, and what stood in that row.
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"))
    batch_row: Mapped[int | None]
    batch_cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    # The series that made it, for which of its times, and how many earlier ones were missed.
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"))
    series_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    series_missed: Mapped[int | None]
    # What the version before this one looks through. It may run beside us; nobody else needs it.
    search_text: Mapped[str] = mapped_column(Text, default="", deferred=True)

    user: Mapped[User] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=content_tags, order_by=Tag.sought)
    drafts: Mapped[list[Draft]] = relationship(
        back_populates="content", order_by=Draft.number, passive_deletes=True
    )
    current: Mapped[Draft] = relationship(
        primaryjoin=lambda: and_(
            remote(foreign(Draft.content_id)) == Content.id,
            Draft.number == Content.current_number,
        ),
        viewonly=True,
        uselist=False,
        lazy="joined",
        innerjoin=True,
    )

    def version(self, number: int) -> Draft | None:
        """Its draft with this number, which may be any that somebody typed."""
        if not 0 < number <= LARGEST_ID:  # no database looks for it
            return None
        return db.session.scalar(select(Draft).filter_by(content_id=self.id, number=number))

    def versions(self) -> Sequence[Draft]:
        """All its drafts, the newest first, without their texts."""
        query = select(Draft).where(Draft.content_id == self.id).order_by(Draft.number.desc())
        return db.session.scalars(query.options(load_only(*_LISTED))).all()

    def unfinished(self) -> Sequence[Draft]:
        """Its drafts that wait or are being written, the first one first, without their texts."""
        query = select(Draft).where(Draft.content_id == self.id, Draft.status.in_(UNFINISHED))
        return db.session.scalars(query.order_by(Draft.number).options(*Draft.light())).all()

    def number_of_last_text(self) -> int | None:
        """The number of its newest draft that has ended with a text, if there is one."""
        query = select(func.max(Draft.number)).where(
            Draft.content_id == self.id, Draft.status.in_(FINAL), Draft.text != ""
        )
        return db.session.scalar(query)

    def version_count(self) -> int:
        """How many drafts it has."""
        query = select(func.count()).select_from(Draft).where(Draft.content_id == self.id)
        return db.session.scalar(query) or 0

    @property
    def brief(self) -> Brief:
        """What prompts are made from."""
        typed = {name: getattr(self, name) for name in BRIEF}
        chosen = {"voice": self.voice, "material": self.material}
        return Brief(**typed | {"keywords": tuple(self.keywords)} | chosen)

    @property
    def voice(self) -> Voice | None:
        """How it is to sound."""
        return Voice.read(self._voice)

    @voice.setter
    def voice(self, voice: Voice | None) -> None:
        self._voice = voice.as_json() if voice else None

    @property
    def own_title(self) -> str:
        """The title its owner gave it; empty where it was made from the topic."""
        return "" if self.title == title_from(self.topic) else self.title

    def announce(self) -> None:
        """Tell the owner's open pages that it changed; call it after the commit."""
        event = {"content_id": str(self.id), "deleted": self.deleted_at is not None}
        whose = self.user_id
        db.session.commit()  # which was begun to read that again
        events.publish(whose, "content", event)

    @classmethod
    def take_in(cls, draft: Draft, words: str) -> "Content | None":
        """Have a draft's content found by its text, as `findable_by` tells it, if it is current.

        Answers the content as it is by now; None where it is gone.
        """
        fresh: dict[str, Any] = {
            "populate_existing": True,
            "with_for_update": {"of": cls, "key_share": True},
            # Else it is gone for PostgreSQL, if another draft became the current one meanwhile.
            "options": [lazyload(cls.current)],
        }
        content = db.session.get(cls, draft.content_id, **fresh)
        if content is not None and content.current_number == draft.number:
            make_findable(content, words)
        return content

    @classmethod
    def owned_by(cls, user_id: int) -> Select["Content"]:
        """The user's contents that are not in the trash, newest first."""
        return (
            select(cls)
            .where(cls.user_id == user_id, cls.deleted_at.is_(None))
            .order_by(cls.created_at.desc(), cls.id.desc())
        )

    @classmethod
    def sounds_like(cls, voice_id: UUID) -> ColumnElement[bool]:
        """That it was submitted with this voice, whatever has become of the voice."""
        return and_(cls._voice.is_not(None), _VoiceId() == str(voice_id))

    @classmethod
    def last_chosen(cls, user_id: int) -> tuple[Mapping[str, str], Voice | None]:
        """Type, tone, length and language of the user's last brief, and its voice.

        That is the brief which was filled in last on a page, or else the last one of any kind;
        before the first, nothing.
        """
        last = db.session.execute(_LAST_CHOSEN, {"owner": user_id}).first()
        if last is None:
            return {}, None
        *chosen, voice = last
        return dict(zip(_CHOICES, chosen, strict=True)), Voice.read(voice)

    @classmethod
    def find(cls, user_id: int, content_id: UUID) -> "Content | None":
        """One content of the user; None also where it is somebody else's."""
        return db.session.scalar(cls.owned_by(user_id).where(cls.id == content_id))

    @classmethod
    def find_to_change(cls, user_id: int, content_id: UUID) -> "Content | None":
        """The same, and nobody else changes it until this transaction ends."""
        own = cls.owned_by(user_id).where(cls.id == content_id)
        locked = own.with_for_update(of=cls, key_share=True).options(lazyload(cls.current))
        return db.session.scalar(locked)

    @classmethod
    def submitted_with(cls, user_id: int, idempotency_key: str) -> "Content":
        """What the user has submitted with this key; call it where there is such a content."""
        own = select(cls).filter_by(user_id=user_id, idempotency_key=idempotency_key)
        return db.session.scalars(own).one()

    @classmethod
    def find_deleted(cls, user_id: int, content_id: UUID) -> "Content | None":
        """One content of the user that is in the trash."""
        return db.session.scalar(
            select(cls).where(
                cls.user_id == user_id, cls.id == content_id, cls.deleted_at.is_not(None)
            )
        )


def _last_chosen() -> Select[Any]:
    """A script, a table, a series or a translation chooses for itself, not for the next brief."""
    is_of_form = and_(
        Content.idempotency_key.is_not(None),
        Content.request_digest.is_(None),
        Content.source_number.is_(None),
    )
    chosen = *(getattr(Content, name) for name in _CHOICES), Content._voice
    rank = case((is_of_form, 0), else_=1).label("rank")
    own = select(*chosen, rank, Content.created_at).where(Content.user_id == bindparam("owner"))
    newest = own.order_by(Content.created_at.desc()).limit(_LOOKED_BACK).subquery().c
    best = newest.rank, newest.created_at.desc()
    return select(*list(newest)[: len(chosen)]).order_by(*best).limit(1)


_LAST_CHOSEN = _last_chosen()  # every page that begins a brief asks it
