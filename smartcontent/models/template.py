"""A template as its owner keeps it, to be filled for briefs."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.briefs.template import Template
from smartcontent.models.shared import Shared
from smartcontent.stores.sql import Base


class KeptTemplate(Shared, Base):
    """A template under an id; what is made with it holds the brief it became."""

    __tablename__ = "templates"

    brief: Mapped[dict[str, Any]] = mapped_column(JSON)
    defaults: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    @property
    def template(self) -> Template:
        """The template as it is at this moment."""
        return Template(self.name, self.brief, self.defaults, str(self.id))
