"""Accounts: the first one, signing in and out, passwords, who may sign up."""

import time
from datetime import timedelta
from itertools import count
from pkgutil import resolve_name
from types import SimpleNamespace

import pytest
from api.conftest import script_of
from conftest import PASSWORD, Visitor, both_databases
from flask import Flask
from sqlalchemy import func, select, update

from smartcontent.accounts import passwords
from smartcontent.accounts.passwords import LONGEST, OUR_NAMES, SHORTEST, _common
from smartcontent.accounts.tokens import MOST
from smartcontent.app import create_app
from smartcontent.models import ApiToken, Content, User, now
from smartcontent.stores.sql import db
from smartcontent.web import sessions
from smartcontent.web.safety import own_page

NEW = {"password": "a long new password", "password_again": "a long new password"}


def test_first_visit_leads_to_the_first_account_which_is_the_administrator(visitor):
    assert visitor.get("/").headers["Location"] == "/welcome"

    answer = visitor.post("/welcome", {"email": "Ada@Example.org ", **NEW})

    assert answer.status_code == 303
    user = db.session.scalar(select(User))
    assert (user.email, user.is_admin, user.is_founder) == ("ada@example.org", True, True)
    assert visitor.get("/").status_code == 200


def test_there_is_no_second_first_account(founder, visitor):
    visitor.post("/welcome", {"email": "mallory@example.org", **NEW})

    assert db.session.scalar(select(func.count(User.id))) == 1


def test_two_first_accounts_at_once_make_one_administrator(app, visitor, monkeypatch):
    monkeypatch.setattr("smartcontent.web.auth.nobody_yet", lambda: True)

    visitor.post("/welcome", {"email": "ada@example.org", **NEW})
    other = Visitor(app)
    answer = other.client.post(
        "/welcome", data={"csrf_token": welcome_token(other), "email": "bob@example.org", **NEW}
    )

    assert answer.headers["Location"] == "/sign-in"
    assert db.session.scalar(select(func.count(User.id))) == 1


def welcome_token(visitor: Visitor) -> str:
    return visitor.client.get("/welcome").text.split('name="csrf-token" content="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "ada"}, "not an email address"),
        ({"email": ""}, "Type your email address"),
        ({"email": "a@example.org\0"}, "not an email address"),
        ({"email": "\u200bada@example.org"}, "not an email address"),
        ({"email": "ada@exam\u2063ple.org"}, "not an email address"),
        ({"email": f"{'a' * 300}@example.org"}, "too long"),
        ({"password": "short", "password_again": "short"}, "between 10 and 200"),
        ({"password": "x" * 201, "password_again": "x" * 201}, "between 10 and 200"),
        ({"password_again": "different!!"}, "differ"),
    ],
)
def test_problem_of_an_account_is_named_beside_its_field(visitor, wrong, sentence):
    answer = visitor.post("/welcome", {"email": "ada@example.org", **NEW, **wrong})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_password_is_stored_as_argon2id(visitor):
    visitor.post("/welcome", {"email": "ada@example.org", **NEW})

    stored = db.session.scalar(select(User.password_hash))
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,")


@both_databases
def test_address_with_an_invisible_character_is_refused_at_sign_in(visitor, ada):
    answer = visitor.post("/sign-in", {"email": "ada\0@example.org", "password": PASSWORD})

    assert answer.status_code == 422
    assert "not an email address" in answer.text


@both_databases
def test_token_is_named_without_the_invisible_characters(as_ada):
    as_ada.post("/account/tokens", {"name": "my\0 script", "password": PASSWORD})

    assert "my script" in as_ada.get("/account/").text


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_wrong_password_and_unknown_address_read_alike(visitor, ada, email):
    answer = visitor.post("/sign-in", {"email": email, "password": "wrong password"})

    assert answer.status_code == 422
    assert "do not belong together" in answer.text


def test_disabled_user_cannot_sign_in_and_an_open_session_ends(as_ada, ada):
    ada.is_enabled = False
    db.session.commit()

    assert as_ada.get("/account/").status_code == 302
    assert as_ada.post("/sign-in", {"email": ada.email, "password": PASSWORD}).status_code == 422


def test_signing_in_leads_back_to_the_page_that_was_asked_for(visitor, ada):
    assert visitor.get("/account/").headers["Location"] == "/sign-in?next=%2Faccount%2F"

    answer = visitor.post("/sign-in?next=%2Faccount%2F", {"email": ada.email, "password": PASSWORD})

    assert answer.headers["Location"] == "/account/"


def test_what_a_page_asks_by_itself_does_not_write_over_what_was_said_at_sign_out(as_ada):
    as_ada.post("/sign-out")

    answers = [as_ada.get("/list"), as_ada.client.post("/contents")]
    assert {answer.status_code for answer in answers} == {302, 303}
    assert all("Set-Cookie" not in answer.headers for answer in answers)
    assert ">You are signed out.</" in as_ada.get("/sign-in").text
    for answer in answers:
        assert "Sign in to go on." in as_ada.get(answer.location).text


@pytest.mark.parametrize("is_secure", [False, True])
def test_signing_out_after_the_end_of_the_session_is_said_to_who_had_one(
    settings, founder, is_secure
):
    https = {"SERVER_NAME": "localhost", "PREFERRED_URL_SCHEME": "https"}
    app = create_app(**settings | https | {"COOKIE_SECURE": is_secure})
    member = Visitor(app)
    member.sign_in(founder)
    founder.end_sessions()
    db.session.commit()
    member.post("/sign-out")
    assert ">You are signed out.</" in member.get("/sign-in").text

    # Sent by another site it has no cookie with it; to set one would end a session that goes on.
    answer = Visitor(app).client.post("/sign-out")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https:evil.example", "/\\evil.example", "\t//evil.example",
     "/\t/evil.example", "https://evil.example/", "javascript:alert(1)", "evil", "", None],
)  # fmt: skip
def test_nobody_is_sent_to_a_foreign_page(target):
    assert own_page(target) is None


def test_own_pages_with_a_query_are_allowed():
    assert own_page("/contents?q=1#x") == "/contents?q=1#x"


def test_signing_out_makes_a_copied_cookie_useless(app, as_ada):
    thief = app.test_client()
    name = app.config["SESSION_COOKIE_NAME"]
    thief.set_cookie(name, as_ada.client.get_cookie(name).value)
    assert thief.get("/account/").status_code == 200

    as_ada.post("/sign-out")

    assert thief.get("/account/").status_code == 302


def test_changed_password_ends_other_sessions_and_keeps_this_one(app, as_ada, ada):
    other = Visitor(app)
    other.sign_in(ada)

    answer = as_ada.post("/account/password", {"password_now": PASSWORD, **NEW})

    assert answer.status_code == 303
    assert as_ada.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_changing_the_password_needs_the_present_one(as_ada, ada):
    before = ada.password_hash

    answer = as_ada.post("/account/password", {"password_now": "wrong", **NEW})

    assert answer.status_code == 422
    db.session.refresh(ada)
    assert ada.password_hash == before


@pytest.mark.parametrize(("policy", "status"), [("open", 200), ("invite", 403), ("closed", 403)])
def test_sign_up_follows_the_setting(app, visitor, founder, policy, status):
    app.config["SIGNUP"] = policy

    assert visitor.get("/sign-up").status_code == status


def test_open_sign_up_makes_an_ordinary_account(app, visitor, founder):
    app.config["SIGNUP"] = "open"

    visitor.post("/sign-up", {"email": "bob@example.org", **NEW})

    assert not User.with_email("bob@example.org").is_admin


def test_token_is_shown_once_and_stored_as_a_hash(as_ada):
    page = as_ada.post("/account/tokens", {"name": "script", "password": PASSWORD}).text
    secret = page.split('<code id="secret">')[1].split("<")[0]

    token = db.session.scalar(select(ApiToken))
    assert secret not in as_ada.get("/account/").text
    assert secret not in (token.digest, token.prefix)
    assert ApiToken.with_secret(secret).id == token.id

    as_ada.post(f"/account/tokens/{token.id}/revoke")
    db.session.expire_all()
    assert ApiToken.with_secret(secret) is None


def test_account_has_so_many_tokens_and_no_more(as_ada, ada):
    for number in range(MOST - 1):
        token, _ = ApiToken.issue(ada, f"script {number}")
    another = {"name": "another", "password": PASSWORD}

    assert as_ada.post("/account/tokens", another).status_code == 200
    refused = as_ada.post("/account/tokens", another)
    assert refused.status_code == 422
    assert "revoke one" in refused.text
    as_ada.post(f"/account/tokens/{token.id}/revoke")
    assert as_ada.post("/account/tokens", another).status_code == 200


def test_tokens_are_counted_again_after_a_password_was_looked_at(as_ada, ada, monkeypatch):
    for number in range(MOST - 1):
        ApiToken.issue(ada, f"script {number}")

    def meanwhile(check, *args):
        ApiToken.issue(ada, "of another page")
        return check(*args)

    monkeypatch.setattr("smartcontent.web.account.in_turn", meanwhile)

    refused = as_ada.post("/account/tokens", {"name": "script", "password": PASSWORD})

    assert refused.status_code == 422
    assert "at most 100 tokens" in refused.text


def test_stranger_cannot_revoke_a_token(as_bob, ada):
    token, secret = ApiToken.issue(ada, "script")

    assert as_bob.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert ApiToken.with_secret(secret)


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("ada@example.org", "password123", "guessed first"),
        ("ada@example.org", "QWERTYuiop", "guessed first"),
        ("ada@example.org", " 1234567890 ", "guessed first"),
        ("ada@example.org", "Smart Content", "guessed first"),
        ("ada@example.org", " " * 10, "different characters"),
        ("ada@example.org", "x" * 12, "different characters"),
        ("ada@example.org", "abababababab", "different characters"),
        ("ada@example.org", "Ada@Example.org", "own address"),
        ("ada.lovelace@example.org", "Ada.Lovelace", "own address"),
        ("ada@lovelace.example.org", "lovelace.example.org", "own address"),
        ("ada@example.org", "ada@example.org1", "own address"),
        ("ada@example.org", "Ada-Example-Org-2026!", "own address"),
        ("ada@example.org", "１２３４５６７８９０", "guessed first"),
    ],
)
def test_password_that_is_guessed_first_is_refused_with_a_sentence(
    visitor, email, password, sentence
):
    form = {"email": email, "password": password, "password_again": password}
    answer = visitor.post("/welcome", form)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalar(select(User.id)) is None


def test_new_password_is_held_to_the_same(as_ada, ada):
    new = {"password": "password1234", "password_again": "password1234"}
    common = as_ada.post("/account/password", {"password_now": PASSWORD, **new})
    own = {"password": ada.email, "password_again": ada.email}
    address = as_ada.post("/account/password", {"password_now": PASSWORD, **own})

    assert (common.status_code, address.status_code) == (422, 422)
    assert "guessed first" in common.text
    assert "own address" in address.text


def test_list_of_common_passwords_holds_what_the_lengths_let_through():
    words = [word for word in _common() if word not in OUR_NAMES]

    assert len(words) > 1700
    assert all(SHORTEST <= len(word) <= LONGEST and word == word.casefold() for word in words)


def test_new_password_revokes_the_tokens_where_that_is_ticked_as_it_is(as_ada, ada):
    _, secret = ApiToken.issue(ada, "script")
    feed = ada.new_feed()
    db.session.commit()
    page = as_ada.get("/account/").text
    assert 'name="revoke_tokens" checked' in page

    as_ada.post("/account/password", {"password_now": PASSWORD, **NEW})
    assert ApiToken.with_secret(secret)
    assert User.with_feed(feed)
    again = {"password": "another long one", "password_again": "another long one"}
    form = {"password_now": NEW["password"], "revoke_tokens": "on", **again}
    answer = as_ada.post("/account/password", form, follow_redirects=True)

    db.session.expire_all()
    assert "no longer work: 1" in answer.text
    assert ApiToken.with_secret(secret) is User.with_feed(feed) is None


@pytest.mark.parametrize("password", ["", "not the password"])
def test_token_is_made_with_the_password_alone(as_ada, password):
    answer = as_ada.post("/account/tokens", {"name": "script", "password": password})

    assert answer.status_code == 422
    assert 'id="token-password-error"' in answer.text
    assert db.session.scalar(select(ApiToken.id)) is None


@both_databases
def test_token_ends_when_it_was_told_to(app, as_ada, ada):
    form = {"name": "script", "password": PASSWORD, "expires": "30"}
    secret = as_ada.post("/account/tokens", form).text.split('id="secret">')[1].split("<")[0]
    token = ApiToken.with_secret(secret)
    digest = ApiToken.digest_of(secret)
    assert timedelta(days=29) < token.expires_at - now() < timedelta(days=31)
    assert ApiToken.digests_in_force({digest}) == {digest}

    token.expires_at = now()
    db.session.commit()

    assert ApiToken.with_secret(secret) is None
    assert ApiToken.digests_in_force({digest}) == set()
    assert "expired" in as_ada.get("/account/").text


@pytest.mark.parametrize("expires", ["-1", "31", "x", "9" * 30])
def test_end_that_is_not_offered_is_refused(as_ada, expires):
    form = {"name": "script", "password": PASSWORD, "expires": expires}

    assert as_ada.post("/account/tokens", form).status_code == 422


def use(app, secret: str):
    return app.test_client().get("/api/v1/contents", headers={"Authorization": f"Bearer {secret}"})


@both_databases
def test_last_use_of_a_token_is_noted_once_a_minute(app, as_ada, ada):
    token, secret = ApiToken.issue(ada, "script")
    assert "not used yet" in as_ada.get("/account/").text

    assert use(app, secret).status_code == 200
    db.session.refresh(token)
    first = token.last_used_at
    assert use(app, secret).status_code == 200
    db.session.refresh(token)
    assert first == token.last_used_at
    assert "last used" in as_ada.get("/account/").text

    token.last_used_at = first - timedelta(minutes=2)
    db.session.commit()
    use(app, secret)
    db.session.refresh(token)
    assert token.last_used_at >= first


@both_databases
def test_use_of_a_token_waits_for_no_writer(app, ada, monkeypatch):
    def wait(_seconds: float) -> None:
        raise AssertionError("it waited")

    token, secret = ApiToken.issue(ada, "script")
    with db.engine.connect() as writer, writer.begin():  # for as long as the call takes
        writer.execute(update(ApiToken).values(name="held"))
        clock = SimpleNamespace(sleep=wait, monotonic=time.monotonic)
        monkeypatch.setattr("smartcontent.stores.sql.time", clock)

        assert use(app, secret).status_code == 200

    db.session.refresh(token)
    assert (token.name, token.last_used_at) == ("held", None)


def age(visitor: Visitor, **seconds: int) -> None:
    with visitor.client.session_transaction() as session:
        for name, number in seconds.items():
            session[name] -= number


HOUR, DAY = 3600, 86400


def test_session_ends_twelve_hours_after_the_last_visit(as_ada):
    age(as_ada, seen=11 * HOUR)
    assert as_ada.get("/account/").status_code == 200
    age(as_ada, seen=11 * HOUR)
    assert as_ada.get("/account/").status_code == 200

    age(as_ada, seen=12 * HOUR)
    assert as_ada.get("/account/").status_code == 302
    assert as_ada.get("/events").status_code == 401


def test_what_a_page_asks_by_itself_is_no_visit(as_ada):
    age(as_ada, seen=11 * HOUR)
    as_ada.get("/time")
    as_ada.get("/static/app.js")
    as_ada.get("/list", headers={"By-Itself": "1"})
    age(as_ada, seen=HOUR)

    assert as_ada.get("/account/").status_code == 302


@pytest.mark.parametrize("remember", ["", "on"])
def test_session_ends_thirty_days_after_signing_in(app, ada, remember):
    visitor = Visitor(app)
    visitor.post("/sign-in", {"email": ada.email, "password": PASSWORD, "remember": remember})
    age(visitor, began=30 * DAY - 60)
    assert visitor.get("/account/").status_code == 200

    age(visitor, began=60)

    assert visitor.get("/account/").status_code == 302


def test_session_that_stays_is_not_ended_by_a_long_weekend(app, ada):
    visitor = Visitor(app)
    answer = visitor.post("/sign-in", {"email": ada.email, "password": PASSWORD, "remember": "on"})
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(
        "smartcontent-" in cookie and "-device=" not in cookie and "Expires=" in cookie
        for cookie in cookies
    )
    age(visitor, seen=72 * HOUR)

    assert visitor.get("/account/").status_code == 200


def test_open_stream_ends_with_its_session(app, ada):
    going_on = f"{ada.get_id()}@{int(time.time()) + 60}"
    ended = f"{ada.get_id()}@{int(time.time())}"

    assert sessions.that_go_on({going_on, ended, f"99.0@{int(time.time()) + 60}"}) == {going_on}


def new_password_meanwhile(app: Flask, user: User, monkeypatch, where: str, name: str) -> None:
    """Have the owner take another password while a request of somebody else is under way."""

    def meanwhile(*args: object) -> object:
        monkeypatch.undo()
        with app.app_context():
            passwords.change(db.session.get(User, user.id), "the owner's", revokes_tokens=True)
        return still(*args)

    still = resolve_name(f"{where}.{name}")
    monkeypatch.setattr(f"{where}.{name}", meanwhile)


@both_databases
@pytest.mark.parametrize(("path", "form"), [
    ("/account/password", {"password_now": PASSWORD, **NEW}),
    ("/account/tokens", {"name": "a thief's", "password": PASSWORD}),
])  # fmt: skip
@pytest.mark.parametrize(("where", "name"), [
    ("smartcontent.web.entry", "read_body"),  # it comes slowly
    ("smartcontent.web.account", "guessed_right"),  # the present password was right just now
])  # fmt: skip
def test_nothing_that_is_under_way_outlives_a_new_password(
    app, as_ada, ada, monkeypatch, path, form, where, name
):
    new_password_meanwhile(app, ada, monkeypatch, where, name)

    answer = as_ada.post(path, form)

    assert answer.status_code == 302
    assert "/sign-in" in answer.location
    db.session.refresh(ada)
    assert ada.password_hash == "the owner's"
    assert db.session.scalar(select(ApiToken.id)) is None


@both_databases
def test_address_of_the_calendar_that_is_being_made_does_not_outlive_a_new_password(
    app, as_ada, ada, monkeypatch
):
    new_password_meanwhile(app, ada, monkeypatch, "smartcontent.models.User", "hold")

    answer = as_ada.post("/calendar/feed")

    assert answer.status_code == 302
    assert "/sign-in" in answer.location
    db.session.refresh(ada)
    assert ada.feed_digest is None


def test_form_that_came_after_its_session_had_ended_does_nothing(app, as_ada, ada, monkeypatch):
    new_password_meanwhile(app, ada, monkeypatch, "smartcontent.web.entry", "read_body")

    answer = as_ada.post("/tags/1/delete")

    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_token_that_was_revoked_while_its_request_came_does_nothing(app, ada, monkeypatch):
    script = script_of(app, ada)
    new_password_meanwhile(app, ada, monkeypatch, "smartcontent.web.api.access", "read_body")
    clock = count(0, 2)  # a body that takes two seconds
    monkeypatch.setattr("smartcontent.web.api.access.monotonic", lambda: next(clock))

    answer = script.post("/contents", {"content_type": "ad_copy", "topic": "A teapot"})

    assert answer.status_code == 401
    assert db.session.scalar(select(Content.id)) is None
