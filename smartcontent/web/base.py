"""What a form was drawn with: who saves it hears what another page has saved meanwhile.

A form is sent as a whole, with all that nobody has touched in it. It takes along a mark of each
field as it was drawn. Where one is another by now, and not what was typed, the form is shown once
more: as it was typed, with what is saved, and with new marks, so that to save it again is a choice.
A form without marks, of a page from before an upgrade, is saved as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from zlib import crc32

from flask import request
from markupsafe import Markup
from wtforms import Form
from wtforms.fields import Field

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES

_WORDS: Mapping[str, Mapping[str, str]] = {
    "content_type": {slug: kind.label for slug, kind in CONTENT_TYPES.items()},
    "language": {code: language.name for code, language in LANGUAGES.items()},
    "length": LENGTHS,
    "tone": TONES,
}

# What pages call otherwise than the API does, or the name of a field.
LABELS: Mapping[str, str] = {
    "content_type": "What to write",
    "topic": "Topic and facts",
    "audience": "For whom",
    "title": "Title in your list",
    "model": "Model that writes",
    "description": "How it sounds",
    "always": "What it always does",
    "never": "Words it never uses",
    "prefer": "Words it prefers",
    "samples": "Texts that sound like it",
    "template_name": "Name",
    "reason": "What to change",
    "instruction": "In your own words",
    "pasted": "Rows",
    "add": "Tags",
    "shared": "Everybody with an account here may use it",
}


class Base:
    """What is saved, field by field; call it where nobody saves anything else until it is used."""

    def __init__(
        self, saved: Mapping[str, str], typed: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._marks = {
            label: f"{crc32(f'{label}:{text}'.encode()):x}" for label, text in saved.items()
        }
        seen = request.form.get("base", "").split()
        self.changed = {
            label: text
            for label, text in saved.items()
            if seen and self._marks[label] not in seen and text != typed.get(label)
        }

    @property
    def field(self) -> Markup:
        """The hidden field with the marks; a tab that keeps what is typed keeps them with it."""
        html = Markup('<input type="hidden" name="base" value="{}" autocomplete="off" data-kept>')
        return html.format(" ".join(self._marks.values()))


def standing_in(*forms: Form) -> dict[str, str]:
    """What stands in each field of forms, as people read it, by what pages call the field."""
    fields = (field for form in forms for field in form)
    return {LABELS.get(field.name, field.label.text): _in_words(field) for field in fields}


def _in_words(field: Field) -> str:
    value = field.data
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, value))
    return _WORDS.get(field.name, {}).get(value, value or "")
