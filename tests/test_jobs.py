"""From a submitted brief to a text on record, on both databases."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import BRIEF, both_databases, wait_until
from dictation import Dictation
from ollama_scripts import done, line, piece
from processes import free_port
from redis.client import Pipeline
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from smartcontent import events, prompts
from smartcontent.briefs.task import Deed, Passage, Task
from smartcontent.contents import ending, refining, submitting, versions, waiting
from smartcontent.events import text_so_far
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.listing import Filters, list_contents
from smartcontent.scheduling import Scheduler
from smartcontent.stores.sql import db, only_read
from smartcontent.texts.sentiment import sentiment_of
from smartcontent.writing import job, outcome
from smartcontent.writing.attempt import Attempt, WorkerStopping
from smartcontent.writing.retrying import AWAY_TRIES

pytestmark = both_databases


def written(draft: Draft) -> Draft:
    """The draft after its job has run."""
    job.write_draft(draft.id)
    db.session.refresh(draft)
    return draft


def in_thread(app, work, *args) -> threading.Thread:
    db.session.commit()  # SQLite has one writer: this thread must not be it

    def run() -> None:
        with app.app_context():
            work(*args)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def status_of(draft: Draft) -> str:
    return read(draft, Draft.status)


def read(draft: Draft, column):
    """What its row says by now."""
    only_read()
    value = db.session.scalar(select(column).where(Draft.id == draft.id))
    db.session.commit()
    return value


@pytest.mark.parametrize("setting", [60.0, 12.345])
def test_submitted_brief_waits_exactly_the_delay(app, ada, setting):
    app.config["GENERATION_DELAY_SECONDS"] = setting
    draft = submitting.submit(ada.id, BRIEF, "A teapot").current
    db.session.refresh(draft)

    assert draft.status == Status.PENDING
    assert draft.due_at - draft.created_at == timedelta(seconds=setting)
    assert draft.due_at.microsecond % 1000 == 0


def test_due_draft_is_written_with_text_statistics_and_sentiment(due_draft, ollama):
    ollama.says("A lovely ", "teapot. ", "It is great!")

    draft = written(due_draft)

    assert (draft.status, draft.text) == (Status.COMPLETED, "A lovely teapot. It is great!")
    assert draft.model == "llama3.2"
    assert draft.prompt[-1]["role"] == "user"
    assert draft.options["num_ctx"] == 4096
    assert draft.stats["eval_count"] == 12
    assert draft.sentiment_label == "positive"
    assert draft.due_at <= draft.started_at <= draft.first_word_at <= draft.finished_at


def test_nothing_a_server_says_of_itself_costs_a_text(due_draft, ollama):
    odd = "\0\ud800\x1b" * 100
    ollama.lines(piece("Tea."), done(odd, model=odd, eval_count=10**40))
    ollama.on(path="/api/tags").fails(200, {"models": [{"name": "llama3.2", "digest": odd}]})
    ollama.on(path="/api/version").fails(200, {"version": odd})

    draft = written(due_draft)

    assert (draft.status, draft.text) == (Status.COMPLETED, "Tea.")


def test_what_a_model_writes_around_its_text_is_kept_beside_it(due_draft, ollama):
    ollama.says("Hm, a teapot.\n</think>\n\n", "Here is your text:\n\n", "**Tea** is warm.")

    draft = written(due_draft)

    assert draft.text == "**Tea** is warm."
    assert draft.taken_out == "Hm, a teapot.\n\nHere is your text:"


def test_thought_that_was_taken_for_text_is_taken_back_in_mid_text(app, due_draft, ollama):
    dictation = Dictation(ollama)
    thought = dictation.say("Hm. " * 50)
    draft_id = due_draft.id
    thread = in_thread(app, job.write_draft, draft_id)
    wait_until(lambda: text_so_far(draft_id, 1) == thought)

    dictation.say("</think>", "Tea ")
    wait_until(lambda: text_so_far(draft_id, 1) == "Tea ")
    dictation.end()
    thread.join()

    db.session.refresh(due_draft)
    assert (due_draft.text, due_draft.taken_out) == ("Tea ", thought.strip())


@pytest.mark.parametrize("mark", ["</think>", "assistantfinal"])
def test_text_that_begins_where_a_thought_ends_outlasts_a_silence(due_draft, ollama, mark):
    lines = [line(piece("Hm.")), line(piece(f"{mark}Tea ")), b": one moment\n", line(done())]
    ollama.raw(b"".join(lines))

    assert written(due_draft).text == "Tea "


def test_text_that_begins_where_a_thought_ends_outlasts_a_broken_connection(due_draft, ollama):
    ollama.says("Hm.", "</think>Tea ", cut=True)

    draft = written(due_draft)

    assert (draft.status, draft.text) == (Status.PENDING, "Tea ")


@pytest.mark.parametrize(
    "said",
    [["completion", "thinking"], ["Reasoning"], {"thinking": ["low", "high"], "vision": False}],
)
def test_model_that_may_think_has_room_for_it(due_draft, ollama, said):
    ollama.on(path="/api/show").fails(200, {"capabilities": said}, times=9)

    usual = prompts.options_for(BRIEF)["num_predict"]

    assert written(due_draft).options["num_predict"] == usual + 2048


def test_length_spent_on_thinking_is_tried_once_more_with_room(due_draft, ollama):
    for _ in range(2):
        ollama.says("<think>Hm", " and hm", done_reason="length")
    usual = prompts.options_for(BRIEF)["num_predict"]

    again = written(due_draft)
    assert (again.status, again.options["num_predict"]) == (Status.PENDING, usual)
    again.due_at = now()
    db.session.commit()

    failed = written(again)
    assert (failed.status, failed.options["num_predict"]) == (Status.FAILED, usual + 4096)
    assert "spent its whole length on thinking" in failed.error


def test_text_that_thoughts_left_no_room_for_is_tried_once_more_and_then_kept(due_draft, ollama):
    for _ in range(2):
        ollama.says("<think>Hm and hm and hm</think>", "A teapot", done_reason="length")
    usual = prompts.options_for(BRIEF)["num_predict"]

    again = written(due_draft)
    assert (again.status, again.options["num_predict"]) == (Status.PENDING, usual)
    again.due_at = now()
    db.session.commit()

    cut = written(again)
    assert (cut.status, cut.text, cut.done_reason) == (Status.COMPLETED, "A teapot", "length")
    assert cut.options["num_predict"] == usual + 4096


LOOP = ("Our teapot is a lovely gift. ", "It keeps tea warm for an hour. ")


def test_text_that_loops_is_stopped_and_tried_once_more_with_another_seed(ada, ollama):
    draft = submitting.submit(ada.id, BRIEF, "A teapot", {"seed": 7}, delay_seconds=0).current
    for _ in range(2):
        ollama.says("A teapot. ", *LOOP * 100, gap=0.001)

    again = written(draft)

    assert (again.status, again.error_cause) == (Status.PENDING, "repeating")
    assert "went on repeating itself and was stopped" in again.error
    assert len(again.text) < 1000
    again.due_at = now()
    db.session.commit()
    failed = written(again)
    assert (failed.status, failed.failures) == (Status.FAILED, 2)
    seeds = [sent["options"]["seed"] for sent in ollama.chats]
    assert seeds[0] == 7
    assert seeds[1] == failed.options["seed"] != 7


def test_context_grows_in_steps(ada, ollama):
    long = replace(BRIEF, instructions="Τσάι " * 600, language="ja", length="long")

    written(submitting.submit(ada.id, long, "A teapot", delay_seconds=0).current)

    assert ollama.chats[0]["options"]["num_ctx"] == 8192


def test_settings_of_a_brief_reach_ollama(ada, ollama):
    settings = {"model": "mistral", "temperature": 0.1, "seed": 7}
    ollama.models.append("mistral:latest")

    written(submitting.submit(ada.id, BRIEF, "A teapot", settings, delay_seconds=0).current)

    sent = ollama.chats[0]
    assert sent["model"] == "mistral"
    assert (sent["options"]["temperature"], sent["options"]["seed"]) == (0.1, 7)


def test_job_that_comes_too_early_starts_nothing(content, ollama):
    draft = written(content.current)

    assert (draft.status, ollama.chats) == (Status.PENDING, [])


def test_job_delivered_twice_writes_once(due_draft, ollama):
    written(due_draft)
    first_text, first_revision = due_draft.text, due_draft.revision

    written(due_draft)

    assert len(ollama.chats) == 1
    assert (due_draft.text, due_draft.revision) == (first_text, first_revision)


def test_of_many_workers_at_once_one_claims(app, due_draft, ollama):
    ollama.says("Tea ", "is warm.", gap=0.2)

    threads = [in_thread(app, job.write_draft, due_draft.id) for _ in range(6)]
    for thread in threads:
        thread.join()

    assert status_of(due_draft) == Status.COMPLETED
    assert len(ollama.chats) == 1


def test_missing_model_fails_at_once_with_the_remedy(due_draft, ollama):
    ollama.fails(404, {"error": "model 'llama3.2' not found"})

    draft = written(due_draft)

    assert draft.status == Status.FAILED
    assert "ollama pull llama3.2" in draft.error
    assert draft.finished_at


def test_failed_draft_keeps_the_text_that_came(app, due_draft, ollama):
    app.config["GENERATION_ATTEMPTS"] = 1
    ollama.says("Tea ", "is ", cut=True)

    draft = written(due_draft)

    assert (draft.status, draft.text, draft.error_cause) == (Status.FAILED, "Tea is ", "stream_cut")


def test_busy_server_is_tried_again_after_a_pause(due_draft, ollama):
    ollama.fails(503, {"error": "server busy, please try again."})

    before = now()
    draft = written(due_draft)

    assert (draft.status, draft.failures) == (Status.PENDING, 1)
    assert before + timedelta(seconds=1) < draft.due_at < now() + timedelta(seconds=3)
    assert draft.error


def test_ollama_out_of_reach_is_waited_for_and_that_is_no_failure(app, due_draft, ollama):
    app.config["GENERATION_ATTEMPTS"] = 1
    there, app.config["OLLAMA_HOST"] = app.config["OLLAMA_HOST"], f"127.0.0.1:{free_port()}"
    for pause in (2, 8, 32, 60, 60):
        before = now()
        draft = written(due_draft)

        assert (draft.status, draft.failures) == (Status.PENDING, 0)
        assert draft.error_cause == "unreachable"
        least, most = timedelta(seconds=pause * 0.8), timedelta(seconds=pause * 1.2 + 0.01)
        assert before + least < draft.due_at < now() + most
        draft.move(Status.PENDING, due_at=now())
    app.config["OLLAMA_HOST"] = there

    assert written(due_draft).status == Status.COMPLETED


def test_ollama_out_of_reach_for_a_day_is_a_failure(app, due_draft):
    app.config["OLLAMA_HOST"] = f"127.0.0.1:{free_port()}"
    due_draft.error_cause, due_draft.error_values = "unreachable", {"tries": AWAY_TRIES - 2}
    due_draft.failures = 2
    db.session.commit()

    ends = []
    for _ in range(3):
        ends.append((written(due_draft).status, due_draft.failures))
        due_draft.move(Status.PENDING, due_at=now())

    assert ends == [(Status.PENDING, 2), (Status.PENDING, 3), (Status.FAILED, 4)]


def test_ollama_out_of_reach_is_waited_for_after_however_many_other_attempts(app, due_draft):
    app.config["OLLAMA_HOST"] = f"127.0.0.1:{free_port()}"
    due_draft.attempt, due_draft.failures = AWAY_TRIES, 3  # as of one that waited for a download
    db.session.commit()

    draft = written(due_draft)

    assert (draft.status, draft.failures) == (Status.PENDING, 3)
    assert draft.error_values["tries"] == 1


def test_last_attempt_fails_for_good(app, due_draft, ollama):
    app.config["GENERATION_ATTEMPTS"] = 2
    ollama.fails(503, {"error": "server busy"}, times=2)
    written(due_draft)
    due_draft.move(Status.PENDING, due_at=now())

    draft = written(due_draft)

    assert (draft.status, draft.failures) == (Status.FAILED, 2)


def test_second_attempt_starts_from_a_clean_text(due_draft, ollama):
    ollama.says("Half a ", cut=True)
    written(due_draft)
    assert due_draft.text == "Half a "
    due_draft.move(Status.PENDING, due_at=now())
    ollama.says("The whole.")

    draft = written(due_draft)

    assert (draft.status, draft.text, draft.error) == (Status.COMPLETED, "The whole.", None)


def test_attempts_that_write_nothing_keep_what_one_before_them_has_written(app, due_draft, ollama):
    app.config["GENERATION_ATTEMPTS"] = 3
    ollama.says("Half a kettle", cut=True)
    ollama.fails(503, {"error": "server busy"}, times=2)
    texts = []
    for _ in range(3):
        texts.append(written(due_draft).text)
        due_draft.move(Status.PENDING, due_at=now())

    assert (texts, due_draft.status) == (["Half a kettle"] * 3, Status.FAILED)
    found = list_contents(due_draft.user_id, Filters(q="kettle")).items
    assert [each.id for each in found] == [due_draft.content_id]


def test_attempt_that_is_handed_back_unwritten_keeps_what_one_before_it_has_written(
    due_draft, ollama, monkeypatch
):
    ollama.says("Half a ", cut=True)
    written(due_draft)
    due_draft.move(Status.PENDING, due_at=now())
    monkeypatch.setattr(job.Attempt, "write", _is_told_to_end)

    draft = written(due_draft)

    assert (draft.status, draft.text) == (Status.PENDING, "Half a ")


def test_text_is_written_though_redis_never_keeps_the_whole_of_it(due_draft, ollama, monkeypatch):
    """It may run out of memory and throw away what it likes, or answer for a replica."""
    is_kept_nowhere = lambda pipe, _: pipe.execute_command("STRLEN", "nobody")  # noqa: E731
    monkeypatch.setattr(Pipeline, "strlen", is_kept_nowhere)
    ollama.says("Tea ", "is ", "warm.")

    draft = written(due_draft)

    assert (draft.status, draft.text, draft.attempt) == (Status.COMPLETED, "Tea is warm.", 1)


@pytest.fixture
def rewrite(due_draft, ollama) -> Draft:
    """A due draft that is to rewrite a text's last sentence."""
    ollama.says("Tea is hot. It pours.")
    job.write_draft(due_draft.id)
    passage = Passage.of("Tea is hot. It pours.", 12, 21)
    [asked] = refining.ask_for(due_draft.content, Task(Deed.REFINE, 1, "warmer", passage=passage))
    return asked


def test_rewrite_of_which_no_word_has_come_leaves_nothing_of_the_text_it_is_made_of(
    rewrite, ollama, monkeypatch
):
    ollama.fails(503, {"error": "server busy"})
    left = [written(rewrite).text]
    rewrite.move(Status.PENDING, due_at=now())
    with monkeypatch.context() as patched:
        patched.setattr(job.Attempt, "write", _is_told_to_end)
        left.append(written(rewrite).text)

    assert left == ["", ""]
    ollama.says("It ", cut=True)
    ollama.fails(503, {"error": "server busy"})
    for _ in range(2):
        left.append(written(rewrite).text)
        rewrite.move(Status.PENDING, due_at=now())
    assert left[2:] == ["Tea is hot. It "] * 2


def test_nor_does_one_whose_worker_is_lost_before_the_first_word(app, rewrite, ollama):
    app.config["LEASE_SECONDS"] = 0.4
    dictation = Dictation(ollama)
    thread = in_thread(app, job.write_draft, rewrite.id)
    wait_until(lambda: read(rewrite, Draft.lease_until))
    first = read(rewrite, Draft.lease_until)

    wait_until(lambda: read(rewrite, Draft.lease_until) > first)

    assert read(rewrite, Draft.text) == ""
    dictation.say("It ")
    wait_until(lambda: text_so_far(rewrite.id, 1) == "Tea is hot. It ")
    dictation.end()
    thread.join()
    assert read(rewrite, Draft.text) == "Tea is hot. It "


def test_nor_does_one_that_is_stopped_before_the_first_word(app, rewrite, ollama):
    Dictation(ollama)
    thread = in_thread(app, job.write_draft, rewrite.id)
    wait_until(lambda: read(rewrite, Draft.status) == Status.GENERATING and ollama.texts)

    ending.cancel(rewrite)

    thread.join()
    assert (read(rewrite, Draft.status), read(rewrite, Draft.text)) == (Status.CANCELLED, "")


def _is_told_to_end(attempt, answer):
    raise WorkerStopping


@pytest.mark.parametrize("goes", ["while it is written", "as it ends", "as it is scored"])
def test_draft_whose_row_goes_leaves_no_word_and_no_failed_job(
    app, rewrite, ollama, valkey, monkeypatch, goes
):
    content, number, draft_id = rewrite.content, rewrite.number, rewrite.id
    dictation = Dictation(ollama)
    dictation.say("Marzipan ")
    errors: list[Exception] = []

    def write(its_id: int) -> None:
        try:
            job.write_draft(its_id)
        except Exception as error:
            errors.append(error)

    writer = in_thread(app, write, draft_id)
    wait_until(lambda: text_so_far(draft_id, 1))

    def delete_row(*_: object) -> tuple[float, str]:
        with db.engine.begin() as connection:
            connection.execute(delete(Draft).where(Draft.id == draft_id))
        return 0.5, "positive"

    if goes == "as it is scored":
        monkeypatch.setattr(outcome, "sentiment_of", delete_row)
        dictation.end()
    elif goes == "as it ends":
        delete_row()
        dictation.end()
    else:
        assert versions.remove(content, number)
    writer.join()

    assert errors == []
    assert valkey.client.keys("smartcontent:text:*") == []


def test_cancelled_draft_stays_cancelled_when_the_model_answers_late(app, due_draft, ollama):
    app.config["LEASE_SECONDS"] = 3600  # it is the look that tells, not a renewal
    Dictation(ollama).say("Tea ")
    writer = in_thread(app, job.write_draft, due_draft.id)
    wait_until(lambda: text_so_far(due_draft.id, 1))

    assert ending.cancel(due_draft)
    assert not due_draft.complete(1, due_draft.revision, text="late")
    writer.join()

    db.session.refresh(due_draft)
    assert due_draft.status == Status.CANCELLED
    assert due_draft.text.startswith("Tea ")
    assert ollama.wait_closed()


def test_cancelled_pending_draft_never_starts_and_leaves_nothing_in_redis(content, ollama, valkey):
    draft = content.current
    ending.cancel(draft)

    job.write_draft(draft.id)

    assert status_of(draft) == Status.CANCELLED
    assert ollama.chats == []
    assert not [key for key in valkey.client.keys("*") if b"draft" in key or b"scheduled" in key]


def test_final_draft_is_not_cancelled(due_draft):
    written(due_draft)

    assert not ending.cancel(due_draft)
    assert status_of(due_draft) == Status.COMPLETED


def test_brief_is_edited_while_it_waits_and_keeps_its_due_time(content):
    due_at = content.current.due_at
    changed = type(BRIEF)(**(vars(BRIEF) | {"topic": "A kettle"}))

    assert waiting.change_brief(content, changed, "A kettle", {})

    db.session.expire_all()
    assert (content.topic, content.current.due_at) == ("A kettle", due_at)


def test_brief_cannot_be_edited_once_it_is_due(due_draft):
    changed = type(BRIEF)(**(vars(BRIEF) | {"topic": "A kettle"}))

    assert not waiting.change_brief(due_draft.content, changed, "A kettle", {})

    db.session.expire_all()
    assert due_draft.content.topic == BRIEF.topic


def test_started_now_is_due_now(content, ollama):
    assert waiting.start_now(content.current)

    assert written(content.current).status == Status.COMPLETED


def test_held_draft_has_no_due_time_and_nothing_in_redis(content, valkey):
    assert waiting.hold(content.current)

    assert (content.current.status, content.current.due_at) == (Status.HELD, None)
    assert valkey.client.keys("*draft*") == []
    assert valkey.client.zcard("rq:scheduler:scheduled_jobs") == 0


def test_held_draft_is_not_started_by_a_stray_job(content, ollama):
    waiting.hold(content.current)

    assert written(content.current).status == Status.HELD
    assert ollama.chats == []


def test_released_draft_gets_a_whole_minute_again(content, valkey):
    waiting.hold(content.current)
    before = now()

    assert waiting.release(content.current)

    minute, rounding = timedelta(minutes=1), timedelta(milliseconds=1)
    assert before + minute <= content.current.due_at <= now() + minute + rounding
    assert valkey.client.zcard("rq:scheduler:scheduled_jobs") == 1


def test_put_off_draft_is_due_at_the_other_time(content, valkey):
    later = now() + timedelta(hours=3)

    assert waiting.put_off(content.current, later)

    score = valkey.client.zscore("rq:scheduler:scheduled_jobs", content.current.job_id)
    assert score == content.current.due_at.timestamp()
    assert timedelta(0) <= content.current.due_at - later < timedelta(milliseconds=1)


@pytest.mark.parametrize("days", [-1, 366])
def test_draft_cannot_be_put_off_to_the_past_or_for_years(content, days):
    with pytest.raises(ValueError, match="a year ahead"):
        waiting.put_off(content.current, now() + timedelta(days=days))


@pytest.mark.parametrize(
    "change", [waiting.hold, lambda d: waiting.put_off(d, now() + timedelta(1))]
)
def test_draft_whose_time_has_come_is_not_held_or_put_off(due_draft, change):
    assert not change(due_draft)
    assert status_of(due_draft) == Status.PENDING


def test_undone_submission_is_in_the_trash_and_never_starts(content, valkey, ollama):
    assert waiting.undo(content)

    assert written(content.current).status == Status.CANCELLED
    assert content.deleted_at
    assert (ollama.chats, valkey.client.keys("*draft*")) == ([], [])


def test_who_is_killed_in_undoing_leaves_no_variant_that_is_written(ada, monkeypatch):
    content = submitting.submit(ada.id, BRIEF, "A teapot", variants=3)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Scheduler, "forget_all", killed)
    with pytest.raises(KeyboardInterrupt):
        waiting.undo(content)
    db.session.remove()

    assert db.session.scalars(select(Content.deleted_at)).one()
    assert {*db.session.scalars(select(Draft.status))} == {Status.CANCELLED}


def test_submission_that_is_not_undone_keeps_its_variants(ada):
    content = submitting.submit(ada.id, BRIEF, "A teapot", variants=2)
    db.session.execute(update(Draft).where(Draft.number == 1).values(due_at=now()))
    db.session.commit()

    assert not waiting.undo(content)

    db.session.expire_all()
    assert content.deleted_at is None
    assert {draft.status for draft in content.drafts} == {Status.PENDING}


def test_started_draft_is_not_undone(due_draft):
    written(due_draft)

    assert not waiting.undo(due_draft.content)
    db.session.refresh(due_draft.content)
    assert due_draft.content.deleted_at is None


def test_edit_does_not_take_a_draft_off_hold(app, content):
    stale_status = content.current.status
    Draft.move(content.current, Status.HELD, due_at=None)
    content.current.status = stale_status  # as another tab still sees it
    db.session.expunge(content.current)

    assert not waiting.change_brief(content, BRIEF, "Changed", {})

    assert status_of(content.drafts[0]) == Status.HELD


def test_retry_makes_the_next_version_due_at_once(due_draft, ollama):
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    written(due_draft)

    again = versions.retry(due_draft.content)

    assert (again.number, again.status) == (2, Status.PENDING)
    assert written(again).status == Status.COMPLETED
    assert due_draft.content.current.number == 2


def test_retry_while_one_is_unfinished_is_refused(content):
    assert versions.retry(content) is None
    assert len(content.drafts) == 1


def test_edited_text_is_a_new_version_and_the_old_one_stays(due_draft):
    written(due_draft)

    edited = versions.save_edit(due_draft.content, "Teapots", "All new. Wonderful!")

    db.session.expire_all()
    assert [draft.text for draft in due_draft.content.drafts] == [
        "Tea is warm.",
        "All new. Wonderful!",
    ]
    assert (edited.origin, edited.sentiment_label) == ("edited", "positive")
    assert due_draft.content.title == "Teapots"


def test_text_cut_at_the_length_limit_is_completed_and_says_so(due_draft, ollama):
    ollama.says("Tea is", done_reason="length")

    draft = written(due_draft)

    assert (draft.status, draft.done_reason) == (Status.COMPLETED, "length")


def test_page_drawn_before_the_sentiment_is_there_is_told_of_it(due_draft, ollama, monkeypatch):
    drawn, told = [], []

    def draw(text, language):
        drawn.append(db.session.scalar(select(Draft.revision)))
        return sentiment_of(text, language)

    monkeypatch.setattr(outcome, "sentiment_of", draw)
    monkeypatch.setattr(events, "publish", lambda *event: told.append(event))
    ollama.says("A lovely teapot.")

    assert written(due_draft).sentiment_label == "positive"
    assert told[-1][2]["status"] == "completed"
    assert told[-1][2]["revision"] == due_draft.revision > drawn[0]


@pytest.mark.parametrize(
    ("end", "scripted", "status"),
    [
        ("complete", lambda ollama: ollama.says("A lovely teapot."), Status.COMPLETED),
        ("move", lambda ollama: ollama.fails(404, {"error": "model not found"}), Status.FAILED),
        ("move", lambda ollama: ollama.fails(503, {"error": "server busy"}), Status.PENDING),
    ],
)
def test_end_is_told_though_the_answer_to_its_commit_is_lost(
    due_draft, ollama, monkeypatch, end, scripted, status
):
    usual, told, written_down = getattr(Draft, end), [], []

    def loses_its_first_answer(*what, **values):
        written_down.append(usual(*what, **values))
        if len(written_down) == 1:
            told.clear()
            raise OperationalError("COMMIT", None, Exception("server closed the connection"))
        return written_down[-1]

    monkeypatch.setattr(Draft, end, loses_its_first_answer)
    monkeypatch.setattr(events, "publish", lambda *event: told.append(event))
    scripted(ollama)

    draft = written(due_draft)

    assert (draft.status, draft.attempt, len(ollama.chats)) == (status, 1, 1)
    assert [event[2]["status"] for event in told] == [status]
    assert (draft.sentiment_label is not None) == (status == Status.COMPLETED)


@pytest.mark.parametrize("language", ["de", "ja"])
def test_sentiment_is_not_guessed_in_a_language_the_lexicon_does_not_know(ada, language):
    brief = type(BRIEF)(**(vars(BRIEF) | {"language": language}))

    draft = written(submitting.submit(ada.id, brief, "A teapot", delay_seconds=0).current)

    assert draft.sentiment_score is None


@pytest.mark.parametrize("end", ["completed", "failed", "handed back"])
def test_text_is_in_redis_no_longer_than_it_is_written(ada, ollama, valkey, monkeypatch, end):
    """What stays there takes room from everybody's drafts."""
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    seen = []

    def look(*_args: object) -> None:
        seen.extend(valkey.client.keys("smartcontent:text:*"))
        if end == "handed back":
            raise WorkerStopping

    monkeypatch.setattr(Attempt, "_look_around", look)
    if end == "failed":
        ollama.line_error("no such thing", "Tea ")
    else:
        ollama.says("Tea is ", "warm.")

    job.write_draft(draft.id)

    assert seen
    assert valkey.client.keys("smartcontent:text:*") == []
