"""Which Ollama model is to write a brief, and how many texts of it, as chosen on a page."""

from typing import Any

from flask import Flask, current_app
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.wishes import VARIANTS_MOST, WISHES
from smartcontent.fields import read
from smartcontent.ollama import canonical
from smartcontent.progress import readiness

MOST_SHOWN = 200


def init_app(app: Flask) -> None:
    app.add_template_global(other_models)


class ModelForm(Form):
    """The choice; empty is the usual model, and one text."""

    model = StringField("Model", filters=[lambda name: (name or "").strip()])
    variants = StringField("Texts", filters=[lambda number: str(number or 1).strip()])

    def validate_model(self, field: Field) -> None:
        """Take what the API takes.

        Raises:
            ValidationError: it is no name that a model may have.
        """
        _, errors = read(WISHES, {"model": field.data or None})
        if errors:
            raise ValidationError(errors["model"][0])

    def validate_variants(self, field: Field) -> None:
        """Take 1 to 4.

        Raises:
            ValidationError: it is none of these.
        """
        if field.data not in map(str, range(1, VARIANTS_MOST + 1)):
            raise ValidationError(f"Choose how many texts: 1 to {VARIANTS_MOST}.")

    @property
    def how_many(self) -> int:
        """How many texts are to be written of the brief, side by side."""
        return int(self.variants.data or 1)

    def changed(self, settings: dict[str, Any]) -> dict[str, Any]:
        """A content's settings with this choice in them."""
        others = {name: value for name, value in settings.items() if name != "model"}
        return others | ({"model": self.model.data} if self.model.data else {})


def other_models(chosen: str) -> list[str]:
    """What Ollama has beside the usual model, as last seen, and whatever is chosen already."""
    usual = canonical(current_app.config["OLLAMA_MODEL"])
    names = [name for name in readiness.noted_models() if canonical(name) != usual][:MOST_SHOWN]
    return names if not chosen or chosen in names else [chosen, *names]
