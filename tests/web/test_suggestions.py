"""What stands beside a text stays there until it is used, discarded, or can be used no more."""

import re
from datetime import timedelta

import pytest
from conftest import BRIEF, both_databases
from flask import current_app
from sqlalchemy import event, insert, update

from smartcontent.briefs.task import CONTEXT, Deed, Passage, Task
from smartcontent.contents import refining, submitting, versions
from smartcontent.models import Content, Draft, HistoryLine, Status, What, now
from smartcontent.stores.sql import db
from smartcontent.writing import job

TEA = "Tea is warm. " + "It is made of leaves. " * 4 + "The pot is blue. It pours well."
NEWER = {"Tea is warm.": "Tea is hot!", "The pot is blue.": "What a pot!"}


@pytest.fixture
def content(ada, ollama) -> Content:
    """A content whose first draft is completed."""
    made = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0)
    return written(ollama, made, TEA)


@pytest.fixture
def page(content) -> str:
    return f"/contents/{content.id}"


def written(ollama, content: Content, text: str) -> Content:
    """The content, its newest draft completed with the text."""
    complete(ollama, content.versions()[0].id, text)
    return content


def complete(ollama, draft_id: int, text: str) -> None:
    ollama.says(text)
    db.session.commit()
    with current_app.app_context():  # a session as a worker has it
        job.write_draft(draft_id)
    db.session.expire_all()


def asked(content: Content, passage: str, how: str = "warmer") -> None:
    """Have a passage of the first version rewritten."""
    start = TEA.index(passage)
    marked = Passage.to_rewrite(TEA, start, start + len(passage))
    refining.ask_for(content, Task(Deed.REFINE, 1, how, passage=marked))


def rewritten(ollama, content: Content, *passages: str) -> Content:
    """The content with each of the passages rewritten beside its text."""
    for each in passages:
        asked(content, each)
        written(ollama, content, NEWER[each])
    return content


def beside(as_ada, page: str) -> list[str]:
    """The numbers beside the text, where what is drawn anew of each alone says the same."""
    shown = re.findall(r'class="suggestion"[^>]*data-number="(\d+)"', as_ada.get(page).text)
    for number in range(1, 12):
        is_drawn = as_ada.get(f"{page}/versions/{number}/beside").status_code == 200
        assert is_drawn == (str(number) in shown), number
    return shown


@both_databases
def test_using_one_passage_leaves_the_others_beside_the_text(as_ada, page, content, ollama):
    rewritten(ollama, content, *NEWER)
    as_ada.post(f"{page}/versions/3/accept")
    assert beside(as_ada, page) == ["2"]

    as_ada.post(f"{page}/versions/2/accept")

    assert beside(as_ada, page) == []
    db.session.expire_all()
    assert content.current.text == TEA.replace("Tea is warm.", "Tea is hot!").replace(
        "The pot is blue.", "What a pot!"
    )


def test_what_is_merged_takes_no_other_away(as_ada, page, content, ollama):
    rewritten(ollama, content, *NEWER)
    asked(content, "It pours well.")
    written(ollama, content, "How it pours!")

    as_ada.post(f"{page}/versions/2/accept")
    as_ada.post(f"{page}/versions/3/accept")

    assert beside(as_ada, page) == ["4"]


def test_what_is_being_written_stays_whatever_is_used_and_is_seen_when_it_has_come(
    as_ada, page, content, ollama
):
    asked(content, "Tea is warm.")
    going = content.versions()[0].id
    rewritten(ollama, content, "The pot is blue.")
    as_ada.post(f"{page}/versions/3/accept")
    assert beside(as_ada, page) == ["2"]
    assert f'action="{page}/versions/2/stop"' in as_ada.get(page).text
    as_ada.post(f"{page}/text", {"title": "Mine", "text": "Coffee is hot.", "base": 3})

    complete(ollama, going, "Tea is hot!")

    assert beside(as_ada, page) == ["2"]  # its passage is gone, but nobody has seen it yet


@pytest.mark.parametrize("is_by_sentence", [False, True])
def test_whole_text_rewritten_stays_beside_an_edit_until_it_is_used(
    as_ada, page, content, ollama, is_by_sentence
):
    refining.ask_for(content, Task(Deed.REFINE, 1, "shorter"))
    written(ollama, content, "Tea is warm. It pours.")
    form = {"title": "Mine", "text": f"{TEA} Buy it.", "base": 1}
    if is_by_sentence:
        rewritten(ollama, content, "The pot is blue.")
        as_ada.post(f"{page}/versions/3/accept", {"by_sentence": "1", "sentence": "1"})
    else:
        as_ada.post(f"{page}/text", form)
    assert beside(as_ada, page) == ["2"]

    as_ada.post(f"{page}/versions/2/accept")
    as_ada.post(f"{page}/text", form | {"base": 2})

    assert beside(as_ada, page) == []


@both_databases
def test_text_from_the_brief_that_never_came_takes_nothing_away(as_ada, page, content, ollama):
    rewritten(ollama, content, "Tea is warm.")
    as_ada.post(f"{page}/retry")
    failed = {"status": Status.FAILED, "finished_at": now()}
    db.session.execute(update(Draft).filter_by(content_id=content.id, number=3).values(failed))
    db.session.commit()
    as_ada.post(f"{page}/versions/1/current")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": f"{TEA} Buy it.", "base": 1})

    assert beside(as_ada, page) == ["2"]


def test_used_text_does_not_come_back_beside_one_that_was_asked_for_with_it(
    as_ada, page, content, ollama
):
    for how in ("shorter", "warmer"):
        refining.ask_for(content, Task(Deed.REFINE, 1, how))
    later, first = (each.id for each in content.versions()[:2])
    complete(ollama, later, "Warm tea!")
    complete(ollama, first, "Tea.")
    assert beside(as_ada, page) == ["2", "3"]

    as_ada.post(f"{page}/versions/2/accept")
    as_ada.post(f"{page}/versions/3/accept")

    assert beside(as_ada, page) == []


def test_passage_that_is_gone_or_discarded_does_not_come_back(as_ada, page, content, ollama):
    rewritten(ollama, content, "Tea is warm.", *NEWER)
    as_ada.post(f"{page}/versions/2/delete")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": TEA.replace("Tea", "It"), "base": 1})

    assert beside(as_ada, page) == ["4"]


def test_text_written_anew_begins_without_the_suggestions_for_another(
    as_ada, page, content, ollama
):
    rewritten(ollama, content, "Tea is warm.")
    versions.retry(content)
    written(ollama, content, TEA)
    assert beside(as_ada, page) == []

    as_ada.post(f"{page}/text", {"title": "Mine", "text": f"{TEA} Buy it.", "base": 3})

    assert beside(as_ada, page) == []


def test_variants_that_were_seen_go_with_the_next_text_and_suggestions_stay(
    as_ada, page, content, ollama
):
    rewritten(ollama, content, "Tea is warm.")
    refining.ask_for_variants(content, 2)
    assert beside(as_ada, page) == ["2", "3", "4"]
    as_ada.post(f"{page}/versions/4/stop")
    written(ollama, content, "A pot.")
    assert beside(as_ada, page) == ["2", "3"]

    as_ada.post(f"{page}/text", {"title": "Mine", "text": f"{TEA} Buy it.", "base": 1})

    assert beside(as_ada, page) == ["2"]


def test_old_suggestions_of_an_archive_which_may_have_been_used_stay_away(
    as_ada, page, content, ollama
):
    rewritten(ollama, content, "Tea is warm.")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": f"{TEA} Buy it.", "base": 1})
    assert beside(as_ada, page) == ["2"]

    db.session.add(HistoryLine(content_id=content.id, what=What.TAKEN_IN, at=now()))
    db.session.commit()

    assert beside(as_ada, page) == []


def test_of_200_old_suggestions_no_more_passages_are_read_than_a_page_has_room_for(
    as_ada, page, content
):
    passage = Passage(0, 11, "Coffee is it", "", "x" * CONTEXT, 0)
    row = {"user_id": content.user_id, "content_id": content.id, "status": Status.COMPLETED,
           "text": "x" * 1_000, "origin": "refined", "created_at": now() - timedelta(days=1),
           "task": Task(Deed.REFINE, 1, "warmer", passage=passage).as_json()}  # fmt: skip
    db.session.execute(insert(Draft), [{**row, "number": number} for number in range(2, 200)])
    last = {"number": 200, "origin": "edited", "created_at": now(), "task": None}
    db.session.execute(insert(Draft), [row | last])
    db.session.execute(update(Content).values(current_number=200))
    db.session.commit()
    read = list[str]()

    def note(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith("SELECT drafts.task"):
            read.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    shown = as_ada.get(page).text
    event.remove(db.engine, "before_cursor_execute", note)

    assert 'class="suggestion"' not in shown
    assert len(read) == 12


@pytest.mark.parametrize("act", ["reproduce", "continue"])
def test_what_is_made_of_an_older_version_takes_no_place_of_a_draft_under_way(
    as_ada, page, content, ollama, act
):
    content.current.done_reason = "length"
    as_ada.post(f"{page}/retry")
    going = content.versions()[0].id

    assert as_ada.post(f"{page}/versions/1/{act}").status_code == 303

    [shown] = re.findall(r'<article class="view"[^>]*data-draft="(\d+)"', as_ada.get(page).text)
    assert int(shown) == going
    assert beside(as_ada, page) == ["3"]
    complete(ollama, going, "Tea is hot.")
    assert content.current.text == "Tea is hot."


@both_databases
def test_what_is_made_of_an_older_version_is_shown_where_another_has_ended_without_a_text(
    as_ada, page, content
):
    as_ada.post(f"{page}/retry")
    as_ada.post(f"{page}/cancel")

    as_ada.post(f"{page}/versions/1/reproduce")

    db.session.expire_all()
    assert content.current_number == 3


def language_of_the_text(as_ada, page: str) -> str:
    return re.findall(r'<textarea[^>]* lang="(..)"', as_ada.get(f"{page}/text").text)[0]


def test_translation_of_which_every_sentence_is_ticked_is_in_its_language(
    as_ada, page, content, ollama
):
    refining.ask_for(content, Task(Deed.REFINE, 1, "translate", language="de"))
    written(ollama, content, "Der Tee ist warm.\n\nDie Kanne ist blau. Sie gießt gut.")
    shown = as_ada.get(f"{page}/versions/2/sentences").text
    ticked = re.findall(r'name="sentence" value="(\d+)"', shown)

    for _ in range(2):  # once more, as after a lost answer
        form = {"by_sentence": "1", "sentence": ticked}
        assert as_ada.post(f"{page}/versions/2/accept", form).status_code == 303

    assert language_of_the_text(as_ada, page) == "de"
    db.session.expire_all()
    assert content.current.text == "Der Tee ist warm.\n\nDie Kanne ist blau. Sie gießt gut."


@pytest.mark.parametrize(("ticked", "language"), [("1", "en"), ("234567", "de")])
def test_text_is_in_the_language_most_of_it_was_translated_into(
    as_ada, page, content, ollama, ticked, language
):
    text = " ".join(f"Tea number {n} is warm." for n in range(1, 8))
    versions.save_edit(content, "A teapot", text)
    refining.ask_for(content, Task(Deed.REFINE, 2, "translate", language="de"))
    written(ollama, content, " ".join(f"Der Tee {n} ist warm." for n in range(1, 8)))
    shown = as_ada.get(f"{page}/versions/3/sentences").text
    assert len(re.findall('name="sentence"', shown)) == 7

    as_ada.post(f"{page}/versions/3/accept", {"by_sentence": "1", "sentence": [*ticked]})

    db.session.expire_all()
    assert content.current_number == 4
    assert content.current.text.count("Der ") == len(ticked)
    assert language_of_the_text(as_ada, page) == language


def test_text_with_a_passage_translated_is_in_its_own_language(as_ada, page, content, ollama):
    start = TEA.index("It pours well.")
    passage = Passage.to_rewrite(TEA, start, len(TEA))
    refining.ask_for(content, Task(Deed.REFINE, 1, "translate", language="de", passage=passage))
    written(ollama, content, "Sie gießt gut. Und sie ist blau.")

    as_ada.post(f"{page}/versions/2/accept", {"by_sentence": "1", "sentence": "1"})

    db.session.expire_all()
    assert "Sie gießt gut." in content.current.text
    assert language_of_the_text(as_ada, page) == "en"


def use_on_the_page_that_compares(as_ada, page: str, first: int, second: int) -> str:
    """What is said after its button was pressed."""
    compared = as_ada.get(f"{page}/compare?from={first}&to={second}").text
    form = rf'action="([^"]+)"[^>]*>[^/]*<button[^>]*>Use version {second}</button>'
    answer = as_ada.post(re.findall(form, compared)[0], follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_used_suggestion_is_shown_as_it_was_from_the_page_that_compares(
    as_ada, page, content, ollama
):
    rewritten(ollama, content, "Tea is warm.")
    as_ada.post(f"{page}/versions/2/accept")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": "Tea is hot! It pours.", "base": 2})

    said = use_on_the_page_that_compares(as_ada, page, 3, 2)

    db.session.expire_all()
    assert content.current_number == 2
    assert "Version 2 is the current one now." in said


def test_suggestion_that_may_be_used_is_merged_from_the_page_that_compares(
    as_ada, page, content, ollama
):
    rewritten(ollama, content, "Tea is warm.")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": f"{TEA} Buy it.", "base": 1})

    said = use_on_the_page_that_compares(as_ada, page, 3, 2)

    db.session.expire_all()
    assert content.current.text == f"{TEA} Buy it.".replace("Tea is warm.", "Tea is hot!")
    assert "has the suggested text now" in said


def test_text_that_was_stopped_is_shown_again_from_the_page_that_compares(as_ada, page, content):
    versions.retry(content)
    content.current.claim(60)
    content.current.write(1, text="Tea is")
    as_ada.post(f"{page}/cancel")
    as_ada.post(f"{page}/text", {"title": "Mine", "text": "Tea is hot.", "base": 2})
    refused = as_ada.post(f"{page}/versions/2/accept")
    assert (refused.status_code, "it is not finished" in refused.text) == (409, True)

    use_on_the_page_that_compares(as_ada, page, 3, 2)

    db.session.expire_all()
    assert content.current_number == 2
