"""The administrators' pages: who gets in, and what they say and do about users and waiting jobs."""

import re
import threading
from datetime import timedelta

import pytest
from conftest import BRIEF, NO_QUOTAS, Visitor, both_databases, make_user

from smartcontent.accounts.invitations import invitation_for
from smartcontent.contents import ending, submitting, waiting
from smartcontent.models import ApiToken, Draft, Status, User, now
from smartcontent.scheduling import Scheduler, reconcile
from smartcontent.stores import keys
from smartcontent.stores.sql import db
from smartcontent.web.admin.punctuality import punctuality_until
from smartcontent.web.drawings import share_of, stacked

NEW = {"password": "a long new password", "password_again": "a long new password"}
PAGES = ["/admin/", "/admin/users/", "/admin/scheduled"]
EXAMPLES = {"user_id": "1", "instance_number": "0", "queue_name": "generation", "job_id": "x",
            "registry_name": "queued", "per_page": "8", "order": "asc", "page": "1",
            "filename": "css/main.css"}  # fmt: skip


@pytest.fixture
def as_founder(app, founder) -> Visitor:
    return Visitor.signed_in(app, founder)


def fresh(user: User) -> User:
    db.session.refresh(user)
    return user


def admin_addresses(app) -> list[tuple[str, str]]:
    """Every method and address under /admin."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    found = []
    for rule in rules:
        path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda match: EXAMPLES[match[1]], rule.rule)
        found += [(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}]
    return sorted(found)


def request(visitor: Visitor, method: str, path: str, **headers: str):
    send = visitor.get if method == "GET" else visitor.post
    answer = send(path, headers=headers)
    if answer.status_code == 308:  # another spelling of the address that follows
        return request(visitor, method, answer.headers["Location"], **headers)
    return answer


def test_what_a_stranger_may_do_at_any_address_is_asked_without_an_error(app, founder, visitor):
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda part: EXAMPLES.get(part[1], "1"), rule.rule)
        answer = visitor.client.options(path)
        assert answer.status_code < 500, path
        if path.startswith("/admin") and not path.startswith("/admin/rq/static"):
            assert answer.status_code in (308, 403), path


def test_visitors_are_sent_to_sign_in_from_every_administrators_address(app, founder, visitor):
    for method, path in admin_addresses(app):
        answer = request(visitor, method, path)
        assert answer.status_code in (302, 303), (method, path)
        assert answer.headers["Location"].startswith("/sign-in"), (method, path)


def test_ordinary_users_are_refused_at_every_administrators_address(app, as_ada):
    for method, path in admin_addresses(app):
        assert request(as_ada, method, path).status_code == 403, (method, path)


def test_administrators_are_refused_nowhere(app, as_founder):
    for method, path in admin_addresses(app):
        # 400: an invitation without an address; 404: no such job; 409: one's own account.
        assert request(as_founder, method, path).status_code in (200, 303, 404, 405, 409, 422), path


def test_every_change_needs_the_token_of_a_page(app, as_founder):
    for method, path in admin_addresses(app):
        if method == "POST":
            answer = as_founder.client.post(path, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 400, path


def test_changes_sent_by_another_site_are_refused_even_with_a_token(as_founder, ada):
    answer = as_founder.post(
        f"/admin/users/{ada.id}/disable", headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert fresh(ada).is_enabled


def test_demoted_administrator_is_out_at_the_next_request(app, as_founder, founder):
    founder.is_admin = False
    db.session.commit()

    assert as_founder.get("/admin/").status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_pages_change_nothing_however_often_they_are_read(as_founder, content, valkey, path):
    before = everything_in(valkey), db.session.get(Draft, content.current.id).revision

    for _ in range(2):
        assert as_founder.get(path).status_code == 200

    db.session.expire_all()
    assert (everything_in(valkey), db.session.get(Draft, content.current.id).revision) == before


def everything_in(valkey) -> dict[bytes, bytes]:
    return {key: valkey.client.dump(key) for key in valkey.client.scan_iter()}


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_style_or_script(as_founder, content, path):
    answer = as_founder.get(path)

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<[^>]+ (style|on\w+)=|<style|<script(?![^>]* src=)", answer.text)


def test_overview_says_of_every_dependency_how_it_is(as_founder, ollama):
    page = as_founder.get("/admin/").text

    for name in ("Database", "Redis", "Scheduler", "Workers", "Ollama"):
        assert f'<th scope="row">{name}</th>' in page
    assert "No worker is running" in page
    assert "start one with <code>python worker.py</code>" in page


@both_databases
def test_overview_draws_the_day_and_how_late_its_drafts_were_started(as_founder, ada):
    due_at = now() - timedelta(hours=2)  # of all: the hour may end meanwhile
    for late_seconds in (0.02, 0.3, 7):
        draft = submitting.submit(ada.id, BRIEF, "A teapot").current
        draft.due_at = due_at
        draft.started_at = draft.due_at + timedelta(seconds=late_seconds)
        draft.status = Status.COMPLETED
    db.session.commit()

    page = as_founder.get("/admin/").text

    assert "3 Completed</title>" in page
    assert "The last 3 starts within 24 hours" in page
    assert "within 0.300 s, the latest after 7.000 s" in page
    assert re.findall(r"<th scope=\"row\">([^<]+ s)</th>.*?<td>(\d+)</td>", page, re.DOTALL) == [
        ("up to 0.1 s", "1"), ("0.1–0.25 s", "0"), ("0.25–0.5 s", "1"),
        ("0.5–1 s", "0"), ("1–5 s", "0"), ("over 5 s", "1"),
    ]  # fmt: skip


def test_overview_of_a_new_installation_says_that_there_is_nothing_yet(as_founder):
    page = as_founder.get("/admin/").text

    assert "No draft was due in the last 24 hours." in page
    assert "No draft was started in the last 24 hours." in page


def test_overview_lists_what_the_reconciler_mended(as_founder, content, valkey):
    waiting.start_now(content.current)
    valkey.client.flushall()
    content.current.due_at = now() - timedelta(minutes=1)
    db.session.commit()
    assert "Nothing had to be mended" in as_founder.get("/admin/").text

    reconcile()

    page = as_founder.get("/admin/").text
    assert f"draft {content.current.id}: scheduled again, Redis had no job for it" in page


@both_databases
def test_punctuality_is_drawn_by_the_hour_with_its_percentiles(app, as_founder, ada):
    app.config.update(NO_QUOTAS)
    moment = now()  # the hour may end meanwhile
    an_hour_ago = moment - timedelta(hours=1)
    for late in range(1, 101):
        draft = submitting.submit(ada.id, BRIEF, "A teapot").current
        draft.status, draft.due_at = Status.COMPLETED, an_hour_ago
        draft.started_at = an_hour_ago + timedelta(milliseconds=late)
        draft.finished_at = draft.started_at + timedelta(seconds=10)
        draft.estimated_seconds = 8.0
    db.session.commit()

    [*_, hour, this_hour] = punctuality_until(moment)
    page = as_founder.get("/admin/").text

    assert this_hour is None
    assert (hour.count, hour.p50, hour.p95, hour.p99) == (100, 0.05, 0.095, 0.099)
    said = "half within 0.050 s, 95 % within 0.095 s, 99 % within 0.099 s"
    assert said in " ".join(page.split())
    assert "half were off by at most 20 %" in page


def test_highest_column_of_a_chart_fills_it_and_parts_stand_on_each_other():
    chart = stacked([{"completed": 3, "failed": 1}, {"completed": 0, "failed": 2}, {}])

    assert (chart.top, chart.width, chart.height) == (4, 30, 100)
    assert [(part.kind, part.y, part.height) for part in chart.parts] == [
        ("completed", 25, 75), ("failed", 0, 25), ("failed", 50, 50),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "whole", "share"), [(1, 3, 33.33), (7, 5, 100), (0, 5, 0), (3, 0, 0)]
)
def test_bar_is_never_longer_than_its_track(part, whole, share):
    assert share_of(part, whole) == share


def test_invited_person_makes_an_account_with_the_link_that_is_shown_once(app, as_founder):
    page = as_founder.post("/admin/users/invite", {"email": " Carol@Example.org"}).text
    link = page.split('<code id="invitation">')[1].split("<")[0]
    carol = Visitor(app)

    answer = carol.post(link.removeprefix("http://localhost"), {"email": "x@example.org", **NEW})

    assert answer.status_code == 303
    assert not User.with_email("carol@example.org").is_admin
    assert carol.get("/account/").status_code == 200
    assert 'id="invitation"' not in as_founder.get("/admin/users/").text


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Type your email address"),
        ("carol", "not an email address"),
        ("founder@example.org", "has an account already"),
    ],
)
def test_whom_nobody_can_invite_is_said_beside_the_field(as_founder, email, sentence):
    answer = as_founder.post("/admin/users/invite", {"email": email})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_nobody_signs_up_while_sign_up_is_closed_invited_or_not(app, as_founder, visitor):
    app.config["SIGNUP"] = "closed"
    link = f"/sign-up?invitation={invitation_for('carol@example.org')}"

    refused = as_founder.post("/admin/users/invite", {"email": "carol@example.org"})

    assert (refused.status_code, "SIGNUP is closed" in refused.text) == (409, True)
    assert visitor.post(link, {"email": "carol@example.org", **NEW}).status_code == 403
    assert User.with_email("carol@example.org") is None


def test_disabling_ends_sessions_and_tokens_and_enabling_lets_in_again(as_founder, as_ada, ada):
    _, secret = ApiToken.issue(ada, "script")

    answer = as_founder.post(f"/admin/users/{ada.id}/disable", follow_redirects=True)

    assert "ada@example.org is disabled" in answer.text
    assert as_ada.get("/account/").status_code == 302
    assert as_ada.sign_in(ada).status_code == 422
    db.session.expire_all()
    assert ApiToken.with_secret(secret) is None

    as_founder.post(f"/admin/users/{ada.id}/enable")

    assert as_ada.get("/account/").status_code == 302
    assert as_ada.sign_in(ada).status_code == 303


def test_ended_sessions_stay_ended_and_the_user_may_sign_in_again(as_founder, as_ada, ada):
    as_founder.post(f"/admin/users/{ada.id}/end-sessions")

    assert as_ada.get("/account/").status_code == 302
    assert as_ada.sign_in(ada).status_code == 303


def test_administrators_are_made_and_unmade(as_founder, as_ada, ada):
    as_founder.post(f"/admin/users/{ada.id}/promote")
    assert as_ada.get("/admin/").status_code == 200

    as_founder.post(f"/admin/users/{ada.id}/demote")
    assert as_ada.get("/admin/").status_code == 403


@pytest.mark.parametrize("deed", ["disable", "enable", "end-sessions", "promote", "demote"])
def test_own_account_is_out_of_reach(as_founder, founder, deed):
    answer = as_founder.post(f"/admin/users/{founder.id}/{deed}")

    assert answer.status_code == 409
    assert "another administrator" in answer.text
    assert (fresh(founder).is_admin, founder.is_enabled) == (True, True)
    assert as_founder.get("/admin/").status_code == 200


def test_unknown_user_is_not_found(as_founder):
    for unknown in (0, 999, 2**31, 10**30):
        assert as_founder.post(f"/admin/users/{unknown}/disable").status_code == 404


@both_databases
@pytest.mark.parametrize("deed", ["disable", "demote"])
def test_administrators_who_unmake_each_other_at_once_leave_one(app, founder, deed):
    other = make_user("other@example.org", is_admin=True)
    pairs = [(founder, other), (other, founder)]
    visitors = []
    for actor, target in pairs:
        visitor = Visitor(app)
        visitor.sign_in(actor)
        visitors.append((visitor.client, visitor.token(), f"/admin/users/{target.id}/{deed}"))
    together = threading.Barrier(2)
    statuses = []

    def act(client, token: str, path: str) -> None:
        together.wait()
        answer = client.post(path, data={"csrf_token": token})
        is_at_the_door = answer.headers.get("Location", "").startswith("/sign-in")
        statuses.append("at the door" if is_at_the_door else answer.status_code)

    threads = [threading.Thread(target=act, args=each) for each in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # The slower one is refused: behind the lock if it came meanwhile, at the door if later.
    assert [status for status in statuses if status == 303] == [303]
    assert set(statuses) <= {303, 409, 403, "at the door"}
    left = [user for user in (fresh(founder), fresh(other)) if user.is_admin and user.is_enabled]
    assert len(left) == 1


def test_users_are_found_by_a_part_of_their_address_and_cut_into_pages(as_founder, ada):
    db.session.add_all(
        User(email=f"user{number:02}@example.org", password_hash="x") for number in range(50)
    )
    db.session.commit()

    first = as_founder.get("/admin/users/").text
    second = as_founder.get(re.search(r'href="([^"]+)" rel="next"', first)[1]).text

    assert ("user47@example.org" in first, "user48@example.org" in first) == (True, False)
    assert ("user47@example.org" in second, "user49@example.org" in second) == (False, True)
    found = as_founder.get("/admin/users/?q=ADA").text
    assert ("ada@example.org" in found, "user01@example.org" in found) == (True, False)
    assert "contains “<bdi>100%</bdi>”" in as_founder.get("/admin/users/?q=100%25").text


def scheduled_rows(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in body.split("<tr>")[1:]
    ]


def test_scheduled_jobs_are_shown_with_owner_due_time_and_time_left(as_founder, content):
    page = as_founder.get("/admin/scheduled").text

    [(due, left, owner, job, agreement)] = scheduled_rows(page)
    assert content.current.due_at.strftime("%H:%M:%S UTC") in due
    assert re.fullmatch(r"1 min|[1-5]?\d s", left)
    assert (owner, job) == ("ada@example.org", content.current.job_id)
    assert agreement == "agree"
    assert "agree on every job" in page


def test_job_that_redis_forgot_is_named_missing(as_founder, content, valkey):
    valkey.client.flushall()

    page = as_founder.get("/admin/scheduled").text

    [(*_, job, trouble)] = scheduled_rows(page)
    assert (job, trouble.split(".")[0]) == (content.current.job_id, "Missing in Redis")
    assert "1 of the 1 jobs below differs" in " ".join(page.split())


def test_job_at_another_time_than_its_draft_is_named(as_founder, content, valkey):
    valkey.client.zincrby(keys.SCHEDULED, 2, content.current.job_id)

    [(*_, trouble)] = scheduled_rows(as_founder.get("/admin/scheduled").text)

    assert trouble == "Redis has it +2.000 s off."


@pytest.mark.parametrize(
    ("orphan", "reason"),
    [
        (("0001-1", "0999-1"), "there is no such draft"),
        (("0001-1", "0001-7"), "its draft waits for another attempt"),
        ("<script>alert(1)</script>", "it is no job of this product"),
        (b"\xff\xfe", "it is no job of this product"),
    ],
)
def test_job_without_a_draft_is_named_an_orphan(as_founder, content, valkey, orphan, reason):
    job_id = content.current.job_id.replace(*orphan) if isinstance(orphan, tuple) else orphan
    valkey.client.zadd(keys.SCHEDULED, {job_id: now().timestamp() + 1})

    page = as_founder.get("/admin/scheduled").text

    first, second = scheduled_rows(page)
    assert first[-1] == f"Orphan: {reason}. The scheduler removes it."
    assert second[-1] == "agree"
    assert "<script>alert" not in page


def test_job_of_a_cancelled_draft_is_an_orphan(as_founder, content, valkey):
    job_id, due = content.current.job_id, content.current.due_at.timestamp()
    ending.cancel(content.current)
    valkey.client.zadd(keys.SCHEDULED, {job_id: due})

    [(_, _, owner, job, trouble)] = scheduled_rows(as_founder.get("/admin/scheduled").text)

    assert (owner, job) == ("ada@example.org", job_id)
    assert trouble == "Orphan: its draft is cancelled. The scheduler removes it."


def test_job_on_its_way_to_the_queue_is_not_called_missing(as_founder, due_draft, valkey):
    Scheduler(valkey.client).enqueue_jobs()

    page = as_founder.get("/admin/scheduled").text

    [(_, left, *_, agreement)] = scheduled_rows(page)
    assert (left.endswith("s ago"), agreement) == (True, "agree")


def test_scheduled_jobs_are_cut_into_pages_by_one_bounded_pipeline(as_founder, ada, valkey):
    jobs_ids = [submitting.submit(ada.id, BRIEF, "A teapot").current.job_id for _ in range(51)]
    valkey.client.config_resetstat()

    first = scheduled_rows(as_founder.get("/admin/scheduled").text)
    calls = {
        name.removeprefix("cmdstat_"): stat["calls"]
        for name, stat in valkey.client.info("commandstats").items()
    }
    second = scheduled_rows(as_founder.get("/admin/scheduled?page=2").text)

    assert [row[3] for row in first + second] == jobs_ids
    assert calls["zrange"] == 1
    assert calls["zscore"] == calls["hget"] == 50
    assert not {"keys", "scan", "zscan", "hgetall"} & set(calls)
    assert {row[4] for row in first + second} == {"agree"}


@both_databases
def test_strange_queries_do_no_harm(as_founder):
    for number in ("0", "-3", "x", "9" * 20, "9" * 5000):
        assert as_founder.get(f"/admin/scheduled?page={number}").status_code == 200
        assert as_founder.get(f"/admin/users/?after={number}").status_code == 200
    for q in ("%00", "%25", "_", "%5C", "x" * 1000):
        assert as_founder.get(f"/admin/users/?q={q}").status_code == 200


@pytest.mark.parametrize("valkey", ["own_valkey"], indirect=True)
def test_pages_say_so_in_a_sentence_when_redis_does_not_answer(as_founder, content, valkey):
    valkey.kill()

    answers = {path: as_founder.get(path) for path in PAGES}

    assert {answer.status_code for answer in answers.values()} == {200}
    assert "What Redis holds is unknown" in answers["/admin/"].text
    scheduled = answers["/admin/scheduled"].text
    assert "Redis does not answer, so its side cannot be shown" in scheduled
    assert content.current.job_id in scheduled
