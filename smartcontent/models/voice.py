"""A voice as its owner keeps it, to be chosen for briefs."""

from sqlalchemy import JSON, Text
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.briefs.voice import VOICE, Voice
from smartcontent.models.shared import Shared
from smartcontent.stores.sql import Base


class KeptVoice(Shared, Base):
    """A voice under an id; what is made with it holds it as it was then."""

    __tablename__ = "voices"

    description: Mapped[str] = mapped_column(Text, default="")
    always: Mapped[list[str]] = mapped_column(JSON, default=list)
    never: Mapped[list[str]] = mapped_column(JSON, default=list)
    prefer: Mapped[list[str]] = mapped_column(JSON, default=list)
    samples: Mapped[list[str]] = mapped_column(JSON, default=list)

    @property
    def voice(self) -> Voice:
        """The voice as it is at this moment."""
        kept = {name: getattr(self, name) for name in VOICE}
        voice = Voice.read(kept | {"id": str(self.id)})
        assert voice
        return voice
