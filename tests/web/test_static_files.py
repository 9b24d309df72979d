"""Static files: kept for good by their address, compressed, there for pages of every version."""

import gzip
import re

import pytest
from conftest import ROOT, Visitor
from flask import Flask, url_for

from smartcontent.app import create_app
from smartcontent.web.static_files import StaticFolder

STATIC = ROOT / "smartcontent" / "static"
ZIPPED = {"Accept-Encoding": "gzip, deflate, br"}
GOOD_FOR_EVER = "public, max-age=31536000, immutable"


def address_of(app: Flask, filename: str, endpoint: str = "static") -> str:
    with app.test_request_context():
        return url_for(endpoint, filename=filename)


def test_files_are_kept_for_good_whoever_asks(app, as_ada):
    names = [path.name for path in STATIC.glob("*.*")]
    assert len(names) > 15
    for name in names:
        answer = as_ada.get(address_of(app, name))

        assert answer.data == (STATIC / name).read_bytes()
        assert answer.headers["Cache-Control"] == GOOD_FOR_EVER
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding", "a session that goes on changes it"


def test_all_that_a_page_names_is_kept_for_good(app, as_ada, founder):
    as_founder = Visitor(app)
    as_founder.sign_in(founder)
    for visitor, page in ((as_ada, "/"), (as_ada, "/nowhere"), (as_founder, "/admin/rq/")):
        named = re.findall(r'(?:src|href)="([^"]*/static/[^"]+)"', visitor.get(page).text)
        kept = {visitor.get(address).headers["Cache-Control"] for address in named}
        assert len(named) >= 4
        assert kept == {GOOD_FOR_EVER}, page


def test_scripts_import_each_other_by_relative_addresses_alone():
    """So they are named by the hash that the first of them is named by."""
    imported = [
        address
        for path in STATIC.glob("*.js")
        for address in re.findall(r'(?:from|import)\s*\(?\s*"([^"]+)"', path.read_text())
    ]

    assert len(imported) > 20
    assert all(re.fullmatch(r"\./\w+\.js", address) for address in imported), imported


def test_address_changes_with_the_content_of_any_file_and_with_nothing_else(tmp_path):
    def hash_of(**contents: str) -> str:
        for name, content in contents.items():
            (tmp_path / name).write_text(content)
        return StaticFolder(tmp_path).hash

    first = hash_of(app="import live", live="begin")

    assert hash_of(app="import live", live="begin") == first
    assert hash_of(live="go on") != first
    assert hash_of(live="begin") == first
    assert hash_of(another="") != first


@pytest.mark.parametrize("before", ["", "0123456789abcdef/"])
def test_address_of_another_version_leads_to_the_file_of_now_and_is_asked_again(
    app, as_ada, before
):
    answer = as_ada.get(f"/static/{before}app.js")
    again = as_ada.get(f"/static/{before}app.js", headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.data == (STATIC / "app.js").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")


def test_file_is_compressed_for_those_who_can_read_it(app, as_ada):
    address = address_of(app, "vendor/pico.min.css")
    plain = as_ada.get(address)
    zipped = as_ada.get(address, headers=ZIPPED)
    refused = as_ada.get(address, headers={"Accept-Encoding": "gzip;q=0"})

    assert gzip.decompress(zipped.data) == plain.data == refused.data
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 5
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert zipped.headers["Content-Type"] == plain.headers["Content-Type"]


def test_what_is_no_file_of_ours_is_not_there_and_that_is_not_kept(app):
    browser = app.test_client()
    for name in ("nothing.js", "../app.py", "%2e%2e/app.py", "0123456789abcdef/", "é"):
        answer = browser.get(f"/static/{name}")

        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"


def test_files_need_neither_database_nor_redis(settings):
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    app = create_app(**settings | away)

    assert app.test_client().get(address_of(app, "style.css")).status_code == 200


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
@pytest.mark.parametrize("moment", ["Sun, 1 Nov 99999999999999 99:99:99 GMT", "Sun", "\xb2" * 99])
@pytest.mark.parametrize("path", ["/static/app.js", "/api/v1/openapi.json"])
def test_no_moment_that_is_asked_by_is_an_error_of_ours(app, header, moment, path):
    headers = {header: moment, "Range": "bytes=0-1"}

    assert Visitor(app).get(path, headers=headers).status_code == 200
