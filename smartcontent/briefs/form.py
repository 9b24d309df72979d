"""The page's form for a brief, made of the brief's own fields."""

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import FieldList, Form, StringField
from wtforms.fields import Field as FormField
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from smartcontent.briefs.brief import TITLED_BRIEF, Brief, brief_of, title_of, usual_choices
from smartcontent.fields import Choice, Field, Lines, Refused, Text, Texts, Words


class WordsField(FormField):
    """Words as people type them, between commas or on lines."""

    widget = TextInput()

    def __init__(self, rule: Words, **kwargs: Any) -> None:
        super().__init__(rule.label, **kwargs)
        self._rule = rule

    def process_data(self, value: str | Sequence[str] | None) -> None:
        self._take([value] if isinstance(value, str) else value or ())

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            self._take(valuelist)

    def _take(self, texts: Sequence[str]) -> None:
        self._typed = texts
        self.data = self._rule.cleaned(texts)

    def _value(self) -> str:
        return ("\n" if isinstance(self._rule, Lines) else ", ").join(self.data)

    def pre_validate(self, form: Form) -> None:
        _or_stop(lambda: self._rule.check(self._typed, self.data))


def form_field(rule: Field) -> FormField:
    """A field of a page's form that reads what people type by a rule."""
    if isinstance(rule, Words):
        return WordsField(rule)
    if isinstance(rule, Texts):
        return FieldList(form_field(rule.each), min_entries=rule.most, max_entries=rule.most)
    assert isinstance(rule, Text | Choice)
    check = rule.check
    return StringField(
        rule.label,
        [lambda _form, field: _or_stop(lambda: check(field.data))],
        filters=[rule.cleaned],
    )


def _or_stop(check: Callable[[], object]) -> None:
    try:
        check()
    except Refused as refused:
        raise StopValidation(str(refused)) from refused


class BriefForm(Form):
    """A brief as typed; after a successful `validate()`, `brief` is what to keep of it."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for name, choice in usual_choices(self.content_type.data).items():
            self[name].data = self[name].data or choice

    @property
    def brief(self) -> Brief:
        """The brief, cleaned."""
        return brief_of(self.data | {"keywords": tuple(self.keywords.data)})

    @property
    def title_or_default(self) -> str:
        """The title; where none was given, one from the topic."""
        return title_of(self.data)


for _name, _rule in TITLED_BRIEF.items():
    setattr(BriefForm, _name, form_field(_rule))
