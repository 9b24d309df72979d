"""One form on two pages: what the other page has saved is not overwritten without a word."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape

import pytest
from conftest import Visitor, both_databases

from smartcontent.models import KeptTemplate, KeptVoice, Series
from smartcontent.stores.sql import db

BRIEF = {"content_type": "ad_copy", "topic": "A teapot", "tone": "warm", "language": "en"}
WEEKLY = {"often": "weekly", "days": ["1"], "time": "07:00", "timezone": "Europe/Berlin"}


@dataclass(frozen=True)
class Editor:
    """A page with a form: one whole form, the long field of it, and a short one."""

    path: str
    form: dict
    long: str
    label: str
    short: dict


def of_brief(_visitor, content) -> Editor:
    form = BRIEF | {"content_type": content.content_type, "title": "Tea"}
    path = f"/contents/{content.id}/brief"
    return Editor(path, form, "instructions", "Instructions", {"tone": "formal"})


def of_voice(visitor, _content) -> Editor:
    form = {"name": "Northwind", "never": "cheap"}
    visitor.post("/voices/new", form)
    path = f"/voices/{db.session.query(KeptVoice.id).scalar()}"
    return Editor(path, form, "description", "How it sounds", {"shared": "1"})


def of_template(visitor, _content) -> Editor:
    form = BRIEF | {"template_name": "Offer", "topic": "{product}"}
    visitor.post("/templates/new", form)
    path = f"/templates/{db.session.query(KeptTemplate.id).scalar()}/edit"
    return Editor(path, form, "blank:product", "{product}", {"tone": "formal"})


def of_series(visitor, _content) -> Editor:
    form = BRIEF | WEEKLY
    visitor.post("/series", form)
    path = f"/series/{db.session.query(Series.id).scalar()}/edit"
    return Editor(path, form, "instructions", "Instructions", {"time": "08:00"})


each_editor = pytest.mark.parametrize("make", [of_brief, of_voice, of_template, of_series])
Make = Callable[[Visitor, object], Editor]


def drawn(page: str) -> dict[str, str]:
    """The mark of what a page's form was drawn with."""
    return {"base": re.search(r'name="base" value="([^"]+)"', page)[1]}


def told(page: str) -> dict[str, str]:
    """What the page says is saved by now."""
    listed = page.partition("changed elsewhere meanwhile")[2].partition("</dl>")[0]
    found = re.findall(r"<bdi>(.*?)</bdi></dt><dd[^>]*>(.*?)</dd>", listed, re.DOTALL)
    return {unescape(label): unescape(text) for label, text in found}


@each_editor
def test_what_another_page_has_saved_is_shown_before_it_is_overwritten(as_ada, content, make: Make):
    editor = make(as_ada, content)
    as_ada.post(editor.path, editor.form)  # of a page from before there were marks
    laptop = as_ada.get(editor.path).text
    typed_there = editor.form | {editor.long: "Mention <b>delivery</b>.\nBe brief."}
    assert as_ada.post(editor.path, typed_there | drawn(laptop)).status_code == 303
    typed_here = editor.form | editor.short | {editor.long: ""}

    # What is wrong as well is no way round.
    wrong = as_ada.post(editor.path, typed_here | drawn(laptop) | {"topic": "", "name": " " * 300})
    answer = as_ada.post(editor.path, typed_here | drawn(laptop))

    assert (wrong.status_code, answer.status_code) == (422, 409)
    shown = {editor.label: typed_there[editor.long].split()}
    assert [words_of(told(page.text)) for page in (wrong, answer)] == [shown, shown]
    assert saved(as_ada, editor).split() == shown[editor.label]
    # Now it has been seen, and saving is a choice.
    assert as_ada.post(editor.path, typed_here | drawn(answer.text)).status_code == 303
    assert saved(as_ada, editor) == ""


def test_blank_that_another_page_has_emptied_stays_so_unless_one_wants_it(as_ada, content):
    editor = of_template(as_ada, content)
    filled = editor.form | {editor.long: "a cup"}
    as_ada.post(editor.path, filled)
    laptop = as_ada.get(editor.path).text
    as_ada.post(editor.path, editor.form | {editor.long: ""} | drawn(laptop))

    answer = as_ada.post(editor.path, filled | editor.short | drawn(laptop))

    assert (answer.status_code, saved(as_ada, editor)) == (409, "")


def words_of(fields: dict[str, str]) -> dict[str, list[str]]:
    return {label: text.split() for label, text in fields.items()}


def saved(visitor: Visitor, editor: Editor) -> str:
    """What the editor's long field holds when it is opened."""
    page = visitor.get(editor.path).text
    name = re.escape(editor.long)
    area = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    field = area or re.search(rf'<input[^>]* name="{name}" value="([^"]*)"', page)
    return unescape(field[1])


@each_editor
def test_form_sent_again_is_none_that_was_changed_elsewhere(as_ada, content, make: Make):
    editor = make(as_ada, content)
    form = editor.form | editor.short | {editor.long: "Be brief."}
    form |= drawn(as_ada.get(editor.path).text)

    assert [as_ada.post(editor.path, form).status_code for _ in range(2)] == [303, 303]


@each_editor
@both_databases
def test_of_several_pages_that_save_at_once_one_does(app, as_ada, content, make: Make):
    editor = make(as_ada, content)
    form = editor.form | drawn(as_ada.get(editor.path).text) | {"csrf_token": as_ada.token()}

    def send(number: int) -> int:
        client = Visitor(app).client
        client._cookies = as_ada.client._cookies
        return client.post(editor.path, data=form | {editor.long: f"Page {number}"}).status_code

    with ThreadPoolExecutor(4) as several:
        statuses = list(several.map(send, range(4)))

    assert sorted(statuses) == [303, 409, 409, 409]
