"""Which names, proxies and paths are believed, and that what is passed on follows no forged one."""

import contextvars
import re

import pytest
from conftest import Visitor
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from smartcontent.app import create_app
from smartcontent.web.addresses import SubPath


@pytest.fixture
def site(settings: dict):
    """Makes the app with more settings: site(TRUSTED_HOSTS=("a.example",))."""
    return lambda **more: create_app(**settings | more)


def ask(app: Flask, host: str, path: str = "/sign-in", **headers: str):
    return app.test_client().get(path, headers={"Host": host, **headers})


def visitor(app: Flask, user) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(user)
    return visitor


@pytest.mark.parametrize(
    "host",
    [
        *("texts.example.org", "texts.example.org:8443", "TEXTS.example.org", "a.b.example.net"),
        *("[::1]:8000", "example.net"),
    ],
)
def test_trusted_names_are_answered(site, founder, host: str):
    app = site(TRUSTED_HOSTS=("texts.example.org", ".example.net", "::1"))

    assert ask(app, host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evilexample.net", "texts.example.org.evil", "127.0.0.1", "a b", ""]
)
def test_other_names_are_refused_and_named_in_the_log(site, founder, host: str, caplog):
    app = site(TRUSTED_HOSTS=("texts.example.org", ".example.net"))

    page, problem = ask(app, host), ask(app, host, "/api/v1/contents")

    assert (page.status_code, problem.status_code) == (400, 400)
    assert "TRUSTED_HOSTS" in page.text
    assert problem.mimetype == "application/problem+json"
    assert f"refused host={host!r}" in caplog.text
    assert "Content-Security-Policy" in page.headers


@pytest.mark.parametrize("host", ["a..b", ".a", "...", "x" * 64, "x" * 64 + ".example:80"])
def test_name_that_no_host_can_have_is_none(site, founder, host: str, caplog):
    anywhere, here = site(), site(TRUSTED_HOSTS=("texts.example.org",))

    assert ask(anywhere, host).status_code == 200
    assert (ask(here, host).status_code, ask(here, host, "/healthz").status_code) == (400, 200)
    assert "Traceback" not in caplog.text


def test_name_in_an_encoding_that_it_is_not_in_is_none(site, founder):
    environ = create_environ("/sign-in") | {"HTTP_HOST": "xn--a"}  # no test client sends it

    _, status, _ = run_wsgi_app(site().wsgi_app, environ)

    assert status == "200 OK"


@pytest.mark.parametrize(
    ("host", "known"),
    [(f"{'a.' * 126}a:65535", True), (f"{'a.' * 130}a", False), ("xn--tda." * 1_000, False)],
)
def test_name_longer_than_any_host_has_is_none(host: str, known: bool):
    names = []
    below = SubPath(lambda environ, _: names.append(environ["HTTP_HOST"]) or [], "")

    below(create_environ("/") | {"HTTP_HOST": host}, lambda *_: None)

    assert names == [host if known else ""]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_from_inside_ask_by_address(site, founder, path: str):
    app = site(TRUSTED_HOSTS=("texts.example.org",))

    assert ask(app, "127.0.0.1:8000", path).status_code == 200


def test_no_link_to_pass_on_follows_a_forged_name(site, founder):
    as_founder = visitor(site(SERVER_NAME="evil.example"), founder)

    invitation = as_founder.post("/admin/users/invite", {"email": "new@example.org"})
    token = as_founder.post("/account/tokens", {"name": "x", "password": "correct horse battery"})
    redirected = [as_founder.get(path) for path in ("/account", "/admin")]

    assert 'id="invitation">/sign-up?invitation=' in invitation.text
    assert 'id="api-url">/api/v1/contents<' in token.text
    where = [answer.headers["Location"] for answer in redirected]
    assert where == ["/account/", "/admin/"]
    said = "".join(answer.text for answer in (invitation, token, *redirected))
    assert "evil.example" not in said


def test_links_to_pass_on_name_a_host_that_is_trusted(site, founder):
    trusted = {"TRUSTED_HOSTS": ("texts.example.org",), "SERVER_NAME": "texts.example.org:8443"}
    as_founder = visitor(site(**trusted, PREFERRED_URL_SCHEME="https"), founder)

    page = as_founder.post("/admin/users/invite", {"email": "new@example.org"})

    assert 'id="invitation">https://texts.example.org:8443/sign-up?invitation=' in page.text


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ({}, "http://127.0.0.1:8000/sign-up?"),
        ({"SMARTCONTENT_BIND": "::1"}, "http://[::1]:8000/sign-up?"),
        ({"TRUSTED_HOSTS": (".x.example", "a.example")}, "http://a.example/sign-up?"),
        (
            {"TRUSTED_HOSTS": ("a.example",), "COOKIE_SECURE": True, "SCRIPT_NAME": "/texts"},
            "https://a.example/texts/sign-up?",
        ),
    ],
)
def test_command_invites_to_the_usual_address(site, founder, more: dict, start: str):
    runner = site(**more).test_cli_runner()
    done = contextvars.Context().run(runner.invoke, args=["users", "invite", "new@example.org"])

    assert done.stdout.startswith(start)


FORWARDED = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "texts.example.org",
    "X-Forwarded-Prefix": "/texts",
}


def test_forwarding_headers_count_only_with_trusted_proxies(site, founder):
    believed, ignored = site(TRUSTED_PROXIES=1), site()

    answers = [ask(app, "localhost", **FORWARDED) for app in (believed, ignored)]

    assert [("Strict-Transport-Security" in answer.headers) for answer in answers] == [True, False]
    assert ['src="/texts/static/' in answer.text for answer in answers] == [True, False]


def test_scheme_that_is_none_is_ignored(site, founder):
    forged = {"X-Forwarded-Proto": "ht tp://evil"}

    answer = ask(site(TRUSTED_PROXIES=1), "localhost", "/account", **forged)

    assert answer.location in ("/account/", "http://localhost/account/")


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "/a b", '/"><script>', "texts", "/..//x", "/"]
)
def test_prefix_that_is_no_path_is_ignored(site, founder, prefix: str):
    page = ask(site(TRUSTED_PROXIES=1), "localhost", **{"X-Forwarded-Prefix": prefix})

    assert 'src="/static/' in page.text


@pytest.mark.parametrize("path", ["/texts/sign-in", "/sign-in"])
def test_setting_tells_of_the_path_whether_the_proxy_leaves_it_or_not(site, founder, path: str):
    page = ask(site(SCRIPT_NAME="/texts"), "localhost", path)

    assert page.status_code == 200
    addresses = re.findall(
        r'(?:href|src|action|data-events|data-snapshot|data-clock)="(/[^"]*)"', page.text
    )
    assert len(addresses) > 5
    assert all(address.startswith("/texts/") for address in addresses)
    assert "Path=/texts" in page.headers["Set-Cookie"]


def test_path_that_only_begins_alike_is_not_taken_away(site, founder):
    assert ask(site(SCRIPT_NAME="/texts"), "localhost", "/textsign-in").status_code == 404


@pytest.mark.parametrize("told", ["http://[", "//[", "http://a]b/", "http://\u2100/"])
def test_page_that_a_form_is_said_to_have_stood_on_may_be_anything(visitor, founder, told):
    for path in ("/contents", "/nowhere", "/shared/nothing", "/sign-in"):
        answer = visitor.post(path, headers={"Referer": told})
        assert answer.status_code < 500
    for host in ("[", "a]", "[::1"):
        assert visitor.get("/contents", headers={"Host": host}).status_code < 500
