"""The forms of a brief on a page: the brief itself, the model that writes it, and the voice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Ids and names of the voices there are."""
        known = [(str(its_id), name) for its_id, name in KeptVoice.names(current_user.id)]
        kept = self.kept
        if kept is None or kept.id in (its_id for its_id, _ in known):
            return known
        return [*known, (kept.id, f"{kept.name} (as it was)")]


@dataclass(frozen=True)
class BriefForms:
    """All that is typed and chosen of a brief."""

    form: BriefForm
    model: ModelForm
    voice: VoiceForm
    material: str = ""  # of a content that is there: nobody types it

    @classmethod
    def sent(cls, content: Content | Series | None = None) -> "BriefForms":
        """As they were sent, of a content or a series that is there or of a new one."""
        voice = VoiceForm(request.form)
        voice.kept = content.voice if content else None
        material = content.brief.material if content else ""
        return cls(BriefForm(request.form), ModelForm(request.form), voice, material)

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
        return cls.begun(typed, content.voice, content.settings)

    @classmethod
    def begun(
        cls,
        choices: Mapping[str, Any],
        last_voice: Voice | None,
        settings: Mapping[str, Any] = MappingProxyType({}),
    ) -> "BriefForms":
        """To begin with: these choices, and the voice of the last brief."""
        return cls(BriefForm(data=choices), ModelForm(data=settings), _chosen(last_voice))

    def validate(self) -> bool:
        """Whether all of it may be taken; what is wrong stands beside its field."""
        return all([each.validate() for each in self._forms])

    @property
    def _forms(self) -> tuple[Form, ...]:
        return (self.form, self.model, self.voice)

    @property
    def errors(self) -> list[list[str]]:
        """What is wrong, field by field."""
        return [said for each in self._forms for said in each.errors.values()]

    @property
    def brief(self) -> Brief:
        """The brief, with the voice as it is now."""
        return replace(self.form.brief, voice=self.voice.voice, material=self.material)


def _chosen(voice: Voice | None) -> VoiceForm:
    return VoiceForm(data={"voice_id": voice.id if voice else ""})
