"""flask users and flask tokens, through the runner, on both databases."""

import json
import re

import pytest
from conftest import PASSWORD, both_databases, make_user

from smartcontent.accounts import tokens
from smartcontent.models import ApiToken, User
from smartcontent.models.accounts import check_password
from smartcontent.stores.sql import db


def create(flask, email: str, *options: str, password: str = PASSWORD):
    return flask("users", "create", email, "--password-stdin", *options, input=f"{password}\n")


@both_databases
def test_first_user_is_the_founder_and_an_administrator(flask):
    result = create(flask, "Founder@Example.org")

    assert (result.exit_code, result.stdout) == (0, "Created founder@example.org, founder.\n")
    user = User.with_email("founder@example.org")
    assert user.is_admin
    assert user.is_founder
    assert check_password(user.password_hash, PASSWORD)


@both_databases
def test_second_user_is_a_member_unless_made_an_administrator(flask, founder):
    create(flask, "ada@example.org")
    create(flask, "bob@example.org", "--admin")

    everyone = db.session.query(User).order_by(User.id)
    assert [(user.email, user.is_admin, user.is_founder) for user in everyone] == [
        ("founder@example.org", True, True),
        ("ada@example.org", False, None),
        ("bob@example.org", True, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("eve@example.org", "short one", "Use between 10 and 200 characters."),
        ("not an address", PASSWORD, "is no email address"),
        ("ADA@example.org", PASSWORD, "has an account already; `users reset-password`"),
    ],
)
def test_account_that_cannot_be_made_is_refused_in_a_sentence(
    flask, ada, email, password, sentence
):
    result = create(flask, email, password=password)

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert db.session.query(User).count() == 2


def test_password_is_asked_for_twice_without_password_stdin(flask, founder):
    differing = flask("users", "create", "eve@example.org", input=f"{PASSWORD}\nanother one\n")
    same = flask("users", "create", "eve@example.org", input=f"{PASSWORD}\n{PASSWORD}\n")

    assert differing.exit_code == 1
    assert same.exit_code == 0
    assert PASSWORD not in same.output


@both_databases
def test_disabled_user_is_out_until_enabled_again(flask, ada):
    session_id = ada.get_id()
    _, secret = ApiToken.issue(ada, "script")

    for _ in range(2):
        assert flask("users", "disable", ada.email).exit_code == 0

    assert User.from_session(session_id) is None
    assert ApiToken.with_secret(secret) is None
    assert "disabled" in flask("users", "list").stdout
    flask("users", "enable", ada.email)
    assert User.from_session(session_id) is None
    assert ApiToken.with_secret(secret) is not None


@both_databases
def test_new_password_ends_all_sessions(flask, ada):
    session_id = ada.get_id()

    result = flask("users", "reset-password", ada.email, "--password-stdin", input="a new password")

    assert result.exit_code == 0
    assert User.from_session(session_id) is None
    assert check_password(User.with_email(ada.email).password_hash, "a new password")


def test_invited_person_can_make_an_account_with_the_printed_link(app, flask, founder):
    result = flask("users", "invite", "Eve@example.org", "--url", "https://texts.example.org")

    link = result.stdout.strip()
    assert link.startswith("https://texts.example.org/sign-up?invitation=")
    page = app.test_client().get(link.removeprefix("https://texts.example.org"))
    assert page.status_code == 200
    assert "eve@example.org" in page.text


@pytest.mark.parametrize(
    ("bind", "here"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("10.0.0.7", "10.0.0.7")]
)
def test_link_without_an_address_is_one_that_can_be_opened(app, flask, founder, bind, here):
    app.config["SMARTCONTENT_BIND"] = bind

    result = flask("users", "invite", "eve@example.org")

    assert result.stdout.startswith(f"http://{here}:{app.config['PORT']}/sign-up?invitation=")
    assert "--url says where" in result.stderr


@pytest.mark.parametrize(
    "url",
    ["texts.example.org", "https://", "https://x/?a=b", "https://x:port", "https://a b", "ftp://x",
     "https://ada@x", "https://[x", "https://x/#a"],
)  # fmt: skip
def test_address_that_no_site_has_is_refused(flask, founder, url):
    result = flask("users", "invite", "eve@example.org", "--url", url)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "write it like https://texts.example.org" in result.stderr


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://[fd00::7]:81/texts/", "http://[fd00::7]:81/texts"),
        ("https://täxte.example", "https://xn--txte-loa.example"),
    ],
)
def test_any_other_address_is_that_of_the_link(flask, founder, url, site):
    result = flask("users", "invite", "eve@example.org", "--url", url)

    assert result.stdout.startswith(f"{site}/sign-up?invitation=")


def test_password_that_is_no_utf_8_is_refused_in_a_sentence(flask, founder):
    result = flask("users", "create", "eve@example.org", "--password-stdin", input=b"p\xe4ssword\n")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not UTF-8" in result.stderr


def test_nobody_is_invited_to_a_site_that_is_closed(app, flask, founder):
    app.config["SIGNUP"] = "closed"

    result = flask("users", "invite", "eve@example.org")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "users create" in result.stderr


def test_operator_is_told_when_no_administrator_is_left(flask, founder, ada):
    assert flask("users", "disable", ada.email).stderr == ""

    assert "No administrator can sign in now" in flask("users", "disable", founder.email).stderr


def test_list_fits_eighty_columns_and_json_tells_all(flask, ada):
    lines = flask("users", "list").stdout.splitlines()
    everyone = json.loads(flask("users", "list", "--json").stdout)

    assert max(map(len, lines)) <= 80
    assert [(user["email"], user["is_founder"]) for user in everyone] == [
        ("founder@example.org", True),
        ("ada@example.org", False),
    ]


@both_databases
def test_token_alone_is_printed_and_works_until_revoked(flask, ada):
    secret = flask("tokens", "create", ada.email, "--name", "nightly").stdout

    assert re.fullmatch(r"sc_[\w-]{43}\n", secret)
    token = ApiToken.with_secret(secret.strip())
    assert (token.user_id, token.name) == (ada.id, "nightly")
    for _ in range(2):
        assert flask("tokens", "revoke", str(token.id)).exit_code == 0
    assert ApiToken.with_secret(secret.strip()) is None


def test_token_list_shows_no_secret(flask, ada):
    secret = flask("tokens", "create", ada.email).stdout.strip()

    table = flask("tokens", "list", ada.email).stdout
    listed = json.loads(flask("tokens", "list", ada.email, "--json").stdout)

    assert secret[:8] in table
    assert secret not in table + json.dumps(listed)
    assert listed[0]["revoked_at"] is None


def test_disabled_user_gets_no_token(flask, ada):
    flask("users", "disable", ada.email)

    result = flask("tokens", "create", ada.email)

    assert (result.exit_code, result.stdout) == (1, "")


@pytest.mark.parametrize(
    "args",
    [
        ("users", "disable", "nobody@example.org"),
        ("tokens", "create", "nobody@example.org"),
        ("tokens", "revoke", "99"),
        ("contents", "list", "nobody@example.org"),
        ("contents", "show", "no-such-id"),
        ("contents", "cancel", "8df6288f-02a2-4925-8cde-4aafa50dd748"),
        ("contents", "watch", "8df6288f-02a2-4925-8cde-4aafa50dd748"),
    ],
)
def test_what_does_not_exist_is_said_in_one_sentence_with_the_command_that_lists_it(
    flask, founder, args
):
    result = flask(*args)

    assert result.exit_code == 1
    assert re.fullmatch(r"Error: [^\n]+: see `[^`]+`\.\n", result.stderr)


def test_lists_are_shown_in_pages(flask, founder):
    for number in range(5):
        make_user(f"user{number}@example.org")
        ApiToken.issue(founder, f"script {number}")

    first = flask("users", "list", "--limit", "3")
    rest = flask("users", "list", "--after", "user1@example.org", "--json")
    some = flask("users", "list", "--q", "USER3")
    tokens = flask("tokens", "list", founder.email, "--limit", "2")

    assert first.stdout.count("@example.org") == 3
    assert first.stderr == "There are more: --after user1@example.org shows the next.\n"
    emails = [user["email"] for user in json.loads(rest.stdout)]
    assert emails == [f"user{number}@example.org" for number in (2, 3, 4)]
    assert (rest.stderr, some.stdout.count("@example.org")) == ("", 1)
    assert [line.split()[-1] for line in tokens.stdout.splitlines()[1:]] == ["3", "4"]
    assert tokens.stderr == "The newest 2; --limit shows more.\n"


def test_what_a_command_does_to_an_account_is_logged_as_a_page_s_deed_is(flask, founder, caplog):
    create(flask, "ada@example.org")
    flask("tokens", "create", "ada@example.org")
    flask("tokens", "revoke", "1")
    flask("users", "disable", "ada@example.org")
    flask("users", "enable", "ada@example.org")
    args = ("reset-password", "ada@example.org", "--password-stdin")
    flask("users", *args, input=f"{PASSWORD}s\n")
    flask("users", "invite", "eve@example.org")
    flask("users", "delete", "ada@example.org", "--yes")

    said = [line for name, _, line in caplog.record_tuples if name == "smartcontent.security"]
    assert said == [
        "Account made user=2 address=command",
        "Token made token=1 user=2 address=command",
        "Token revoked token=1 user=2 address=command",
        "Disabled account=2 user=unknown address=command",
        "Enabled account=2 user=unknown address=command",
        "Password changed tokens_revoked=0 user=2 address=command",
        "Invited somebody user=unknown address=command",
        "Erased account=2 user=unknown address=command",
    ]


def test_a_command_makes_no_more_tokens_than_a_page(flask, ada):
    for number in range(tokens.MOST):
        ApiToken.issue(ada, f"script {number}")

    result = flask("tokens", "create", ada.email)

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"at most {tokens.MOST} tokens" in result.stderr


def test_token_is_revoked_since_the_first_time_by_whatever_door(flask, as_ada, ada):
    token, _ = ApiToken.issue(ada, "script")
    flask("tokens", "revoke", str(token.id))
    db.session.refresh(token)
    since = token.revoked_at

    as_ada.post(f"/account/tokens/{token.id}/revoke")

    db.session.refresh(token)
    assert token.revoked_at == since
