"""Who may call the API, and that nobody reaches what is another's."""

import re
from operator import methodcaller
from uuid import uuid4

import pytest
from conftest import both_databases
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from smartcontent.contents import sharing
from smartcontent.models import ApiToken, Share, Status, now
from smartcontent.models.accounts import REVOKED_MOST
from smartcontent.stores.sql import db

from .conftest import BRIEF, Script, belongings


def api_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]


def calls(app: Flask, content_id: object) -> list[tuple[str, str]]:
    """Every method of every rule that asks for a token, for one content."""

    def path(rule: str) -> str:
        with_id = re.sub(r"<uuid:[^>]*>", str(content_id), rule.removeprefix("/api/v1"))
        return re.sub(r"<int[^>]*>", "1", with_id)

    rules = [rule for rule in api_rules(app) if app.view_functions[rule.endpoint].call.needs_token]
    return [(method, path(rule.rule)) for rule in rules for method in rule.methods]


def test_every_call_needs_a_token(app, stranger, content):
    for method, path in calls(app, content.id):
        answer = stranger.call(method, path)

        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Smart Content"'
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer sc_wrong",
        "Bearer a b",
        "Basic YWRhOmFkYQ==",
        "Bearer ü",
        "é",
    ],
)
def test_what_is_no_token_of_ours_is_refused(stranger, header):
    answer = stranger.get("/contents", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_wrong_token_is_told_apart_from_none(app):
    answer = Script(app, "sc_wrong").get("/contents")

    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_session_counts_for_nothing(as_ada):
    assert as_ada.get("/").status_code == 200
    assert as_ada.get("/api/v1/contents").status_code == 401


def test_token_counts_in_one_place_only(app, script, stranger):
    for header in ("X-Api-Key", "X-Authorization", "Cookie"):
        assert stranger.get("/contents", headers={header: script.token}).status_code == 401
    assert stranger.get(f"/contents?token={script.token}").status_code == 401


def test_no_cookie_and_no_leave_for_other_sites(script):
    answer = script.get("/contents", headers={"Origin": "https://evil.example"})

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@both_databases
def test_of_the_tokens_that_were_revoked_the_last_are_kept(ada):
    for number in range(REVOKED_MOST + 5):
        token, _ = ApiToken.issue(ada, f"script {number}")
        token.revoked_at = now()
        db.session.commit()

    ApiToken.issue(ada, "the last")

    names = set(db.session.scalars(select(ApiToken.name)))
    assert names == {"the last", *(f"script {number}" for number in range(5, REVOKED_MOST + 5))}


def test_revoked_token_is_refused_at_once(script):
    assert script.get("/contents").status_code == 200

    db.session.query(ApiToken).update({"revoked_at": now()})
    db.session.commit()

    assert script.get("/contents").status_code == 401


@both_databases
def test_disabled_user_is_refused_at_once(script, ada):
    ada.is_enabled = False
    db.session.commit()

    assert script.get("/contents").status_code == 401


@both_databases
def test_strangers_content_looks_like_none_whatever_is_tried(app, bobs_script, content):
    content_id, text_before = content.id, content.topic
    tried = [call for call in calls(app, content_id) if str(content_id) in call[1]]
    assert len(tried) >= 8

    for method, path in tried:
        if method == "OPTIONS":
            continue
        hers = bobs_script.call(method, path)
        unknown = bobs_script.call(method, path.replace(str(content_id), str(uuid4())))
        malformed = bobs_script.call(method, path.replace(str(content_id), "1"))

        assert hers.status_code == 404, (method, path)
        assert hers.data == unknown.data == malformed.data
        numbers = [each.headers.pop("X-Request-ID") for each in (hers, unknown, malformed)]
        assert len(set(numbers)) == 3
        assert hers.headers == unknown.headers == malformed.headers
    assert (content.topic, content.current.status, content.deleted_at) == (
        text_before,
        "pending",
        None,
    )


def test_what_is_anybody_s_is_nobody_else_s_by_any_address(
    app, ada, as_bob, visitor, script, bobs_script, stranger, content
):
    content.current.move(Status.CANCELLED, text="Tea.")
    known = belongings(script) | {"content_id": content.id, "number": 1}
    known["batch_id"] = script.post("/batches", {"rows": [BRIEF]}).json["id"]
    sharing.share(content, 1, 7)
    known["share_id"] = db.session.scalars(select(Share.id)).one()
    known["token_id"] = db.session.scalars(select(ApiToken.id).filter_by(user_id=ada.id)).one()
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments - {"number"}]
    tried = 0

    for rule in rules:
        if not rule.arguments <= known.keys():
            continue
        path = rule.build({name: known[name] for name in rule.arguments})[1]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            tried += 1
            if path.startswith("/api/v1"):
                asked = method, path.removeprefix("/api/v1")
                answers = bobs_script.call(*asked), stranger.call(*asked)
                expected = (404, 401)
            else:
                ask = methodcaller(method.lower(), path)
                answers = ask(as_bob), ask(visitor)
                # A table that is not kept any more is begun anew, whoever asks.
                to_begin = {"batches.table": 302}
                expected = (to_begin.get(rule.endpoint, 404), 302 if method == "GET" else 303)
            assert tuple(each.status_code for each in answers) == expected, (method, path)
    assert tried > 80
    assert len(script.get("/series").json["items"]) == 1
    assert script.get(f"/contents/{content.id}").status_code == 200


def test_list_holds_nothing_of_others(bobs_script, content):
    assert bobs_script.get("/contents?q=teapot").json == {"items": [], "next_cursor": None}


def test_content_in_the_trash_is_not_found(script, content):
    assert script.delete(f"/contents/{content.id}").status_code == 204

    assert script.get(f"/contents/{content.id}").status_code == 404
    assert script.delete(f"/contents/{content.id}").status_code == 404
    assert script.get("/contents").json["items"] == []
