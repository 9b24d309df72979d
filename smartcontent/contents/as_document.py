"""A text as it is taken away: with what is known of it, for whatever writes the file."""

from smartcontent.contents.checking import asked_for, brief_of
from smartcontent.exports.document import Document
from smartcontent.models import Draft


def document_of(draft: Draft) -> Document | None:
    """A draft with the brief it was made from; None where it has not ended with a text."""
    return as_it_is(draft) if draft.is_final and draft.text else None


def as_it_is(draft: Draft) -> Document:
    """A draft with the brief it was made from, however far it is."""
    asked = asked_for(draft)  # a translation is in another language than its brief
    known = brief_of(draft) | {"keywords": asked.keywords, "language": asked.language}
    return Document(
        title=draft.content.title,
        text=draft.text,
        **known,
        model=draft.model or "",
        created_at=draft.content.created_at,
        finished_at=draft.finished_at,
    )
