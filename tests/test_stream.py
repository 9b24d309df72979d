"""The event stream as a page meets it: over real sockets, from a real gunicorn."""

import json
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

import pytest
import requests
from conftest import BRIEF, wait_until
from dictation import Dictation
from open_page import Page, is_heard, pages
from patience import PATIENCE
from processes import Browser

from smartcontent.contents import ending, submitting
from smartcontent.events import channel, frame, parsed, publish
from smartcontent.live.hub import Mailbox
from smartcontent.live.open_page import OpenPage, Permit
from smartcontent.live.places import Place, Places
from smartcontent.models import Status
from smartcontent.stores.redis import RedisLink, redis
from smartcontent.stores.sql import db
from smartcontent.writing import job


@pytest.fixture
def browser(web, ada) -> Browser:
    return Browser(web.url).sign_in(ada.email)


@pytest.fixture
def open_page() -> Iterator[Callable[[Browser], Page]]:
    with pages() as open_page:
        yield open_page


def test_stream_begins_with_a_snapshot_of_what_is_unfinished(browser, open_page, ada, content):
    snapshot = open_page(browser).wait("snapshot")[0]

    seen = snapshot["drafts"][0]
    assert (seen["content_id"], seen["status"]) == (str(content.id), "pending")
    assert (seen["offset"], seen["text"]) == (0, "")
    assert snapshot["server_time"].endswith("Z")


@pytest.mark.oldest_redis
def test_page_hears_every_status_and_every_word_in_order(browser, open_page, ada, ollama, valkey):
    page = open_page(browser).opened()
    wait_until(lambda: is_heard(valkey, ada))
    ollama.says("Tee ", "für zwei ☕", "!", gap=0.06)

    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    job.write_draft(draft.id)

    statuses = page.wait("status", 3)
    assert [event["status"] for event in statuses] == ["pending", "generating", "completed"]
    revisions = [event["revision"] for event in statuses]
    assert revisions == sorted(set(revisions))
    pieces = page.of("text")
    assert "".join(piece["text"] for piece in pieces) == "Tee für zwei ☕!"
    # On a busy machine two may come as one.
    lengths = [0, *accumulate(len(piece["text"]) for piece in pieces)]
    assert [piece["offset"] for piece in pieces] == lengths[:-1]


def test_page_that_opens_in_mid_text_starts_from_what_was_said(
    app, browser, open_page, ada, ollama, valkey
):
    dictation = Dictation(ollama)
    dictation.say("Tea ", "is ")
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    earlier = open_page(browser).opened()
    wait_until(lambda: is_heard(valkey, ada))

    def write() -> None:
        with app.app_context():
            job.write_draft(draft.id)

    db.session.commit()
    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: "".join(piece["text"] for piece in earlier.of("text")) == "Tea is ")

    page = open_page(browser).opened()
    dictation.say("warm.")
    dictation.end()
    writer.join()

    seen = page.of("snapshot")[0]["drafts"][0]
    page.wait("status")
    later = "".join(piece["text"] for piece in page.of("text") if piece["offset"] >= seen["offset"])
    assert (seen["text"], seen["offset"]) == ("Tea is ", 7)
    assert later == "warm."


def test_text_is_told_in_its_own_script():
    assert len(frame("text", {"text": "茶" * 1_000})) < 3_100


@pytest.mark.parametrize("end", "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_event_is_of_as_many_lines_for_who_cuts_at_every_line_end_there_is(end):
    told = frame("text", {"text": f"Tea{end}is"})

    name, data, rest = told.decode().splitlines()
    assert (name, rest) == ("event: text", "")
    assert json.loads(data.removeprefix("data: ")) == {"text": f"Tea{end}is"}
    assert list(parsed(told)) == [("text", {"text": f"Tea{end}is"})]


@pytest.mark.parametrize("kind", ["page", "mailbox"])
def test_who_does_not_read_holds_no_more_than_a_megabyte(kind):
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    permit = Permit(lambda keys: keys, "a session")
    page = OpenPage(Place(Places(), 1), permit, ours, True, print) if kind == "page" else None
    mailbox = Mailbox(1)

    for _ in range(30):
        (page or mailbox).put(b"x" * 600_000)

    if page:
        assert page.must_read
        assert len(page._unsent) <= 600_100
        assert sum(map(len, page._held)) < 1_700_000
        page.close()
    else:
        assert mailbox.take(0) == ([], True)
    ours.close()
    theirs.close()


def test_nobody_hears_another_user_s_events(web, browser, open_page, ada, bob, valkey):
    page = open_page(Browser(web.url).sign_in(bob.email)).opened()
    wait_until(lambda: is_heard(valkey, bob))

    content = submitting.submit(ada.id, BRIEF, "A teapot")
    submitting.submit(bob.id, BRIEF, "Another")

    page.wait("status")
    assert str(content.id) not in str(page.events)


def test_events_of_another_installation_on_the_same_redis_are_not_heard(
    app, browser, open_page, ada, valkey
):
    page = open_page(browser).opened()
    wait_until(lambda: is_heard(valkey, ada))

    app.config["REDIS_URL"] = valkey.url.removesuffix("/0") + "/1"
    redis.init_app(app)
    publish(ada.id, "status", {"status": "another installation's"})
    app.config["REDIS_URL"] = valkey.url
    redis.init_app(app)
    submitting.submit(ada.id, BRIEF, "A teapot")

    assert page.wait("status")[0]["status"] == "pending"


def test_stream_needs_a_session(web):
    assert requests.get(f"{web.url}/events", timeout=PATIENCE).status_code == 401


def test_signing_out_ends_the_open_streams_and_the_copied_cookie(browser, open_page):
    page = open_page(browser).opened()
    cookie = dict(browser.session.cookies)

    browser.post("/sign-out")

    wait_until(lambda: page.ended)
    answer = requests.get(f"{browser.url}/events", cookies=cookie, timeout=PATIENCE)
    assert answer.status_code == 401


def test_more_streams_than_allowed_are_refused_until_one_closes(browser, open_page):
    pages = [open_page(browser) for _ in range(6)]
    for page in pages:
        page.wait("snapshot")

    assert browser.session.get(f"{browser.url}/events", timeout=PATIENCE).status_code == 429

    pages[0].close()
    wait_until(lambda: open_page(browser).answer.status_code == 200, every=0.3)


def test_of_streams_that_are_asked_for_at_once_no_more_begin_than_may(browser, open_page):
    asked = ThreadPoolExecutor(60).map(lambda _: open_page(browser), range(60))

    statuses = Counter(page.answer.status_code for page in asked)

    assert statuses == {200: 6, 429: 54}


@pytest.mark.oldest_redis
def test_page_reads_again_after_redis_was_away(browser, open_page, ada, valkey):
    page = open_page(browser).opened()

    valkey.kill()
    try:
        draft = submitting.submit(ada.id, BRIEF, "A teapot").current
        wait_until(lambda: any(s["drafts"] for s in page.of("snapshot")))
    finally:
        valkey.start()

    assert page.of("snapshot")[-1]["drafts"][0]["draft_id"] == draft.id
    wait_until(lambda: is_heard(valkey, ada))
    ending.cancel(draft)
    wait_until(lambda: is_told_of_the_end(page))


def is_told_of_the_end(page: Page) -> bool:
    """By an event, or by a snapshot where the page was reading just then."""
    statuses = [event["status"] for event in page.of("status")]
    return statuses[-1:] == [Status.CANCELLED] or not page.of("snapshot")[-1]["drafts"]


@pytest.fixture
def hurried(app, monkeypatch) -> None:
    """This process waits for Redis no longer than the product does."""
    monkeypatch.setattr(RedisLink, "PATIENCE_SECONDS", 1.0)
    redis.init_app(app)


@pytest.mark.usefixtures("hurried")
def test_page_that_opens_while_redis_is_silent_misses_nothing(
    web, browser, open_page, ada, bob, valkey
):
    open_page(Browser(web.url).sign_in(bob.email)).opened()
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        page = open_page(browser).opened()
        submitting.submit(ada.id, BRIEF, "A teapot")  # which nobody can be told of
    finally:
        valkey.process.send_signal(signal.SIGCONT)

    wait_until(lambda: any(snapshot["drafts"] for snapshot in page.of("snapshot")))


@pytest.mark.usefixtures("hurried")
def test_page_reads_again_what_nobody_could_tell_while_redis_was_silent(
    browser, open_page, ada, valkey
):
    page = open_page(browser).opened()
    wait_until(lambda: is_heard(valkey, ada))

    valkey.process.send_signal(signal.SIGSTOP)
    try:
        submitting.submit(ada.id, BRIEF, "A teapot")
    finally:
        valkey.process.send_signal(signal.SIGCONT)

    wait_until(lambda: any(snapshot["drafts"] for snapshot in page.of("snapshot")))


def test_who_left_while_redis_was_away_is_heard_when_they_come_again(
    web, browser, open_page, ada, valkey
):
    departures = "will subscribe once Redis is back"
    before = len(web.said("web", departures))
    page = open_page(browser).opened()
    valkey.kill()
    try:
        page.wait("snapshot", 2)  # the subscription has ended
        page.close()
        wait_until(lambda: len(web.said("web", departures)) > before)
    finally:
        valkey.start()
    wait_until(lambda: valkey.client.pubsub_channels("smartcontent:hub:*"))

    open_page(browser).opened()

    wait_until(lambda: is_heard(valkey, ada))


@pytest.mark.oldest_redis
def test_cut_subscription_makes_the_page_read_again(browser, open_page, ada, valkey):
    page = open_page(browser).opened()

    valkey.client.client_kill_filter(_type="pubsub")

    page.wait("snapshot", 2)
    wait_until(lambda: is_heard(valkey, ada))


def test_one_web_process_needs_one_subscription(browser, open_page, valkey, ada):
    pages = [open_page(browser) for _ in range(4)]
    for page in pages:
        page.wait("snapshot")
    wait_until(lambda: is_heard(valkey, ada))

    assert valkey.client.pubsub_numsub(channel(ada.id)) == [(channel(ada.id).encode(), 1)]
