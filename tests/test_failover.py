"""PostgreSQL may only be read for a while: a standby has not taken over yet."""

import threading

import psycopg
import pytest
from conftest import wait_until
from dictation import Dictation
from processes import Processes
from sqlalchemy.exc import DatabaseError

from smartcontent.events import text_so_far
from smartcontent.health.database import check_database
from smartcontent.health.public_url import check_public_url
from smartcontent.models import Content, Status
from smartcontent.stores.sql import db
from smartcontent.writing import job

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def standby(database_url):
    """What makes every new connection to the database one that may only read, and ends that."""
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        name = connection.info.dbname

        def may_only_be_read(is_so: bool) -> None:
            how = "on" if is_so else "DEFAULT"
            connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {how}')

        yield may_only_be_read
        may_only_be_read(False)


def test_page_says_503_while_the_database_may_only_be_read_and_not_longer(as_ada, content, standby):
    hold = f"/contents/{content.id}/hold"
    as_ada.token()
    standby(True)
    db.engine.dispose()
    assert as_ada.post(hold).status_code == 503
    assert check_database().cause.startswith("the database takes no writes")

    standby(False)  # connections from before are not used again
    assert as_ada.post(hold).status_code < 400
    db.session.refresh(content.current)
    assert content.current.status == Status.HELD


def test_doctor_goes_on_without_a_token_while_the_database_may_only_be_read(
    founder, settings, tmp_path, standby
):
    web = Processes(settings, tmp_path).start("web")
    standby(True)
    db.engine.dispose()

    assert check_public_url(web.url).cause == "nobody can be signed in: the database"
    web.stop()


def test_finished_text_waits_for_a_database_that_may_only_be_read(
    app, due_draft, ollama, standby, monkeypatch
):
    dictation, draft_id, refused = Dictation(ollama), due_draft.id, []
    db.session.commit()

    def write() -> None:
        with app.app_context():
            job.write_draft(draft_id)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    said = dictation.say("Tea is warm.")
    wait_until(lambda: text_so_far(draft_id, 1) == said)

    def take_in(*what: object) -> Content | None:
        try:
            return usual(*what)
        except DatabaseError as error:
            refused.append(error)
            raise

    usual = Content.take_in
    monkeypatch.setattr(Content, "take_in", take_in)
    standby(True)
    db.engine.dispose()
    dictation.end()
    wait_until(lambda: refused or not thread.is_alive())
    standby(False)
    thread.join()

    assert refused
    db.session.refresh(due_draft)
    assert (due_draft.status, due_draft.text) == (Status.COMPLETED, said)
