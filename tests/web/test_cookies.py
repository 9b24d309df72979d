"""The session's cookie beside those of other installations, and forms behind real proxies."""

import pytest
from conftest import PASSWORD, Visitor

from smartcontent.app import create_app
from smartcontent.web.cookies import FLASHED_MOST


def cookie_of(app, **options) -> str:
    return app.test_client().get("/sign-in", **options).headers["Set-Cookie"]


def test_installations_on_one_host_have_cookies_of_their_own(settings, founder):
    first, again, second = (
        create_app(**settings | {"SECRET_KEY": key})
        for key in (settings["SECRET_KEY"], settings["SECRET_KEY"], "the other installation's key")
    )

    names = [cookie_of(app).split("=")[0] for app in (first, again, second)]

    assert names[0] == names[1] != names[2]
    assert names[0].startswith("smartcontent-")


def test_signing_out_of_one_leaves_the_other_and_foreign_cookies_alone(settings, founder):
    first = Visitor(create_app(**settings))
    first.client.set_cookie("remember_token", "another program's")
    first.sign_in(founder)
    second = Visitor(create_app(**settings | {"SECRET_KEY": "the other installation's key"}))
    second.client._cookies = first.client._cookies  # one browser: cookies know no ports
    second.sign_in(founder)

    assert first.get("/account/").status_code == 200
    first.post("/sign-out")

    assert "remember_token" in {cookie.key for cookie in first.client._cookies.values()}
    assert second.client.get_cookie(second.client.application.config["SESSION_COOKIE_NAME"])


@pytest.mark.parametrize(
    ("more", "start", "path"),
    [
        ({}, "smartcontent-", "/"),
        ({"COOKIE_SECURE": True}, "__Host-smartcontent-", "/"),
        ({"COOKIE_SECURE": True, "SCRIPT_NAME": "/texts"}, "smartcontent-", "/texts"),
    ],
)
def test_cookie_over_https_is_bound_to_the_host(settings, founder, more, start, path):
    cookie = cookie_of(create_app(**settings | more), base_url="https://localhost")

    assert cookie.startswith(start)
    assert f"Path={path}" in cookie.split("; ")
    assert ("Secure" in cookie) == bool(more)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        ("texts.example.org", {}),
        ("texts.example.org:8443", {"Referer": "https://texts.example.org:8443/sign-in"}),
        ("texts.example.org", {"Referer": "https://texts.example.org:8443/sign-in"}),
        ("127.0.0.1:8000", {"Referer": "https://texts.example.org/"}),
        ("texts.example.org", {"Referer": "http://texts.example.org/", "X-Forwarded-Port": "80"}),
        ("127.0.0.1:8000", {"Origin": "null"}),
    ],
    ids=[
        *("no referer", "odd port", "port the proxy does not tell", "host it does not tell"),
        *("scheme it does not tell", "origin the browser does not tell"),
    ],
)
def test_form_with_its_token_is_taken_however_the_proxy_forwards(settings, founder, host, sent):
    asked_at = {"SERVER_NAME": host, "PREFERRED_URL_SCHEME": "https", "COOKIE_SECURE": True}
    visitor = Visitor(create_app(**settings | asked_at))
    form = {"email": founder.email, "password": PASSWORD}

    answer = visitor.post("/sign-in", form, headers=sent)

    assert answer.status_code == 303


def test_messages_that_no_page_shows_do_not_pile_up_in_the_cookie(as_ada, content):
    sent = {"csrf_token": as_ada.token()}
    for _ in range(FLASHED_MOST + 1):
        as_ada.client.post(f"/contents/{content.id}/text/discard", data=sent)

    with as_ada.client.session_transaction() as session:
        assert len(session["_flashes"]) == FLASHED_MOST
    assert "is discarded" in as_ada.get("/account/").text


@pytest.mark.parametrize("token", [None, "forged"])
def test_form_that_is_refused_names_its_reason_in_the_log(as_ada, token, caplog):
    as_ada.token()

    answer = as_ada.client.post("/account/tokens", data={"csrf_token": token} if token else {})

    assert answer.status_code == 400
    reason = "invalid" if token else "missing"
    assert f"refused a form, POST account.create_token: The CSRF token is {reason}." in caplog.text
