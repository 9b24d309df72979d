"""Ollama behind TLS with a certificate authority of one's own, which only a setting knows."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from conftest import wait_until
from scripted_ollama import ScriptedOllama

from smartcontent.app import create_app
from smartcontent.health.public_url import check_public_url
from smartcontent.ollama import OllamaError
from smartcontent.ollama.configured import ollama

BRIEF = [{"role": "user", "content": "Write a caption."}]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Authority:
    """A certificate authority, and a server with a certificate of it."""

    def __init__(self, folder: Path, server: ScriptedOllama) -> None:
        self.file = str(folder / "ca.pem")
        self.url = server.url.replace("http://", "https://")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    server = ScriptedOllama()
    authority = Authority(tmp_path, server)
    with server:
        yield authority


def has_model(settings: dict, url: str) -> bool:
    app = create_app(**settings | {"OLLAMA_HOST": url})
    with app.app_context():
        return ollama().has_model("llama3.2")


@pytest.fixture(autouse=True)
def a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_own_authority_is_believed_and_proxies_are_ignored(name, authority, settings, monkeypatch):
    monkeypatch.setenv(name, authority.file)

    assert has_model(settings, authority.url)


def test_first_of_the_two_settings_counts(authority, settings, monkeypatch, tmp_path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))

    assert has_model(settings, authority.url)


@pytest.mark.parametrize("bundle", ["none", "another authority's"])
def test_without_it_the_certificate_is_refused(bundle, authority, settings, monkeypatch, tmp_path):
    if bundle == "another authority's":
        file = str(tmp_path / "other.pem")
        trustme.CA().cert_pem.write_to_path(file)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", file)

    with pytest.raises(OllamaError) as refused:
        has_model(settings, authority.url)

    assert refused.value.cause == "tls"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_doctor_believes_it_at_the_public_address_too(name, authority, settings, monkeypatch):
    for proxy in PROXIES:  # which the way to the public address may lead through
        monkeypatch.delenv(proxy)

    def cause() -> str:
        with create_app(**settings).app_context():
            return check_public_url(authority.url).cause

    assert "has no valid certificate" in cause()
    monkeypatch.setenv(name, authority.file)
    assert "404" in cause()  # it is no site of ours, but it is who it says it is


def test_connection_that_was_opened_ahead_is_the_one_used(authority, settings, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    app = create_app(**settings | {"OLLAMA_HOST": authority.url})
    with app.app_context(), ollama().chat("llama3.2", BRIEF, {}, at_once=False) as answer:
        wait_until(lambda: answer._exchange._handle is not None)
        opened = answer._exchange._handle

        answer.begin()

        assert next(filter(None, answer))
        assert answer._exchange._handle is opened
