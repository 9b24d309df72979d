"""Redis as it is given to us: with few rights, with too few, and when it says no."""

import html
import logging
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis as redis_py
from conftest import BRIEF, Valkey, Visitor, make_user, wait_until
from patience import PATIENCE
from processes import Browser, Processes

from smartcontent.app import create_app
from smartcontent.contents import ending, submitting
from smartcontent.health.finding import State
from smartcontent.health.redis_rights import RULES
from smartcontent.health.redis_server import check_redis
from smartcontent.models import Draft
from smartcontent.stores.redis_answers import ANSWERS, trouble
from smartcontent.stores.sql import db

DOCUMENT = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
DOCUMENTED = re.search(r"ACL SETUSER smartcontent on >\S+ (.*)", DOCUMENT)[1]

Grant = Callable[[str], str]


@pytest.fixture
def grant(valkey: Valkey) -> Iterator[Grant]:
    """Gives a user these rights and no others; answers the URL to be that user."""

    def grant(rules: str) -> str:
        valkey.client.execute_command(
            "ACL", "SETUSER", "smartcontent", "reset", "on", ">secret", *rules.split()
        )
        return f"redis://smartcontent:secret@127.0.0.1:{valkey.port}/0"

    yield grant
    valkey.client.acl_deluser("smartcontent")


def run_everything(settings: dict, folder: Path, advice: str = "") -> Processes:
    """All three processes, on a submitted and finished text, a stream, and every page on Redis,
    until the scheduler has said what is to be done."""
    administrator = make_user("grace@example.org", is_admin=True, is_founder=True)
    processes = Processes(settings, folder, GENERATION_DELAY_SECONDS=1).start()
    try:
        browser = Browser(processes.url).sign_in(administrator.email)
        with browser.session.get(
            f"{processes.url}/events", stream=True, timeout=PATIENCE
        ) as stream:
            assert next(stream.iter_lines())
            browser.submit()
            wait_until(lambda: statuses() == {"completed"})
        for path in ("/", "/admin/", "/admin/scheduled", "/admin/rq/", "/admin/rq/0/view/workers"):
            assert browser.session.get(f"{processes.url}{path}").status_code == 200
        assert browser.session.post(f"{processes.url}/sign-in").status_code == 400
        wait_until(lambda: processes.said("scheduler", advice))
    finally:
        processes.stop()
    return processes


def statuses() -> set[str]:
    found = set(db.session.scalars(db.select(Draft.status)))
    db.session.commit()
    return found


@pytest.mark.oldest_redis
def test_documented_rights_are_enough_for_the_whole_product(app, settings, grant, valkey, tmp_path):
    own = settings | {"REDIS_URL": grant(DOCUMENTED)}
    valkey.client.acl_log_reset()

    run_everything(own, tmp_path)
    with create_app(**own).app_context():
        found = check_redis()
        ending.cancel(submitting.submit(make_user("x@example.org").id, BRIEF, "A teapot").current)

    assert DOCUMENTED == RULES
    assert found.state is State.OK
    # On 6.2 a client may not say its name, for CLIENT is one command there; nobody needs it.
    assert {entry["object"] for entry in valkey.client.acl_log()} <= {"client"}


@pytest.mark.oldest_redis
def test_text_is_written_by_a_user_who_may_neither_tell_nor_hear(app, settings, grant, tmp_path):
    url = grant(RULES.replace("&smartcontent:*", ""))

    advice = "`ACL SETUSER smartcontent &smartcontent:*`"
    processes = run_everything(settings | {"REDIS_URL": url}, tmp_path, advice)

    for name in processes.running:
        assert "Traceback" not in processes.log(name).read_text()


@pytest.mark.oldest_redis
@pytest.mark.parametrize(
    ("refused", "state", "what", "rule"),
    [
        ("&smartcontent:*", State.DEGRADED, "channels like smartcontent:*", "&smartcontent:*"),
        ("~rq:*", State.DOWN, "keys like rq:*", "~rq:*"),
        ("~smartcontent:*", State.DOWN, "keys like smartcontent:*", "~smartcontent:*"),
        *(
            (command, state, f"the command {command}", f"+{command}")
            for command, state in [
                ("publish", State.DEGRADED),
                ("subscribe", State.DEGRADED),
                ("info", State.DEGRADED),
                ("zadd", State.DOWN),
                ("evalsha", State.DOWN),
                ("blmove", State.DOWN),
                ("append", State.DOWN),
                ("xadd", State.DOWN),
                ("time", State.DOWN),
            ]
        ),
    ],
)
def test_missing_right_is_named_with_the_command_that_gives_it(
    app, settings, grant, refused, state, what, rule
):
    is_command = refused.isalpha()
    url = grant(f"{RULES} -{refused}" if is_command else RULES.replace(refused, ""))

    with create_app(**settings | {"REDIS_URL": url}).app_context():
        found = check_redis()

    assert found.state is state
    assert found.cause == f"Redis does not allow its user smartcontent {what}"
    assert f"`ACL SETUSER smartcontent {rule}`" in found.remedy


def test_many_missing_rights_are_given_at_once(app, settings, grant):
    url = grant("-@all +@connection +multi +discard")

    with create_app(**settings | {"REDIS_URL": url}).app_context():
        found = check_redis()

    assert f"ACL SETUSER smartcontent {RULES}" in found.remedy


@pytest.mark.oldest_redis
def test_trying_rights_changes_nothing(app, valkey):
    valkey.client.set("rq:job:rights", "mine")

    check_redis()

    assert valkey.client.keys() == [b"rq:job:rights"]
    assert valkey.client.get("rq:job:rights") == b"mine"


@contextmanager
def refusing(answer: str) -> Iterator[str]:
    """A server that answers everything with one error; its URL."""

    class Refusal(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                if line.startswith(b"*"):
                    self.wfile.write(f"-{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


REFUSALS = {
    "NOAUTH": "NOAUTH Authentication required.",
    "WRONGPASS": "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM": "NOPERM this user has no permissions to run the 'hset' command",
    "OOM": "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY": "READONLY You can't write against a read only replica.",
    "MISCONF": "MISCONF Redis is configured to save RDB snapshots, but it is unable to persist.",
    "LOADING": "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN": "MASTERDOWN Link with MASTER is down",
    "BUSY": "BUSY Redis is busy running a script.",
    "max number of clients reached": "ERR max number of clients reached",
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusal_is_never_called_silence(settings, app, founder, kind, caplog):
    with refusing(REFUSALS[kind]) as url:
        refused = create_app(**settings | {"REDIS_URL": url})
        administrator = Visitor(refused)
        administrator.sign_in(founder)
        with refused.app_context():
            submitting.submit(founder.id, BRIEF, "A teapot")
            found = check_redis()
            db.session.commit()
        told = [
            found.cause,
            "\n".join(r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING),
            administrator.get("/admin/").text,
            administrator.get("/admin/scheduled").text,
            administrator.get("/admin/rq/").text,
        ]
        with refused.app_context():
            for verb in ("status", "reconcile"):
                told.append(refused.test_cli_runner().invoke(args=["queue", verb]).output)

    cause, told = ANSWERS[kind].cause, [html.unescape(text) for text in told]
    assert [cause in text for text in told] == [True] * len(told), "\n".join(told)
    assert not any("does not answer" in text for text in told)


def test_refusal_by_a_full_server_loses_nothing_and_is_made_good(app, settings, valkey, ada):
    valkey.client.config_set("maxmemory", 1)
    try:
        content = submitting.submit(ada.id, BRIEF, "A teapot")
        assert check_redis().state is State.DOWN
    finally:
        valkey.client.config_set("maxmemory", 0)
    assert content.current.status == "pending"
    db.session.commit()
    assert check_redis().state is State.OK


def test_what_was_sent_is_not_said_again_in_any_log(valkey):
    with pytest.raises(redis_py.ResponseError) as alone:
        valkey.client.execute_command("NO-SUCH", "key", "A teapot of blue glass")
    with pytest.raises(redis_py.ResponseError) as among_others, valkey.client.pipeline() as pipe:
        pipe.execute_command("NO-SUCH", "key", "A teapot of blue glass").execute()

    for refused in (alone.value, among_others.value):
        assert "teapot" in str(refused)
        assert "teapot" not in str(trouble(refused))
        assert trouble(refused).cause == "Redis does not know a command we need"
