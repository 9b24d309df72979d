"""The forms of a brief on a page: the brief itself, the model that writes it, and the voice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import request
from flask_login import current_user
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.brief import Brief
from smartcontent.briefs.form import BriefForm
from smartcontent.briefs.voice import Voice
from smartcontent.models import Content, KeptVoice, Series
from smartcontent.web.base import standing_in
from smartcontent.web.model_choice import ModelForm


class VoiceForm(Form):
    """Which voice; empty is none. What a content has already it may keep, as it was."""

    voice_id = StringField("Voice", filters=[lambda typed: (typed or "").strip()])
    kept: Voice | None = None
    voice: Voice | None = None

    def validate_voice_id(self, field: Field) -> None:
        """Find the voice.

        Raises:
            ValidationError: it is not there any more, or is for others.
        """
        self.voice = self._found(field.data)
        if field.data and self.voice is None:
            raise ValidationError("This voice is not there any more: choose another one.")

    def _found(self, typed: str) -> Voice | None:
        try:
            found = KeptVoice.find(current_user.id, UUID(typed)) if typed else None
        except ValueError:
            return None
        if found is None and self.kept and typed == self.kept.id:
            return self.kept
        return found.voice if found else None

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Ids and names of the voices there are."""
        known = [(str(its_id), name) for its_id, name in KeptVoice.names(current_user.id)]
        kept = self.kept
        if kept is None or kept.id in (its_id for its_id, _ in known):
            return known
        return [*known, (kept.id, f"{kept.name} (as it was)")]


class SourceForm(Form):
    """The text a brief is made from: that of a content whose brief is used again, by its id."""

    again = StringField()
    content: Content | None = None

    @classmethod
    def of(cls, content: Content | Series | None) -> "SourceForm":
        """Of a content that was made from another; of all else there is none."""
        form = cls()
        form.content = content if isinstance(content, Content) and content.material else None
        return form

    def validate_again(self, field: Field) -> None:
        """Find the content, in the trash, too.

        Raises:
            ValidationError: it is gone, and what it was made from with it.
        """
        self.content = self.content or content_named(field.data)
        if field.data and self.content is None:
            raise ValidationError(
                "The text that this was made from is gone: it went for good with the content it"
                " was in. Sent once more, it is written from the brief alone."
            )


@dataclass(frozen=True)
class BriefForms:
    """All that is typed and chosen of a brief."""

    form: BriefForm
    model: ModelForm
    voice: VoiceForm
    source: SourceForm

    @classmethod
    def sent(cls, content: Content | Series | None = None) -> "BriefForms":
        """As they were sent, of a content or a series that is there or of a new one."""
        voice = VoiceForm(request.form)
        voice.kept = content.voice if content else None
        source = SourceForm.of(content) if content else SourceForm(request.form)
        return cls(BriefForm(request.form), ModelForm(request.form), voice, source)

    @classmethod
    def of(cls, content: Content | Series) -> "BriefForms":
        """As they were filled for a content."""
        forms = cls.again(content)
        forms.voice.kept = content.voice
        return forms

    @classmethod
    def again(cls, content: Content | Series) -> "BriefForms":
        """Filled like a content's, for a new one: a voice that has gone has gone."""
        typed = content.brief.typed | {"title": content.own_title}
        begun = cls.begun(typed, content.voice, content.settings)
        return replace(begun, source=SourceForm.of(content))

    @classmethod
    def begun(
        cls,
        choices: Mapping[str, Any],
        last_voice: Voice | None,
        settings: Mapping[str, Any] = MappingProxyType({}),
    ) -> "BriefForms":
        """To begin with: these choices, and the voice of the last brief."""
        forms = BriefForm(data=choices), ModelForm(data=settings), _chosen(last_voice)
        return cls(*forms, SourceForm())

    def validate(self) -> bool:
        """Whether all of it may be taken; what is wrong stands beside its field."""
        return all([each.validate() for each in self._forms])

    @property
    def _forms(self) -> tuple[Form, ...]:
        return (self.form, self.model, self.voice, self.source)

    @property
    def errors(self) -> list[list[str]]:
        """What is wrong, field by field."""
        return [said for each in self._forms for said in each.errors.values()]

    @property
    def standing(self) -> dict[str, str]:
        """What stands in the fields, as people read it."""
        voice = dict(self.voice.choices).get(self.voice.voice_id.data or "", "")
        return standing_in(self.form, self.model) | {"Voice": voice}

    @property
    def brief(self) -> Brief:
        """The brief, with the voice as it is now and the text that it is made from."""
        material = self.source.content.material if self.source.content else ""
        return replace(self.form.brief, voice=self.voice.voice, material=material)


def content_named(typed: str | None) -> Content | None:
    """Any of one's contents by its id, one that was taken back or deleted, too."""
    try:
        key = current_user.id, UUID(typed or "")
    except ValueError:
        return None
    return Content.find(*key) or Content.find_deleted(*key)


def _chosen(voice: Voice | None) -> VoiceForm:
    return VoiceForm(data={"voice_id": voice.id if voice else ""})
