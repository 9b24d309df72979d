"""Which Ollama models are to write a brief, and how many texts of it, as chosen on a page."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app, g
from wtforms import Form, SelectMultipleField, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.wishes import OWN, VARIANTS_MOST, Wishes, by_boldness
from smartcontent.fields import read
from smartcontent.ollama import canonical
from smartcontent.progress import readiness

# So many texts that differ by chance, or in how bold they are; or one by each model.
_HOW_MANY = re.compile(rf"[1-{VARIANTS_MOST}]|bold-[2-{VARIANTS_MOST}]|models")


def init_app(app: Flask) -> None:
    app.add_template_global(other_models)
    app.add_template_global(known_models)


class VariantsForm(Form):
    """How many texts of one brief, and in what they are to differ; usually one."""

    variants = StringField("Texts", filters=[lambda number: str(number or 1).strip()])
    models = SelectMultipleField(choices=[], validate_choice=False)

    def validate_variants(self, field: Field) -> None:
        """Take what the page offers.

        Raises:
            ValidationError: it is none of these.
        """
        if not _HOW_MANY.fullmatch(field.data):
            raise ValidationError(f"Choose how many texts: 1 to {VARIANTS_MOST}.")

    def validate_models(self, field: Field) -> None:
        """Take a few models where each is to write one, whatever their names.

        Raises:
            ValidationError: there are none, too many, or some that cannot be.
        """
        if self.variants.data != "models":
            return
        if not 1 <= len(set(field.data)) <= VARIANTS_MOST:
            raise ValidationError(f"Tick the models that are to write: 1 to {VARIANTS_MOST}.")
        for name in field.data:
            _refuse_no_model(name)

    @property
    def wanted(self) -> int | Sequence[Wishes]:
        """How many texts are to be written side by side, or what each of them wishes."""
        if self.variants.data == "models":
            return [{"model": name} for name in dict.fromkeys(self.models.data or ())]
        kind, _, number = (self.variants.data or "1").rpartition("-")
        return by_boldness(int(number)) if kind else int(number)


class ModelForm(VariantsForm):
    """The model, too; empty is the usual one."""

    model = StringField("Model", filters=[lambda name: (name or "").strip()])

    def validate_model(self, field: Field) -> None:
        """Take what the API takes.

        Raises:
            ValidationError: it is no name that a model may have.
        """
        _refuse_no_model(field.data or None)

    def changed(self, settings: dict[str, Any]) -> dict[str, Any]:
        """A content's settings with this choice in them."""
        others = {name: value for name, value in settings.items() if name != "model"}
        return others | ({"model": self.model.data} if self.model.data else {})


def _refuse_no_model(name: str | None) -> None:
    _, errors = read(OWN, {"model": name})
    if errors:
        raise ValidationError(errors["model"][0])


def other_models(chosen: str) -> list[str]:
    """What Ollama has beside the usual model, as last seen, and whatever is chosen already."""
    usual = canonical(current_app.config["OLLAMA_MODEL"])
    names = [name for name in _noted_models() if canonical(name) != usual]
    return names if not chosen or chosen in names else [chosen, *names]


def _noted_models() -> list[str]:
    # A page offers them in two places, and Redis is asked once.
    if "noted_models" not in g:
        g.noted_models = readiness.noted_models()
    noted: list[str] = g.noted_models
    return noted


def known_models() -> list[str]:
    """The usual model and the others."""
    return [current_app.config["OLLAMA_MODEL"], *other_models("")]
