"""The dashboard and the content pages through HTTP, with input good, bad and hostile."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from unicodedata import normalize
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from conftest import BRIEF, PASSWORD, ROOT, Visitor, both_databases
from costs import assert_takes_less
from markupsafe import Markup, escape

from smartcontent.briefs.brief import title_from
from smartcontent.contents import ending, model_pulls, repurposing, submitting, versions, waiting
from smartcontent.models import Content, Draft, Status, User, now
from smartcontent.models.download import Download
from smartcontent.models.search_index import make_findable
from smartcontent.preflight import preflight
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.stores.sql import db
from smartcontent.web import due_time
from smartcontent.web.search_results import passages_of
from smartcontent.web.templating import with_code
from smartcontent.writing import job

BRIEF_FORM = {
    "content_type": "product_description",
    "topic": "A teapot of blue glass",
    "audience": "people who love tea",
    "tone": "warm",
    "length": "short",
    "language": "en",
    "keywords": "teapot, glass",
    "instructions": "",
}


def complete(content: Content, ollama, text: str = "Tea is **warm**.") -> Content:
    """Have the content's draft written."""
    ollama.says(text)
    waiting.start_now(content.current)
    job.write_draft(content.current.id)
    db.session.expire_all()
    return content


def test_submitted_brief_is_a_card_on_top(as_ada, caplog):
    caplog.set_level("INFO")

    answer = as_ada.post("/contents", BRIEF_FORM)

    content = db.session.query(Content).one()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/#content-{content.id}")
    assert (content.keywords, content.title) == (["teapot", "glass"], BRIEF_FORM["topic"])
    page = as_ada.get("/").text
    assert 'class="badge pending">Pending<' in page
    assert "starts in" in page
    queued = [
        record.message for record in caplog.records if "Job successfully queued" in record.message
    ]
    assert f"draft={content.current.id} job={content.current.job_id} due=" in queued[0]


def test_submitting_asks_the_model_nothing(as_ada, ollama):
    as_ada.post("/contents", BRIEF_FORM)

    assert ollama.requests == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("topic", "", "missing"),
        ("topic", "x" * 2_001, "too long"),
        ("topic", "tea\0", "control character"),
        ("audience", "x" * 201, "too long"),
        ("instructions", "x" * 4_001, "too long"),
        ("keywords", ",".join(f"k{n}" for n in range(21)), "too many"),
        ("keywords", "x" * 61, "too long"),
        ("title", "x" * 201, "too long"),
        ("content_type", "poem", "not known"),
        ("tone", "angry", "not known"),
        ("length", "endless", "not known"),
        ("language", "xx", "not known"),
        ("model", "../etc passwd", "must be the name of an Ollama model"),
    ],
)
def test_problem_of_a_brief_is_named_beside_its_field(as_ada, field, value, sentence):
    answer = as_ada.post("/contents", {**BRIEF_FORM, field: value})

    assert answer.status_code == 422
    beside = answer.text.split(f'<small id="{field}-error" class="error">')[1].split("</small>")[0]
    assert sentence in beside
    assert db.session.query(Content).count() == 0


@pytest.mark.parametrize("signs", ["aé茶😀", "é茶é😀茶a", "😀茶éa"])
def test_brief_in_signs_of_every_length_is_taken(as_ada, signs):
    assert as_ada.post("/contents", {**BRIEF_FORM, "topic": signs}).status_code == 303


def test_what_was_typed_is_kept_when_something_is_wrong(as_ada):
    page = as_ada.post("/contents", {**BRIEF_FORM, "audience": "x" * 201}).text

    assert ">\nA teapot of blue glass</textarea>" in page


def test_example_is_one_click_away(as_ada):
    page = as_ada.get("/?example=press_release").text

    assert "Northwind Cargo Bikes" in page
    assert '<option value="press_release" selected>' in page


def test_body_of_ten_megabytes_is_refused(as_ada):
    answer = as_ada.post("/contents", {**BRIEF_FORM, "topic": "x" * 10_000_000})

    assert answer.status_code == 413
    assert "Send at most 256 KB: shorten" in answer.text


def test_owner_status_and_attempt_cannot_be_set_by_the_form(as_ada, ada, bob):
    as_ada.post(
        "/contents",
        {**BRIEF_FORM, "user_id": bob.id, "status": "completed", "attempt": 9, "is_admin": 1},
    )

    draft = db.session.query(Draft).one()
    assert (draft.user_id, draft.status, draft.attempt) == (ada.id, Status.PENDING, 0)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](https://evil.example/pixel.png)",
    "<svg onload=alert(1)>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<iframe src=https://evil.example></iframe>",
    "<javascript:alert(1)>",
    "**<b onmouseover=alert(1)>x</b>**",
    '<div style="background:url(https://evil.example)">x</div>',
]


class _Harms(HTMLParser):
    """Notes what a browser would run or fetch of a page that is not the page's own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag in ("iframe", "object", "style"):
            self.found.append(tag)
        for name, value in attributes:
            value = (value or "").strip().lower()
            own = value.startswith(("/", "#", "?", "http://localhost")) or value == ""
            if name.startswith("on") or name == "style" or (name == "src" and not own):
                self.found.append(f"{tag} {name}={value}")
            if name == "href" and value.startswith(("javascript:", "data:", "vbscript:")):
                self.found.append(f"{tag} {name}={value}")
        if tag == "script" and not dict(attributes).get("src"):
            self.found.append("script")


def harms(page: str) -> list[str]:
    parser = _Harms()
    parser.feed(page)
    return parser.found


def test_what_would_harm_is_recognised():
    found = harms("<img src=x onerror=alert(1)><script>1</script><a href='javascript:1'>x</a>")

    assert len(found) == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_of_a_model_is_shown_harmless(as_ada, content, ollama, text):
    complete(content, ollama, text)

    page = as_ada.get(f"/contents/{content.id}").text

    assert harms(page) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_brief_is_shown_as_typed(as_ada, ada, text):
    content = submitting.submit(ada.id, type(BRIEF)(**(vars(BRIEF) | {"topic": text})), text[:100])

    for path in ("/", f"/contents/{content.id}", f"/contents/{content.id}/brief"):
        page = as_ada.get(path).text
        assert str(escape(text)) in page
        assert harms(page) == []


def test_completed_text_is_rendered_markdown_with_the_source_to_copy(as_ada, content, ollama):
    complete(content, ollama)

    page = as_ada.get(f"/contents/{content.id}").text

    assert "<strong>warm</strong>" in page
    assert ">\nTea is **warm**.</textarea>" in page
    assert "3 words" in page


def test_card_shows_how_a_text_begins_line_by_line(as_ada, content, ollama):
    complete(content, ollama, "# Tea\n\nSubject: **warm**\nPreview: <b>blue</b>\n\n- a<br>b")

    assert "Tea\nSubject: warm\nPreview: blue\na\nb</p>" in as_ada.get("/").text


def test_failed_draft_says_what_to_do_and_offers_retry(as_ada, content, ollama):
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    waiting.start_now(content.current)
    job.write_draft(content.current.id)

    page = as_ada.get("/").text

    advice = "The model llama3.2 is not on the Ollama server: tell your administrator, then retry."
    assert advice in page
    assert "ollama pull" not in page
    assert "Retry" in page
    make_administrator(content.user_id)
    assert "ollama pull llama3.2" in as_ada.get("/").text


def make_administrator(user_id: int) -> None:
    db.session.get(User, user_id).is_admin = True
    db.session.commit()


AWAY = "The writing service is away: we go on by ourselves."
FAILED = "The writing service is away: tell your administrator, then retry."
FOUND = {
    "nobody_writes": AWAY,
    "unreachable": AWAY,
    "protocol": AWAY,
    "not_downloaded": "Ollama does not have llama3.2: it has to be downloaded first.",
    "disk_full": (
        "The Ollama server has no room left for the model llama3.2: tell your administrator."
    ),
    "busy": None,
}
VALUES = {
    "model": "llama3.2",
    "server": "http://h:1",
    "finding": "no worker is running",
    "remedy": "start one with `x`",
}


@pytest.mark.parametrize("cause", FOUND)
def test_commands_are_for_administrators_and_others_read_what_it_means(as_ada, content, cause):
    found = Readiness("llama3.2", Stage.PROBLEM, cause, VALUES)
    readiness.tell(found)

    assert escape(FOUND[cause] or found.sentence) in as_ada.get("/").text
    make_administrator(content.user_id)
    assert with_code(found.sentence) in as_ada.get("/").text


@pytest.mark.parametrize(("status", "words"), [("pending", AWAY), ("failed", FAILED)])
def test_error_of_a_draft_is_told_in_its_reader_s_words(as_ada, content, status, words):
    draft = content.current
    draft.error_cause, draft.error_values = "unreachable", {"server": "http://h:1"}
    draft.status, draft.failures = status, 1
    db.session.commit()

    page = as_ada.get("/").text

    assert words in page
    assert "http://h:1" not in page


ACTIONS = [
    "cancel",
    "start",
    "hold",
    "release",
    "later",
    "undo",
    "retry",
    "delete",
    "restore",
    "text",
    "brief",
    "versions/1/current",
]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("of", ["another user", "nobody"])
def test_what_is_not_one_s_own_does_not_exist(as_bob, content, action, of):
    content_id = content.id if of == "another user" else uuid4()

    answer = as_bob.post(
        f"/contents/{content_id}/{action}",
        {**BRIEF_FORM, "title": "x", "text": "x", "minutes": "5"},
    )

    assert answer.status_code == 404
    assert as_bob.get(f"/contents/{content_id}").status_code == 404
    db.session.expire_all()
    assert content.current.status == Status.PENDING
    assert content.deleted_at is None


def test_visitor_is_sent_to_sign_in_from_every_page(app, visitor, content):
    for rule in app.url_map.iter_rules():
        if (
            rule.rule.startswith(("/contents", "/list", "/trash", "/account", "/admin"))
            and "GET" in rule.methods
        ):
            path = app.url_map.bind("").build(
                rule.endpoint,
                dict.fromkeys(rule.arguments, content.id if "content_id" in rule.arguments else 1),
            )
            answer = visitor.get(path)
            assert answer.status_code in (302, 404), path
            assert "teapot" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/contents", "/sign-out", "/account/password", "/account/tokens", "/sign-in", "/welcome"],
)
def test_form_without_our_token_changes_nothing(as_ada, path):
    answer = as_ada.client.post(path, data=BRIEF_FORM)

    assert answer.status_code == 400
    assert "reload" in answer.text
    assert db.session.query(Content).count() == 0
    assert as_ada.get("/account/").status_code == 200


def test_cancel_start_and_retry_from_the_page(as_ada, content, ollama):
    assert as_ada.post(f"/contents/{content.id}/cancel").status_code == 303
    assert as_ada.post(f"/contents/{content.id}/cancel").status_code == 409
    assert as_ada.post(f"/contents/{content.id}/start").status_code == 409
    assert (
        as_ada.post(f"/contents/{content.id}/retry", {"from": "show"}).headers["Location"]
        == f"/contents/{content.id}"
    )

    db.session.expire_all()
    assert (content.current.number, content.current.status) == (2, Status.PENDING)


def test_hold_release_and_later_from_the_page(as_ada, content):
    assert as_ada.post(f"/contents/{content.id}/hold").status_code == 303
    assert "On hold" in as_ada.get("/").text
    assert as_ada.post(f"/contents/{content.id}/release").status_code == 303
    db.session.expire_all()
    due_at = content.current.due_at

    assert as_ada.post(f"/contents/{content.id}/later", {"minutes": "5"}).status_code == 303

    db.session.expire_all()
    assert content.current.due_at - due_at == timedelta(minutes=5)


TIMES = [
    lambda at: {"when": "at", "at": f"{at:%Y-%m-%dT%H:%M}"},
    lambda at: {"when": "at", "at": "2000-01-01T00:00", "at_utc": f"{at:%Y-%m-%dT%H:%M:%S.000Z}"},
    lambda at: {"when": "monday", "at_utc": f"{at.astimezone(ZoneInfo('Asia/Kolkata'))}"},
]


@pytest.mark.parametrize("chosen", TIMES)
def test_time_is_chosen_before_sending_and_while_it_waits(as_ada, content, chosen):
    at = (now() + timedelta(days=2)).replace(second=0, microsecond=0)

    as_ada.post(f"/contents/{content.id}/later", chosen(at))
    as_ada.post("/contents", BRIEF_FORM | chosen(at))

    db.session.expire_all()
    assert [draft.due_at for draft in db.session.query(Draft)] == [at, at]


@pytest.mark.parametrize(
    ("choice", "moment"),
    [
        ("hour", "2027-03-05T16:30"),  # a Friday
        ("tomorrow", "2027-03-06T09:00"),
        ("monday", "2027-03-08T09:00"),
    ],
)
def test_choice_without_script_is_in_utc_as_the_page_says(as_ada, monkeypatch, choice, moment):
    offered = re.findall(">([^<]*)</option>", as_ada.get("/").text)
    assert {"Tomorrow 9:00 (UTC)", "Monday 9:00 (UTC)"} <= set(offered)
    clock = datetime(2027, 3, 5, 15, 30, tzinfo=UTC)
    for module in (due_time, waiting, submitting):
        monkeypatch.setattr(module, "now", lambda: clock)

    assert as_ada.post("/contents", BRIEF_FORM | {"when": choice, "at_utc": ""}).status_code == 303

    assert f"{db.session.query(Draft).one().due_at:%Y-%m-%dT%H:%M}" == moment


def test_time_left_over_from_another_choice_does_not_count(as_ada):
    as_ada.post("/contents", BRIEF_FORM | {"when": "", "at": "x", "at_utc": "2040-01-01T00:00Z"})

    draft = db.session.query(Draft).one()
    assert 0 <= (draft.due_at - draft.created_at).total_seconds() - 60 < 0.001


WRONG_TIMES = [
    ({"when": "at"}, "Choose a date and a time."),
    ({"when": "at", "at": "x"}, "Choose a date and a time."),
    ({"when": "at", "at_utc": "0001-01-01T00:00+23:00"}, "This time is past"),
    ({"when": "soon"}, "Choose a date and a time."),
    ({"when": "at", "at": "1999-01-01T00:00"}, "This time is past"),
    ({"when": "tomorrow", "at_utc": "1999-01-01T00:00Z"}, "This time is past"),
    ({"when": "at", "at": "9999-12-31T23:59:59"}, "This is too far off"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG_TIMES)
def test_time_that_is_none_is_named_beside_its_field_and_all_is_kept(
    as_ada, content, wrong, sentence
):
    due_at = content.current.due_at
    later = as_ada.post(f"/contents/{content.id}/later", wrong)
    brief = as_ada.post("/contents", BRIEF_FORM | wrong)

    for answer in (later, brief):
        assert answer.status_code == 422
        beside = answer.text.split('<small id="at-error" class="error"')[1].split("</small>")[0]
        assert sentence in beside
        assert 'aria-describedby="at-error"' in answer.text
        year = wrong.get("at", "")[:4]
        assert year == "x" or f'value="{year}' in answer.text
    assert '<details class="later" open>' in later.text
    assert f">\n{BRIEF_FORM['topic']}</textarea>" in brief.text
    db.session.expire_all()
    assert content.current.due_at == due_at
    assert db.session.query(Content).count() == 1


@pytest.mark.parametrize("wrong", [{}, {"minutes": "1e300"}, {"minutes": "nan"}, {"minutes": "-9"}])
def test_later_by_no_time_says_what_to_do(as_ada, content, wrong):
    answer = as_ada.post(f"/contents/{content.id}/later", wrong)

    assert answer.status_code == 422
    assert re.search('id="at-error".*>(Choose a date|This time is past)', answer.text)


def test_undo_puts_the_brief_back_into_the_form(as_ada, content):
    page = as_ada.post(f"/contents/{content.id}/undo", follow_redirects=True).text

    assert f">\n{BRIEF.topic}</textarea>" in page
    assert f'id="content-{content.id}"' not in page
    db.session.expire_all()
    assert content.current.status == Status.CANCELLED


def test_undo_puts_a_chosen_time_back_into_the_form_but_not_the_usual_one(as_ada, content, ada):
    chosen = now().replace(second=0, microsecond=0) + timedelta(days=40)
    later = submitting.submit(ada.id, BRIEF, "A pot", due_at=chosen)

    usual = as_ada.post(f"/contents/{content.id}/undo", follow_redirects=True).text
    other = as_ada.post(f"/contents/{later.id}/undo", follow_redirects=True).text

    assert '<option value="at" selected>' not in usual
    assert '<option value="at" selected>' in other
    assert f'value="{chosen.isoformat()[:16]}"' in other
    assert '<option value="at" selected>' not in as_ada.get(f"/?again={content.id}").text


def test_ollama_out_of_reach_is_waited_for_and_the_card_says_so(as_ada, content):
    draft = content.current
    draft.error_cause, draft.error_values = "unreachable", {"server": "http://h:1"}
    draft.attempt = 3
    db.session.commit()
    readiness.tell(Readiness("llama3.2", Stage.PROBLEM, "unreachable", {"server": "http://h:1"}))

    page = as_ada.get("/").text

    assert "next try in" in page
    assert AWAY in page
    assert "try 1 of" not in page
    assert "Done in" not in page


def test_page_says_what_happens_before_the_first_word(as_ada, due_draft):
    due_draft.claim(60)
    assert "the model is reading your brief" in as_ada.get("/").text

    due_draft.write(1, text="Tea")
    assert "the model is reading your brief" not in as_ada.get("/").text


def test_text_that_was_cut_is_continued_not_asked_for_again(as_ada, content):
    content.current.status, content.current.text = Status.COMPLETED, "Tea is"
    content.current.done_reason = "length"
    db.session.commit()

    assert "open it to have it continued" in as_ada.get("/").text
    page = as_ada.get(f"/contents/{content.id}").text
    assert "have it continued from here" in page
    assert "Continue from here" in page


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
def test_form_of_an_account_is_typed_into_at_once_and_what_is_wrong_has_the_focus(
    app, founder, path
):
    app.config["SIGNUP"] = "open"
    visitor = Visitor(app)

    focused = r'<input id="([a-z]+)"[^>]*autofocus'
    assert re.findall(focused, visitor.get(path).text) == ["email"]
    assert re.findall(focused, visitor.post(path, {"email": "x"}).text) == []


@pytest.mark.parametrize("it_is", ["waiting", "taken back"])
def test_nobody_gets_another_user_s_brief_back(as_bob, content, it_is):
    if it_is == "taken back":
        waiting.undo(content)

    assert BRIEF.topic not in as_bob.get("/", query_string={"again": content.id}).text


def chosen(page: str) -> set[str]:
    return set(re.findall('<option value="([^"]+)"[^>]* selected>', page))


def test_next_brief_begins_with_the_choices_of_the_last(as_ada, as_bob, content):
    choices = {"content_type": "ad_copy", "tone": "witty", "length": "long", "language": "pt"}
    as_ada.post("/contents", BRIEF_FORM | choices)
    as_bob.post("/contents", BRIEF_FORM)

    page = as_ada.get("/").text

    assert chosen(page) == set(choices.values())
    assert BRIEF_FORM["topic"] not in page.split("</form>")[1]
    assert "ad_copy" not in chosen(as_ada.get("/?example=press_release").text)


@both_databases
def test_what_scripts_and_translations_choose_is_not_chosen_for_the_next_brief(app, as_ada, ada):
    choices = {"content_type": "ad_copy", "tone": "witty", "length": "long", "language": "pt"}
    as_ada.post("/contents", BRIEF_FORM | choices | {"key": "pressed"})
    content = db.session.query(Content).one()
    ending.cancel_all(content)
    versions.save_edit(content, "Tea", "Tea is warm.")
    db.session.refresh(content)

    repurposing.repurpose(content, ["press_release"], ["ja", "de"], key="pressed-too")
    submitting.submit(ada.id, BRIEF, "By a series or a table")
    submitting.submit(ada.id, BRIEF, "By a script", idempotency_key="k", request_digest="d")

    assert chosen(as_ada.get("/").text) == set(choices.values())
    assert set(choices.values()) <= chosen(as_ada.get("/series/new").text)


@pytest.mark.parametrize(
    "end", [lambda c: None, lambda c: ending.cancel(c.current), ending.discard]
)
def test_brief_is_used_again_from_any_content(as_ada, content, end):
    path = f"/?again={content.id}"
    assert f'href="{path}#topic"' in as_ada.get(f"/contents/{content.id}").text
    end(content)

    page = as_ada.get(path).text

    assert f">\n{BRIEF.topic}</textarea>" in page
    assert {BRIEF.content_type, BRIEF.tone, BRIEF.length, BRIEF.language} == chosen(page)
    assert f'value="{BRIEF.audience}"' in page


def test_title_that_was_made_of_the_topic_follows_another_topic(as_ada, ada):
    titles = {"My own": "My own", title_from(BRIEF.topic): ""}
    for title, shown in titles.items():
        content = submitting.submit(ada.id, BRIEF, title)

        page = " ".join(as_ada.get(f"/contents/{content.id}/brief").text.split())

        assert f'value="{shown}" placeholder="left empty: the first words of the topic"' in page


def test_brief_names_one_of_the_models_that_ollama_has(as_ada, ada, ollama, app, monkeypatch):
    def offered(path: str = "/") -> list[str]:
        select = as_ada.get(path).text.split('<select id="model"')[1].split("</select>")[0]
        return re.findall(">([^<]+)</option>", select)

    usual = "llama3.2 (the usual one)"
    assert offered() == [usual]
    ollama.models = ["mistral:7b", "llama3.2:latest"]
    monkeypatch.setattr(preflight, "LOOK_SECONDS", 0)
    preflight.Preflight(app).turn()
    asked = len(ollama.requests)
    assert offered() == [usual, "mistral:7b"]

    as_ada.post("/contents", BRIEF_FORM | {"model": "mistral:7b"})

    content = db.session.query(Content).one()
    assert content.settings == {"model": "mistral:7b"}
    ollama.models = ["llama3.2:latest"]
    readiness.note_models(ollama.models)
    assert offered(f"/?again={content.id}") == [usual, "mistral:7b"]
    assert "mistral:7b" in chosen(as_ada.get(f"/contents/{content.id}/brief").text)
    content.settings = {"model": "mistral:7b", "seed": 7}
    db.session.commit()
    as_ada.post(f"/contents/{content.id}/brief", BRIEF_FORM | {"model": ""})
    db.session.expire_all()
    assert content.settings == {"seed": 7}
    assert len(ollama.requests) == asked, "no page waits for Ollama"


def test_what_ollama_calls_its_models_is_offered_as_far_as_a_brief_may_name_it(as_ada, ollama):
    hostile = ["<b>x</b>", "a b", "x" * 101, "\x1b[2J", "", "good:1"]
    readiness.note_models([*hostile, *(f"many:{number}" for number in range(10_000))])

    models = readiness.noted_models()
    assert models[0] == "good:1"
    assert len(models) == 200
    assert as_ada.get("/").text.count('value="many:') <= 200 * 2  # for one text, and for several


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "in a minute"), (0, "now"), (90, "in 1 min 30 s"), (10, "in 10 s"), (86_400, "in 1 day")],
)
def test_button_says_the_delay_that_is_set(app, as_ada, seconds, words):
    app.config["GENERATION_DELAY_SECONDS"] = seconds

    assert f">Write it {words}<" in as_ada.get("/").text


def test_completed_text_has_another_written(as_ada, content, ollama):
    complete(content, ollama)
    assert ">Write another</button>" in as_ada.get("/").text

    as_ada.post(f"/contents/{content.id}/retry")

    db.session.expire_all()
    assert (content.current.number, content.current.status) == (2, Status.PENDING)


def test_window_closes_when_the_time_has_come(as_ada, due_draft):
    for action in ("hold", "undo", "later"):
        answer = as_ada.post(f"/contents/{due_draft.content_id}/{action}", {"minutes": "5"})
        assert answer.status_code == 409, action
        assert "just started" in answer.text


def test_what_will_be_sent_is_shown_while_it_waits(as_ada, content):
    page = as_ada.get(f"/contents/{content.id}").text

    assert "What will be sent" in page
    assert "llama3.2" in page
    assert "&gt; A teapot of blue glass, 0.8 litres" in page


def test_missing_model_is_downloaded_from_the_card(as_ada, content):
    missing = Readiness("llama3.2", Stage.MISSING, "not_downloaded", {"model": "llama3.2"})
    readiness.tell(missing)
    assert "Download llama3.2" in as_ada.get("/").text

    assert as_ada.post(f"/contents/{content.id}/pull").status_code == 303

    assert [each.model for each in Download.wanted()] == ["llama3.2"]


def test_only_administrators_download_other_models(as_ada, ada):
    content = submitting.submit(ada.id, BRIEF, "A teapot", {"model": "huge:405b"})

    assert as_ada.post(f"/contents/{content.id}/pull").status_code == 403
    with pytest.raises(model_pulls.ForAdministrators):  # by whatever door
        model_pulls.want_model("huge:405b", ada)
    assert Download.wanted() == []


def test_life_of_a_draft_is_drawn(as_ada, content, ollama):
    complete(content, ollama)

    page = as_ada.get(f"/contents/{content.id}").text

    assert '<figure class="timeline">' in page
    assert "picked up +" in page


def test_brief_is_edited_from_its_page(as_ada, content):
    assert BRIEF.topic in as_ada.get(f"/contents/{content.id}/brief").text

    as_ada.post(f"/contents/{content.id}/brief", {**BRIEF_FORM, "topic": "A kettle"})

    db.session.expire_all()
    assert content.topic == "A kettle"


def test_edit_that_comes_too_late_is_offered_as_a_new_brief(as_ada, due_draft):
    path = f"/contents/{due_draft.content_id}/brief"

    answer = as_ada.post(path, {**BRIEF_FORM, "topic": "A kettle"})

    assert answer.status_code == 409
    assert "It has just started" in answer.text
    assert "A kettle</textarea>" in answer.text
    assert 'action="/contents"' in answer.text
    assert due_draft.content.topic == BRIEF.topic


def test_brief_on_hold_is_edited_without_a_due_time(as_ada, content):
    waiting.hold(content.current)

    assert "It is on hold" in as_ada.get(f"/contents/{content.id}/brief").text


def test_edited_text_is_saved_as_the_next_version(as_ada, content, ollama):
    complete(content, ollama)

    as_ada.post(f"/contents/{content.id}/text", {"title": "Mine", "text": "By hand.\r\nTwo lines."})

    db.session.expire_all()
    assert (content.title, content.current.text, content.current.number) == (
        "Mine",
        "By hand.\nTwo lines.",
        2,
    )


@pytest.mark.parametrize(
    ("field", "wrong", "sentence"),
    [
        ("title", " ", "Give it a title."),
        ("title", "a\x1bb", "Title has an invisible control character (U+001B) at position 2"),
        ("title", "x" * 201, "Title: 1 character too long, at most 200 fit."),
        ("text", "x" * 100_002, "Text: 2 characters too long, at most 100,000 fit."),
        ("text", "", "There is no text"),
        ("text", " \r\n\t\n", "There is no text"),
        ("text", "\u200b \u3164 &nbsp;\n\n<br>\n\n# ", "There is no text"),
        ("text", "a\0", "invisible character"),
    ],
)
def test_edit_that_cannot_be_kept_is_kept_in_the_form(
    as_ada, content, ollama, field, wrong, sentence
):
    complete(content, ollama)
    edited = {"title": "Mine", "text": "By hand.", field: wrong}

    answer = as_ada.post(f"/contents/{content.id}/text", edited)

    assert answer.status_code == 422
    beside = answer.text.split(f'<small id="{field}-error" class="error">')[1].split("</small>")[0]
    assert sentence in beside
    assert ("Mine" if field == "text" else "By hand.") in answer.text
    assert content.current.number == 1


def test_older_version_is_opened_and_made_current(as_ada, content, ollama):
    complete(content, ollama, "Tea is **warm**.")
    path = f"/contents/{content.id}"
    as_ada.post(f"{path}/text", {"title": "Mine", "text": "Coffee."})
    assert f'href="{path}/versions/1"' in as_ada.get(path).text

    assert "<strong>warm</strong>" in as_ada.get(f"{path}/versions/1").text
    assert as_ada.get(f"{path}/versions/2").headers["Location"] == path
    answer = as_ada.post(f"{path}/versions/1/current")

    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "<strong>warm</strong>" in as_ada.get(path).text
    card = f'id="content-{content.id}"'
    assert card in as_ada.get("/?q=warm").text
    assert card not in as_ada.get("/?q=coffee").text
    as_ada.post(f"{path}/text", {"title": "Mine", "text": "Cocoa."})
    db.session.expire_all()
    assert content.current.number == 3


@pytest.mark.parametrize(
    ("language", "text", "size"),
    [("ja", "お茶は温かいです。", "9 characters"), ("en", "ชาอุ่นมาก", "9 characters"),
     ("zh-Hans", "茶", "1 character"), ("ja", "Tea is warm.", "3 words"), ("pt", "Chá", "1 word")],
)  # fmt: skip
def test_versions_are_counted_as_their_readers_count(as_ada, ada, language, text, size):
    content = submitting.submit(ada.id, replace(BRIEF, language=language), "Tea")
    ending.cancel_all(content)
    versions.save_edit(content, "Tea", text)
    content.drafts.append(beside := Draft(user_id=ada.id, number=3, status="completed"))
    beside.origin, beside.text, beside.words = "refined", text, int(size.split()[0])
    db.session.commit()

    page = as_ada.get(f"/contents/{content.id}").text

    assert page.count(f"· {size}") == 3  # two versions in the list, one beside the text


def test_version_is_made_current_only_where_that_hides_nothing(as_ada, content, ollama):
    path = f"/contents/{content.id}"
    complete(content, ollama)
    versions.retry(content)
    answers = [as_ada.post(f"{path}/versions/1/current")]
    assert "Make it the current version" not in as_ada.get(f"{path}/versions/1").text
    ending.cancel(content.current)
    versions.save_edit(content, "Mine", "By hand.")

    answers += [as_ada.post(f"{path}/versions/{number}/current") for number in (2, 9)]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert "This version has no text." in as_ada.get(f"{path}/versions/2").text
    assert as_ada.get(f"{path}/versions/9").status_code == 404
    db.session.expire_all()
    assert content.current.number == 3


@both_databases
def test_draft_asked_for_as_a_version_is_made_current_stays(content, monkeypatch):
    ending.cancel(content.current)
    versions.save_edit(content, "Mine", "By hand.")
    versions.save_edit(content, "Mine", "Again.")
    seen = content.current

    def index_as_another_asks(content: Content, text: str) -> None:
        monkeypatch.setattr(versions, "make_findable", make_findable)
        versions.retry(db.session.get(Content, content.id))
        db.session.expire(content)
        db.session.refresh(seen)
        make_findable(content, text)

    monkeypatch.setattr(versions, "make_findable", index_as_another_asks)

    assert not versions.make_current(content, 2)

    db.session.expire_all()
    assert (content.current.number, content.current.status) == (4, Status.PENDING)


def test_edit_while_a_draft_is_on_its_way_is_kept_in_the_form(as_ada, content):
    answer = as_ada.post(f"/contents/{content.id}/text", {"title": "Mine", "text": "By hand."})

    assert answer.status_code == 409
    assert "A draft of it is on its way." in answer.text
    assert ">\nBy hand.</textarea>" in answer.text
    assert content.current.number == 1


def test_brief_is_given_back_by_whatever_refuses_it_and_a_password_is_not(as_ada, visitor):
    brief = as_ada.client.post("/contents", data=BRIEF_FORM)
    password = as_ada.client.post("/account/password", data={"password": PASSWORD})
    stranger = visitor.client.post(
        "/contents", data=BRIEF_FORM, headers={"Referer": "http://localhost/?example=ad_copy"}
    )
    of_a_refused_form = visitor.client.post(
        "/contents", data=BRIEF_FORM, headers={"Referer": "http://localhost/contents"}
    )

    assert BRIEF_FORM["topic"] in brief.text
    assert PASSWORD not in password.text
    assert stranger.headers["Location"] == "/sign-in?next=/?example%3Dad_copy"
    assert of_a_refused_form.headers["Location"] == "/sign-in?next=/"


def test_deletion_can_be_undone(as_ada, content):
    page = as_ada.post(f"/contents/{content.id}/delete", follow_redirects=True).text
    assert "in the trash" in page
    assert "Undo" in page
    assert as_ada.get(f"/contents/{content.id}").status_code == 404

    as_ada.post(f"/contents/{content.id}/restore")

    assert as_ada.get(f"/contents/{content.id}").status_code == 200


def test_trash_shows_what_was_deleted_and_restores_it(as_ada, as_bob, ada):
    assert "The trash is empty." in as_ada.get("/trash").text
    contents = [submitting.submit(ada.id, BRIEF, f"Teapot {number}") for number in range(22)]
    ids = [content.id for content in contents]
    for content in contents[1:]:
        ending.discard(content)
    ending.discard(contents[0])  # the oldest, deleted last

    page = as_ada.get("/trash").text
    before = as_ada.get(re.search('rel="next" href="([^"]+)"', page)[1]).text

    listed = re.findall("<bdi>(Teapot [0-9]+)", page + before)
    assert listed == ["Teapot 0", *(f"Teapot {number}" for number in range(21, 0, -1))]
    assert 'href="/trash"' in as_ada.get("/").text
    assert "Teapot" not in as_bob.get("/trash").text
    assert as_ada.get("/trash?cursor=x").status_code == 400
    answer = as_ada.post(f"/contents/{ids[0]}/restore", {"from": "show"}, follow_redirects=True)
    assert ">Teapot 0</h1>" in answer.text
    assert "Teapot 0<" not in as_ada.get("/trash").text


@pytest.mark.parametrize("fragment", ["card", "view"])
def test_page_that_asks_for_a_deleted_content_gets_nothing_and_no_error(as_ada, content, fragment):
    as_ada.post(f"/contents/{content.id}/delete")

    assert as_ada.get(f"/contents/{content.id}/{fragment}").status_code == 204


def test_deleting_cancels_what_is_on_its_way(as_ada, content):
    as_ada.post(f"/contents/{content.id}/delete")

    db.session.expire_all()
    assert content.current.status == Status.CANCELLED


@pytest.mark.parametrize("q", ["TEAPOT", "kettle", "wärm", "love", "warm tea"])
def test_search_finds_title_brief_and_text_in_any_case(as_ada, ada, ollama, q):
    brief = type(BRIEF)(**(vars(BRIEF) | {"topic": "Something else", "keywords": ()}))
    submitting.submit(ada.id, brief, "Unrelated")
    found = submitting.submit(ada.id, BRIEF, "My Kettle")
    complete(found, ollama, "Tea is WÄRM and warm tea loves you")

    page = Markup(as_ada.get("/list", query_string={"q": q}).text).striptags()

    assert "My Kettle" in page
    assert ("Unrelated" in page) == (q == "love")


@pytest.mark.parametrize("stored_as", ["NFC", "NFD"])
@pytest.mark.parametrize("sought_as", ["NFC", "NFD"])
@pytest.mark.parametrize("words", ["Soufflé", "Ångström à Århus", "Việt ngữ", "가나다"])
def test_search_finds_a_word_however_it_is_encoded(as_ada, ada, words, stored_as, sought_as):
    submitting.submit(ada.id, BRIEF, normalize(stored_as, f"All about {words}"))

    page = as_ada.get("/list", query_string={"q": normalize(sought_as, words.upper())}).text

    assert "All about" in page


@both_databases
def test_what_was_stored_before_is_found_in_any_encoding(as_ada, content):
    unending = "\u0315\u0300" * 10_000  # sorted they would be others
    content.search_text = normalize("NFD", f"soufflé {unending[:30]} ") + unending
    db.session.commit()
    migration = ScriptDirectory(str(ROOT / "smartcontent" / "migrations")).get_revision("0006")

    with (
        db.engine.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        migration.module.upgrade()

    db.session.expire_all()
    assert content.search_text == normalize("NFC", f"soufflé {unending[:30]} ") + unending


@pytest.mark.parametrize("q", ["100%", "_", "%"])
def test_search_takes_wildcards_as_they_are(as_ada, content, q):
    assert "Nothing matches" in as_ada.get("/list", query_string={"q": q}).text


@both_databases
@pytest.mark.parametrize(
    "typed",
    [
        {"q": "tea\0pot"},
        {"q": f"teapot{' ' * 200}kettle"},
        {"status": "lost"},
        {"status": "\0"},
        {"content_type": "poem"},
    ],
)
def test_list_makes_the_best_of_an_address_typed_by_hand(as_ada, content, typed):
    for path in ("/list", "/"):
        assert f"content-{content.id}" in as_ada.get(path, query_string=typed).text


def test_list_is_filtered_by_status(as_ada, ada, content, ollama):
    done = complete(submitting.submit(ada.id, BRIEF, "Done one"), ollama)

    page = as_ada.get("/?status=completed").text

    assert str(done.id) in page
    assert str(content.id) not in page


def test_pages_hold_twenty_and_lead_on(as_ada, ada):
    for number in range(25):
        submitting.submit(ada.id, BRIEF, f"Number {number:02d}")
    first = as_ada.get("/").text
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")

    second = as_ada.get(older).text

    assert "Number 24" in first
    assert "Number 04" in second
    assert first.count('<article class="card"') == 20
    assert second.count('<article class="card"') == 5


@pytest.mark.parametrize("cursor", ["x", "%00", "bm9wZQ==", "é"])
def test_forged_cursor_is_a_bad_request(as_ada, cursor):
    assert as_ada.get("/", query_string={"cursor": cursor}).status_code == 400


def test_nobody_sees_another_user_s_contents(as_bob, content):
    assert "A teapot" not in as_bob.get("/").text


def test_answers_carry_the_safety_headers(as_ada, content):
    for path in ("/", f"/contents/{content.id}", "/nothing", "/static/style.css"):
        headers = as_ada.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
    assert as_ada.get("/").headers["Cache-Control"] == "no-store"


def test_cookie_is_http_only_and_same_site(as_ada):
    cookie = as_ada.post(
        "/sign-in", {"email": "ada@example.org", "password": "correct horse battery"}
    ).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_get_changes_nothing(app, as_ada, content, valkey):
    def state():
        db.session.expire_all()
        rows = [(d.status, d.revision, d.due_at) for d in db.session.query(Draft)]
        return rows, sorted(valkey.client.keys())

    before = state()
    for rule in app.url_map.iter_rules():
        if (
            "GET" in rule.methods
            and rule.arguments <= {"content_id"}
            and not rule.rule.startswith(("/api", "/admin/rq", "/events"))
        ):
            as_ada.get(
                app.url_map.bind("").build(rule.endpoint, dict.fromkeys(rule.arguments, content.id))
            )

    assert state() == before


def test_page_asks_nothing_of_other_hosts(app, as_ada, content, ollama):
    complete(content, ollama)
    visitor = Visitor(app)

    pages = [as_ada.get(path).text for path in ("/", f"/contents/{content.id}", "/account/")] + [
        visitor.get("/sign-in").text
    ]

    for page in pages:
        assert 'src="http' not in page
        assert '<link rel="stylesheet" href="http' not in page


def test_page_says_how_to_see_news_without_script(as_ada, content):
    for path in ("/", f"/contents/{content.id}"):
        assert re.search("<noscript>.*Reload to see news.*</noscript>", as_ada.get(path).text), path


@pytest.mark.parametrize(
    ("q", "title", "passage"),
    [
        ("kettle", "My <mark>Kettle</mark>", None),
        ("WÄRM", "My Kettle", "Tea is <mark>wärm</mark>"),
        ("wärm tea", "My Kettle", "<mark>Tea</mark> is <mark>wärm</mark>"),
        ("STRASSE", "My Kettle", "the <mark>Straße</mark>"),
        ("souffle\u0301 for", "My Kettle", "a <mark>soufflé</mark> <mark>for</mark>"),
        ("<b>", "My Kettle", "a &lt;<mark>b</mark>&gt; tag"),
        ("example.org/menu", "My Kettle", "(https://<mark>example.org/menu</mark>)"),
        ("handle", "My Kettle", "In the brief:</span> A <mark>handle</mark>"),
    ],
)
def test_search_shows_what_it_found(as_ada, ada, ollama, q, title, passage):
    brief = type(BRIEF)(**(vars(BRIEF) | {"topic": "A handle"}))
    found = submitting.submit(ada.id, brief, "My Kettle")
    far = "Nothing else. " * 900
    complete(found, ollama)
    more = "a <b> tag, [menu](https://example.org/menu)"
    text = f"{far}Tea is wärm in the Straße, a soufflé for **all**. {far}{more}"
    versions.save_edit(found, "My Kettle", text)

    page = as_ada.get("/list", query_string={"q": q}).text

    assert f">{title}</a>" in page
    assert passage is None or passage in page
    assert page.count("Nothing else.") < 40
    assert f"1 found: “<bdi>{escape(q)}</bdi>”" in page


@both_databases
def test_search_says_how_many_it_found_beyond_the_first_page(as_ada, ada):
    for number in range(23):
        submitting.submit(ada.id, BRIEF, f"Kettle {number}")

    first = as_ada.get("/list", query_string={"q": "kettle"}).text
    cursor = re.search('cursor=([^&"]+)', first)[1]

    assert "23 found" in first
    assert "23 found" in as_ada.get("/list", query_string={"q": "kettle", "cursor": cursor}).text
    assert "found" not in as_ada.get("/list").text


@pytest.mark.parametrize("text", ["ß" * 100_000, "e\u0301" * 50_000, "ab" * 50_000, "İ " * 50_000])
def test_looking_for_the_passage_takes_time_by_the_length_alone(app, text):
    draft = Draft(status=Status.COMPLETED, text=f"{text} end")
    content = Content(topic="", audience="", keywords=[], instructions="", current=draft)
    sought, found = " ".join(["end", *(str(n) + "ab" * 90 for n in range(9))]), []

    def look() -> None:
        found.extend(passages_of([content], sought).values())

    assert_takes_less(1, look)  # some hundredths
    assert found[0].passage.endswith("<mark>end</mark>…")


def test_attempt_without_a_text_leads_to_the_text_before_it(as_ada, due_draft):
    due_draft.status, due_draft.text = Status.COMPLETED, "Tea is warm."
    db.session.commit()
    content = due_draft.content

    as_ada.post(f"/contents/{content.id}/retry")
    as_ada.post(f"/contents/{content.id}/cancel")

    for page in ("/", f"/contents/{content.id}"):
        assert f"/contents/{content.id}/versions/1" in as_ada.get(page).text
