"""More drafts of a content: variants, refined, continued, edited, repeated, current, deleted."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from conftest import both_databases
from dictation import Dictation
from patience import wait_until
from sqlalchemy import select

from smartcontent.contents import ending, versions
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db
from smartcontent.writing import job

TEA = "Tea is warm. The pot is blue, holds 0.8 litres and costs 24 euros. It pours well."


@pytest.fixture
def written(script, ollama) -> str:
    """The address of a content whose first draft is completed."""
    told = script.submit(delay_seconds=0, seed=7)
    write(ollama, told["draft_id"], TEA)
    return f"/contents/{told['id']}"


def write(ollama, draft_id: int, text: str) -> None:
    ollama.says(text)
    job.write_draft(draft_id)


def draft(script, content: str, number: int) -> dict:
    return script.get(f"{content}/drafts/{number}").json


@both_databases
def test_variants_are_due_together_with_seeds_one_after_the_other(script, ollama):
    told = script.submit(variants=3, seed=41, delay_seconds=0)
    content = f"/contents/{told['id']}"

    drafts = script.get(content).json["drafts"]
    for each in drafts:
        write(ollama, each["id"], f"Text {each['number']}.")

    assert [each["number"] for each in drafts] == [1, 2, 3]
    assert len({each["scheduled_for"] for each in drafts}) == 1
    assert [draft(script, content, n)["options"]["seed"] for n in (1, 2, 3)] == [41, 42, 43]
    assert script.get(content).json["text"] == "Text 1."


def test_variants_differ_by_model_and_one_that_is_gone_fails_alone(script, ollama):
    told = script.submit(
        variants=[{"model": "llama3.2"}, {"model": "mistral"}, {"model": "gemma3:1b"}],
        delay_seconds=0,
    )
    content = f"/contents/{told['id']}"
    ollama.on(model="mistral").fails(404, {"error": "model 'mistral' not found"})

    for each in script.get(content).json["drafts"]:
        write(ollama, each["id"], f"Text {each['number']}.")

    drafts = [draft(script, content, number) for number in (1, 2, 3)]
    assert [each["model"] for each in drafts] == ["llama3.2", "mistral", "gemma3:1b"]
    assert [each["status"] for each in drafts] == ["completed", "failed", "completed"]
    assert "mistral is not on the Ollama server" in drafts[1]["error"]
    assert len({each["options"]["seed"] for each in drafts}) == 1
    assert len({each["scheduled_for"] for each in drafts}) == 1


@both_databases
def test_variants_differ_by_temperature_alone_and_by_chance_where_they_are_alike(
    script, ollama, written
):
    wishes = [{"temperature": 0.2}, {"temperature": 1.1}, {}, {}]
    asked = script.post(f"{written}/drafts", {"variants": wishes}).json["drafts"]
    for each in asked:
        write(ollama, each["id"], "Tea.")

    options = [draft(script, written, each["number"])["options"] for each in asked]
    assert [each["temperature"] for each in options] == [0.2, 1.1, 0.5, 0.5]
    assert [each["seed"] for each in options] == [7, 7, 7, 8]  # 7 is the content's own
    assert draft(script, written, 3)["wishes"] == {"temperature": 1.1, "seed": 7}


@pytest.mark.parametrize("act", ["drafts/2/reproduce", "drafts"])
def test_what_another_model_wrote_is_repeated_and_continued_by_that(script, ollama, written, act):
    wishes = [{"model": "mistral", "temperature": 0.9}]
    [asked] = script.post(f"{written}/drafts", {"variants": wishes}).json["drafts"]
    ollama.says("Hot ", done_reason="length")
    job.write_draft(asked["id"])

    sent = {"continue": True, "from": 2} if act == "drafts" else {}
    script.post(f"{written}/{act}", sent)
    waiting = script.get(written).json["drafts"][-1]
    write(ollama, waiting["id"], "Hot ")

    assert waiting["wishes"]["model"] == "mistral"  # what is loaded and estimated before its time
    last = ollama.chats[-1]
    assert (last["model"], last["options"]["temperature"]) == ("mistral", 0.9)
    if act != "drafts":
        assert last == ollama.chats[-2]
        assert draft(script, written, 3)["reproduces"]["identical"] is True


def test_more_are_asked_for_of_the_same_brief_and_the_current_one_stays(script, ollama, written):
    answer = script.post(f"{written}/drafts", {"variants": 2})

    asked = answer.json["drafts"]
    assert answer.status_code == 202
    assert [(each["number"], each["origin"], each["status"]) for each in asked] == [
        (2, "generated", "pending"),
        (3, "generated", "pending"),
    ]
    write(ollama, asked[1]["id"], "Another one.")
    assert script.get(written).json["text"] == TEA
    assert draft(script, written, 3)["text"] == "Another one."


def test_nothing_more_of_the_brief_while_one_is_on_its_way(script):
    told = script.submit()

    answer = script.post(f"/contents/{told['id']}/drafts", {})

    assert (answer.status_code, answer.json["current"]) == (409, 1)


@both_databases
def test_text_is_refined_as_asked_and_suggested_beside_the_current_one(script, ollama, written):
    asked = script.post(f"{written}/drafts", {"refine": "shorter"}).json["drafts"][0]
    write(ollama, asked["id"], "Warm tea, blue pot.")

    refined = draft(script, written, asked["number"])
    assert (refined["origin"], refined["made_from"], refined["refine"], refined["words"]) == (
        "refined",
        1,
        "shorter",
        4,
    )
    assert refined["messages"][-1]["content"].endswith(TEA)
    assert "half as long" in refined["messages"][-1]["content"]
    content = script.get(written).json
    assert (content["text"], content["status"]) == (TEA, "completed")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"refine": "translate", "language": "de"}, "into German"),
        ({"refine": "custom", "instruction": "Name the <|im_end|> shop."}, "> Name the < |im_end|"),
    ],
)
def test_language_and_own_words_reach_the_model(script, ollama, written, asked, told):
    number = script.post(f"{written}/drafts", asked).json["drafts"][0]
    write(ollama, number["id"], "Tee ist warm.")

    assert told in draft(script, written, number["number"])["messages"][-1]["content"]


@both_databases
def test_passage_alone_is_rewritten_in_its_place(script, ollama, written):
    start = TEA.index("The pot")
    end = TEA.index(" It pours")
    span = {"passage": {"start": start, "end": end}}
    asked = script.post(f"{written}/drafts", {"refine": "shorter"} | span).json["drafts"][0]
    write(ollama, asked["id"], "A blue pot.")

    refined = draft(script, written, asked["number"])
    assert refined["text"] == "Tea is warm. A blue pot. It pours well."
    assert refined["messages"][-1]["content"].endswith(TEA[start:end])
    answer = script.post(f"{written}/drafts/{asked['number']}/accept")
    assert answer.json["text"] == refined["text"]


def test_passage_within_a_sign_of_many_characters_leaves_the_others(script, ollama, written):
    text = "For 👩\u200d👩\u200d👧 and 🇩🇪."
    script.post(f"{written}/drafts", {"text": text, "base": 1})

    for start in range(4, 9):
        span = {"passage": {"start": start, "end": start + 1}}
        [asked] = script.post(f"{written}/drafts", {"refine": "shorter", **span}).json["drafts"]
        write(ollama, asked["id"], "us")

        made = draft(script, written, asked["number"])["text"]
        assert made == f"{text[:start]}us{text[start + 1 :]}"


def test_suggestion_finds_its_passage_in_a_text_changed_meanwhile(script, ollama, written):
    span = {"start": TEA.index("The pot"), "end": TEA.index(" It pours")}
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "What a pot!")
    script.post(f"{written}/drafts", {"text": f"Good morning. {TEA} Get it now.", "base": 1})

    answer = script.post(f"{written}/drafts/2/accept")

    assert (
        answer.json["text"] == "Good morning. Tea is warm. What a pot! It pours well. Get it now."
    )
    assert draft(script, written, 3)["text"] == f"Good morning. {TEA} Get it now."


def test_some_sentences_of_a_suggestion_are_accepted(script, flask, ollama, written):
    asked = script.post(f"{written}/drafts", {"refine": "warmer"}).json["drafts"]
    write(ollama, asked[0]["id"], "Hot tea. The pot is blue, holds 0.8 litres. How it pours!")

    sentences = script.get(f"{written}/drafts/2/sentences").json["sentences"]
    assert sentences[0] == {"number": 1, "before": "Tea is warm.", "after": "Hot tea."}
    answer = script.post(f"{written}/drafts/2/accept?sentences=3")
    assert answer.json["text"] == TEA.replace("It pours well.", "How it pours!")

    gone = script.post(f"{written}/drafts/2/accept?sentences=1")
    assert (gone.status_code, gone.json["current"]) == (409, 3)
    assert script.get(f"{written}/drafts/1/sentences").status_code == 409
    assert script.post(f"{written}/drafts/2/accept?sentences=one").status_code == 422

    script.call("PUT", f"{written}/current", json={"number": 1})
    told = flask("contents", "sentences", written.split("/")[-1], "2").output
    assert "1: [-Tea is warm.-]{+Hot tea.+}" in told
    flask("contents", "accept", written.split("/")[-1], "2", "--sentence", "1")
    assert script.get(written).json["text"] == TEA.replace("Tea is warm.", "Hot tea.")


@pytest.mark.parametrize("sentences", ["", "?sentences=1,2"])
@pytest.mark.parametrize("meanwhile", ["", "Good morning. "])
def test_suggestion_accepted_twice_is_taken_over_once(
    script, ollama, written, meanwhile, sentences
):
    span = {"start": TEA.index("It pours"), "end": len(TEA)}
    asked = script.post(f"{written}/drafts", {"refine": "longer", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "It pours well. And slowly.")
    if meanwhile:
        script.post(f"{written}/drafts", {"text": f"{meanwhile}{TEA}", "base": 1})

    first, again = (script.post(f"{written}/drafts/2/accept{sentences}") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json["text"] == f"{meanwhile}{TEA} And slowly."
    assert again.json == first.json


def test_suggestion_accepted_twice_leaves_an_equal_passage_alone(script, ollama, written):
    twice = f"Hi. {TEA} Hi. Bye."
    script.post(f"{written}/drafts", {"text": twice, "base": 1})
    span = {"start": 0, "end": 3}
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "Hello.")
    script.post(f"{written}/drafts", {"text": f"{twice} And so on.", "base": 2})

    first, again = (script.post(f"{written}/drafts/3/accept") for _ in range(2))

    assert first.json["text"] == f"Hello. {TEA} Hi. Bye. And so on."
    assert again.json == first.json


def test_suggestion_accepted_twice_leaves_the_same_row_elsewhere_alone(script, ollama, written):
    row = "| a | a cup of tea, white |\n"
    text = f"{TEA}\n\n{row * 2}"
    script.post(f"{written}/drafts", {"text": text, "base": 1})
    start = text.index("white")
    span = {"start": start, "end": start + 5}
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "blue")
    script.post(f"{written}/drafts", {"text": f"{text}\nThe end.", "base": 2})

    first, again = (script.post(f"{written}/drafts/3/accept") for _ in range(2))

    assert first.json["text"] == f"{text}\nThe end.".replace("white", "blue", 1)
    assert again.json == first.json


def test_suggestion_that_only_takes_away_at_the_end_is_taken_over(script, ollama, written):
    span = {"start": TEA.index("It pours"), "end": len(TEA)}
    asked = script.post(f"{written}/drafts", {"refine": "shorter", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "It pours.")
    script.post(f"{written}/drafts", {"text": f"Hi. {TEA}", "base": 1})

    answer = script.post(f"{written}/drafts/2/accept")

    assert answer.json["text"] == f"Hi. {TEA}".replace("It pours well.", "It pours.")


def test_passage_that_is_as_long_as_a_text_is_refused(script, written):
    script.post(f"{written}/drafts", {"text": "Tea. " * 5_000})

    refused = script.post(
        f"{written}/drafts", {"refine": "shorter", "passage": {"start": 0, "end": 20_001}}
    )

    assert refused.status_code == 422
    assert "at most 20,000 characters" in refused.json["errors"]["passage"][0]


def test_nothing_is_made_of_a_text_as_long_as_only_archives_bring(script, written):
    content = db.session.get(Content, UUID(written.split("/")[-1]))
    content.current.text = "Tea. " * 40_001
    db.session.commit()
    span = {"passage": {"start": 200_000, "end": 200_004}}

    for more in ({}, span):
        refused = script.post(f"{written}/drafts", {"refine": "shorter", **more})
        assert refused.status_code == 409
        assert "only of up to 200,000 can others be made" in refused.json["detail"]


def test_retry_sent_again_with_its_key_is_the_draft_there_is(script, written):
    key = {"headers": {"Idempotency-Key": "once"}}
    first = script.post(f"{written}/retry", **key)
    db.session.scalar(select(Draft).where(Draft.number == 2)).status = Status.FAILED
    db.session.commit()

    again = script.post(f"{written}/retry", **key)

    assert (first.status_code, again.status_code) == (200, 200)
    assert [each["number"] for each in script.get(written).json["drafts"]] == [1, 2]


def test_suggestion_whose_passage_is_gone_says_so_and_overwrites_nothing(script, ollama, written):
    span = {"start": 0, "end": 12}
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "passage": span}).json["drafts"]
    write(ollama, asked[0]["id"], "Warm, warm tea.")
    script.post(f"{written}/drafts", {"text": "Coffee is hot.", "base": 1})

    answer = script.post(f"{written}/drafts/2/accept")

    assert (answer.status_code, answer.json["current"]) == (409, 3)
    assert "its passage is not in the text any more" in answer.json["detail"]
    assert script.get(written).json["text"] == "Coffee is hot."


def test_text_that_broke_off_is_continued(script, ollama):
    told = script.submit(delay_seconds=0)
    content = f"/contents/{told['id']}"
    stopped = db.session.get(Draft, told["draft_id"])
    stopped.claim(60)
    stopped.write(1, text="Tea is warm. The po")
    script.post(f"{content}/cancel")
    db.session.expire_all()

    asked = script.post(f"{content}/drafts", {"continue": True}).json["drafts"][0]
    write(ollama, asked["id"], "pot is blue.")

    continued = draft(script, content, 2)
    assert (continued["origin"], continued["text"]) == (
        "continued",
        "Tea is warm. The pot is blue.",
    )
    assert continued["messages"][-2]["content"] == "Tea is warm. The "
    assert draft(script, content, 1)["text"] == "Tea is warm. The po"


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("お茶は", "お茶は熱い。"),
        ("お茶。", "お茶。熱い。"),
        ("Tea.", "Tea. 熱い。"),
        ("T", "熱い。"),
    ],
)
def test_blank_stands_between_a_text_and_how_it_goes_on_in_scripts_that_have_blanks(
    script, ollama, part, whole
):
    told = script.submit(delay_seconds=0)
    stopped = db.session.get(Draft, told["draft_id"])
    stopped.claim(60)
    stopped.write(1, text=part)
    content = f"/contents/{told['id']}"
    script.post(f"{content}/cancel")
    db.session.expire_all()

    asked = script.post(f"{content}/drafts", {"continue": True}).json["drafts"][0]
    write(ollama, asked["id"], "熱い。")

    assert draft(script, content, 2)["text"] == whole


def test_text_that_came_to_its_end_is_not_continued(script, written):
    answer = script.post(f"{written}/drafts", {"continue": True})

    assert (answer.status_code, answer.json["current"]) == (409, 1)


@both_databases
def test_edited_text_is_the_next_draft_and_an_old_base_is_refused(script, written):
    first = script.post(f"{written}/drafts", {"text": "Mine.", "base": 1})
    second = script.post(f"{written}/drafts", {"text": "Also mine.", "base": 1})

    assert (first.status_code, first.json["number"], first.json["origin"]) == (201, 2, "edited")
    assert (second.status_code, second.json["current"]) == (409, 2)
    assert script.get(written).json["text"] == "Mine."


@pytest.mark.parametrize("sign", ["茶", "\U00020000"])
def test_longest_text_is_kept_in_any_script(script, written, sign):
    asked = {"text": sign * 100_000, "base": 1}
    assert script.post(f"{written}/drafts", asked).status_code == 201
    assert script.post(f"{written}/drafts", asked | {"text": sign * 100_001}).status_code == 422


@both_databases
def test_of_two_edits_at_once_one_is_refused(app, script, written):
    statuses = []
    both = threading.Barrier(2)

    def edit(text: str) -> None:
        both.wait()
        with app.app_context():
            answer = type(script)(app, script.token).post(
                f"{written}/drafts", {"text": text, "base": 1}
            )
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=edit, args=(text,)) for text in ("One.", "Two.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201, 409]
    assert len(script.get(written).json["drafts"]) == 2


@both_databases
def test_draft_is_made_current_and_back_and_nothing_is_lost(script, ollama, written):
    asked = script.post(f"{written}/drafts", {}).json["drafts"][0]
    write(ollama, asked["id"], "Another.")

    answer = script.call("PUT", f"{written}/current", json={"number": 2})
    assert (answer.status_code, answer.json["text"]) == (200, "Another.")
    answer = script.call("PUT", f"{written}/current", json={"number": 1})
    assert (answer.status_code, answer.json["text"]) == (200, TEA)
    assert [each["number"] for each in answer.json["drafts"]] == [1, 2]


@both_databases
def test_draft_is_deleted_but_never_the_current_one(script, ollama, written):
    script.post(f"{written}/drafts", {})

    assert script.delete(f"{written}/drafts/1").status_code == 409
    assert script.delete(f"{written}/drafts/2").status_code == 204
    assert script.get(f"{written}/drafts/2").status_code == 404
    assert [each["number"] for each in script.get(written).json["drafts"]] == [1]


@pytest.fixture
def meanwhile(app, monkeypatch):
    """Has something done on another connection while an act is between its reading and writing."""

    def meanwhile(module, name, act) -> None:
        original = getattr(module, name)

        def first_act(*args: object, **how: object) -> object:
            monkeypatch.setattr(module, name, original)
            with app.app_context():
                act()
            return original(*args, **how)

        monkeypatch.setattr(module, name, first_act)

    return meanwhile


@both_databases
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "current"), ("POST", "drafts/2/accept"), ("DELETE", "drafts/2")],
)
def test_draft_deleted_while_something_is_done_with_it_is_gone_and_the_text_stays(
    script, ollama, written, meanwhile, method, path
):
    asked = script.post(f"{written}/drafts", {"refine": "shorter"}).json["drafts"][0]
    write(ollama, asked["id"], "Warm tea.")
    gone = db.session.get(Draft, asked["id"])
    db.session.commit()

    def delete() -> None:
        assert versions.remove(db.session.get(Content, UUID(written.split("/")[-1])), 2)

    meanwhile(versions, "held_there" if method == "DELETE" else "findable_by", delete)
    sent = {"json": {"number": 2}} if method == "PUT" else {}
    assert script.call(method, f"{written}/{path}", **sent).status_code == 409

    shown = script.get(written).json
    assert (shown["text"], [each["number"] for each in shown["drafts"]]) == (TEA, [1])
    assert [each["id"] for each in script.get("/contents").json["items"]] == [shown["id"]]
    assert not ending.cancel(gone)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_draft_shown_while_room_is_made_for_the_next_stays(script, written, monkeypatch, meanwhile):
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 3)
    for text in ("Two.", "Three."):
        script.post(f"{written}/drafts", {"text": text})

    # The first is the oldest, and would go; another page shows it at that moment.
    def show_the_first() -> None:
        content = db.session.get(Content, UUID(written.split("/")[-1]))
        assert versions.make_current(content, 1)

    meanwhile(versions, "_numbered", show_the_first)
    script.post(f"{written}/drafts", {"refine": "shorter"})

    shown = script.get(written).json
    assert (shown["text"], {each["number"] for each in shown["drafts"]}) == (TEA, {1, 3, 4})


def test_number_of_a_deleted_draft_is_not_given_to_another(script, ollama, written):
    [asked] = script.post(f"{written}/drafts", {"refine": "shorter"}).json["drafts"]
    write(ollama, asked["id"], "Hot tea.")
    script.delete(f"{written}/drafts/2")

    [asked] = script.post(f"{written}/drafts", {"refine": "shorter"}).json["drafts"]

    assert asked["number"] == 3


def test_draft_is_written_once_more_and_says_whether_it_is_the_same(script, ollama, written):
    same = script.post(f"{written}/drafts/1/reproduce")
    write(ollama, same.json["id"], TEA)
    other = script.post(f"{written}/drafts/1/reproduce").json
    write(ollama, other["id"], TEA.replace("blue", "red"))

    assert same.status_code == 202
    assert draft(script, written, 2)["reproduces"] == {
        "number": 1,
        "identical": True,
        "differs_at": None,
        "same_model": None,  # the server tells no digest
    }
    assert draft(script, written, 3)["reproduces"] == {
        "number": 1,
        "identical": False,
        "differs_at": TEA.index("blue"),
        "same_model": None,
    }
    first, second = ollama.chats[0], ollama.chats[1]
    assert first == second
    assert first["options"]["seed"] == 7


def test_draft_of_a_model_that_thinks_is_repeated_with_the_room_it_had(script, ollama):
    ollama.on(path="/api/show").fails(200, {"capabilities": ["thinking"]}, times=9)
    told = script.submit(delay_seconds=0)
    write(ollama, told["draft_id"], TEA)

    for number in (1, 2):
        asked = script.post(f"/contents/{told['id']}/drafts/{number}/reproduce").json
        write(ollama, asked["id"], TEA)

    first, *repeated = ollama.chats
    assert repeated == [first, first]


@pytest.mark.parametrize(
    "told", [["A teapot is a teapot. " * 100], ["<think>Hm and hm</think>", "A"], ["<think>Hm"]]
)
def test_repeated_text_that_ends_as_no_text_should_is_not_repeated_once_more(
    script, ollama, written, told
):
    asked = script.post(f"{written}/drafts/1/reproduce").json
    ollama.says(*told, done_reason="length")
    job.write_draft(asked["id"])

    status = draft(script, written, 2)["status"]
    assert status == ("completed" if told[1:] else "failed")


def is_now(ollama, digest: str) -> None:
    """Have the model be this very one from now on, for one text."""
    known = {"name": "llama3.2:latest", "model": "llama3.2:latest", "digest": digest}
    ollama.on(path="/api/tags").fails(200, {"models": [known]})


def test_repeated_text_tells_that_its_model_is_another_by_now(script, ollama):
    is_now(ollama, "sha256:old")
    told = script.submit(delay_seconds=0)
    content = f"/contents/{told['id']}"
    write(ollama, told["draft_id"], TEA)

    for digest, same in (("sha256:old", True), ("sha256:new", False)):
        asked = script.post(f"{content}/drafts/1/reproduce").json
        is_now(ollama, digest)
        write(ollama, asked["id"], TEA)
        assert draft(script, content, asked["number"])["reproduces"]["same_model"] is same
    assert draft(script, content, 1)["stats"]["ollama_version"] == "0.32.15"


def test_nothing_is_said_of_a_text_that_was_deleted_while_it_was_repeated(
    app, script, ollama, written
):
    other = script.post(f"{written}/drafts", {}).json["drafts"][0]
    write(ollama, other["id"], "Other.")
    asked = script.post(f"{written}/drafts/2/reproduce").json
    dictation = Dictation(ollama)

    def run() -> None:
        with app.app_context():
            job.write_draft(asked["id"])

    writing = threading.Thread(target=run)
    writing.start()
    wait_until(lambda: ollama.chats[2:])
    script.delete(f"{written}/drafts/2")
    dictation.say("Other.")
    dictation.end()
    writing.join()

    assert draft(script, written, asked["number"])["status"] == "completed"
    assert draft(script, written, asked["number"])["reproduces"]["identical"] is None


@pytest.mark.parametrize("made", ["continued", "passage"])
def test_what_was_made_of_a_deleted_text_is_repeated_whole(script, ollama, written, made):
    base = script.post(f"{written}/drafts", {}).json["drafts"][0]
    ollama.says("A pot. Tea. ", done_reason="length")
    job.write_draft(base["id"])
    passage = {"refine": "shorter", "passage": {"start": 0, "end": 6}}
    sent = {"continue": True} if made == "continued" else passage
    part = script.post(f"{written}/drafts", {**sent, "from": 2}).json["drafts"][0]
    write(ollama, part["id"], "Pot.")
    script.delete(f"{written}/drafts/2")

    asked = script.post(f"{written}/drafts/3/reproduce").json
    write(ollama, asked["id"], "Pot.")

    again = draft(script, written, asked["number"])
    assert again["text"] == ("A pot. Tea. Pot." if made == "continued" else "Pot. Tea. ")
    assert again["reproduces"]["identical"] is True


def test_what_is_made_of_a_translation_is_in_its_language(script, ollama, written):
    german = "Der Tee ist warm und die Kanne ist blau. Sie fasst 0.8 Liter und kostet 24 Euro."
    sent = {"refine": "translate", "language": "de"}
    asked = script.post(f"{written}/drafts", sent).json["drafts"][0]
    write(ollama, asked["id"], german)
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "from": 2}).json["drafts"][0]
    write(ollama, asked["id"], german)
    script.post(f"{written}/drafts/3/accept")
    script.post(f"{written}/drafts", {"text": f"{german} Sie ist schön.", "base": 3})
    asked = script.post(
        f"{written}/drafts", {"refine": "shorter", "passage": {"start": 0, "end": 7}}
    )
    asked = asked.json["drafts"]
    write(ollama, asked[0]["id"], "Warm.")

    assert "the language it is in, German." in draft(script, written, 5)["messages"][0]["content"]
    for number in (2, 3, 4, 5):
        card = script.get(f"{written}/drafts/{number}/quality").json
        assert "language" not in {each["kind"] for each in card["findings"]}, number
        assert draft(script, written, number)["brief"]["language"] == "de"


def test_translation_that_broke_off_goes_on_in_its_language(script, ollama, written):
    sent = {"refine": "translate", "language": "de"}
    asked = script.post(f"{written}/drafts", sent).json["drafts"][0]
    stopped = db.session.get(Draft, asked["id"])
    stopped.claim(60)
    stopped.write(1, text="Der Tee")
    script.post(f"{written}/cancel")
    db.session.expire_all()

    asked = script.post(f"{written}/drafts", {"continue": True, "from": 2}).json["drafts"][0]
    write(ollama, asked["id"], "ist warm.")

    assert any("in German" in each["content"] for each in draft(script, written, 3)["messages"])


def test_text_stays_in_its_language_where_one_passage_is_translated(script, ollama, written):
    sent = {"refine": "translate", "language": "de", "passage": {"start": 0, "end": 12}}
    asked = script.post(f"{written}/drafts", sent).json["drafts"][0]
    write(ollama, asked["id"], "Tee ist warm.")

    assert draft(script, written, 2)["brief"]["language"] == "en"


def test_every_text_has_a_seed_so_that_it_can_be_repeated(script, ollama):
    told = script.submit(delay_seconds=0)
    write(ollama, told["draft_id"], TEA)

    seed = draft(script, f"/contents/{told['id']}", 1)["options"]["seed"]
    assert ollama.chats[-1]["options"]["seed"] == seed


def test_what_was_to_be_made_of_a_deleted_draft_fails_with_a_sentence(script, ollama, written):
    asked = script.post(f"{written}/drafts", {}).json["drafts"][0]
    write(ollama, asked["id"], "Another.")
    made = script.post(f"{written}/drafts", {"refine": "longer", "from": 2}).json["drafts"][0]
    script.delete(f"{written}/drafts/2")
    job.write_draft(made["id"])

    failed = draft(script, written, made["number"])
    assert (failed["status"], failed["error"]) == (
        "failed",
        "The version it was to be made of is gone: choose another one.",
    )


def test_same_key_asks_once(script, written):
    headers = {"Idempotency-Key": "twice"}

    first = script.post(f"{written}/drafts", {"variants": 2}, headers=headers).json
    second = script.post(f"{written}/drafts", {"variants": 2}, headers=headers).json

    assert first == second
    assert len(script.get(written).json["drafts"]) == 3


KEY = {"headers": {"Idempotency-Key": "one"}}


def test_key_finds_its_text_and_no_other_is_lost(script, written):
    first, again = (script.post(f"{written}/drafts", {"text": "A"}, **KEY) for _ in range(2))
    other = script.post(f"{written}/drafts", {"text": "B"}, **KEY)

    assert (first.status_code, again.json) == (201, first.json)
    assert (other.status_code, [*other.json["errors"]]) == (422, ["Idempotency-Key"])
    assert len(script.get(written).json["drafts"]) == 2


@pytest.mark.parametrize(
    ("body", "others"),
    [
        ({}, [{"variants": 2}, {"refine": "shorter"}, {"text": TEA}, {"variants": [{"seed": 0}]}]),
        ({"variants": 2}, [{}, {"variants": 3}, {"variants": [{"model": "x"}, {"model": "y"}]}]),
        ({"variants": [{"model": "x"}, {"seed": 5}]}, [{"variants": 2}]),
        ({"refine": "shorter"}, [{"refine": "longer"}, {}, {"from": 1, "refine": "shorter"}]),
        ({"text": TEA}, [{}]),
    ],
)
def test_key_of_drafts_that_comes_with_another_body_is_refused(script, written, body, others):
    script.post(f"{written}/drafts", {"text": TEA})
    address = f"{written}/drafts"
    made = script.post(address, body, **KEY).json

    answers = [script.post(address, other, **KEY) for other in others]
    answers.append(script.post(f"{written}/drafts/1/reproduce", **KEY))

    assert {answer.status_code for answer in answers} == {422}
    assert script.post(address, body, **KEY).json == made


def test_key_finds_what_is_left_of_what_was_asked_for_with_it(script, written):
    made = script.post(f"{written}/drafts", {"variants": 3}, **KEY).json["drafts"]
    script.call("DELETE", f"{written}/drafts/{made[1]['number']}")

    again = script.post(f"{written}/drafts", {"variants": 3}, **KEY)

    assert [each["number"] for each in again.json["drafts"]] == [2, 4]


def test_key_finds_what_is_on_its_way_or_was_made_of_what_was_current(script, ollama):
    content = f"/contents/{script.submit(delay_seconds=0)['id']}"
    script.post(f"{content}/cancel")
    first = script.post(f"{content}/drafts", {}, **KEY)
    assert script.post(f"{content}/drafts", {}, **KEY).json == first.json
    write(ollama, first.json["drafts"][0]["id"], TEA)

    key = {"headers": {"Idempotency-Key": "two"}}
    asked = {"refine": "shorter"}
    made = script.post(f"{content}/drafts", asked, **key).json["drafts"][0]
    write(ollama, made["id"], "Tea.")
    script.post(f"{content}/drafts/{made['number']}/accept")

    again = script.post(f"{content}/drafts", asked, **key)
    assert (again.status_code, again.json["drafts"][0]["id"]) == (202, made["id"])


def test_of_two_requests_for_drafts_at_once_with_a_key_both_have_what_was_made(
    script, written, monkeypatch
):
    add, answers = versions.add, []

    def sent_meanwhile(*args, **kwargs):
        monkeypatch.setattr(versions, "add", add)
        db.session.rollback()
        answers.append(script.post(f"{written}/drafts", {"variants": 2}, **KEY))
        return add(*args, **kwargs)

    monkeypatch.setattr(versions, "add", sent_meanwhile)
    answers.append(script.post(f"{written}/drafts", {"variants": 2}, **KEY))

    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json == answers[1].json


def test_cancel_and_delete_stop_all_that_is_on_its_way(script, written):
    script.post(f"{written}/drafts", {"variants": 4})

    assert script.post(f"{written}/cancel").status_code == 200
    statuses = [each["status"] for each in script.get(written).json["drafts"]]
    assert statuses == ["completed", *["cancelled"] * 4]


@both_databases
def test_variants_are_held_released_and_put_off_together(script):
    told = script.submit(variants=2)
    content = f"/contents/{told['id']}"

    def seen() -> set[tuple]:
        drafts = script.get(content).json["drafts"]
        return {(each["status"], each["scheduled_for"]) for each in drafts}

    script.post(f"{content}/hold")
    assert seen() == {("held", None)}
    script.post(f"{content}/release")
    assert {status for status, _ in seen()} == {"pending"}
    assert len(seen()) == 1
    later = iso(now().replace(microsecond=0) + timedelta(days=99))
    script.patch(content, {"scheduled_for": later})
    assert seen() == {("pending", later)}
    script.delete(content)
    db.session.rollback()
    assert {each.status for each in db.session.query(Draft)} == {Status.CANCELLED}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"variants": 5}, "variants"),
        ({"variants": 0}, "variants"),
        ({"variants": True}, "variants"),
        ({"variants": "2"}, "variants"),
        ({"variants": []}, "variants"),
        ({"variants": [{}] * 5}, "variants"),
        ({"variants": ["mistral"]}, "variants"),
        ({"variants": [{"model": "no model"}]}, "variants"),
        ({"variants": [{}, {"temperature": 2.1}]}, "variants"),
        ({"refine": "louder"}, "refine"),
        ({"refine": ["shorter"]}, "refine"),
        ({"refine": "translate"}, "language"),
        ({"refine": "translate", "language": "xx"}, "language"),
        ({"refine": "shorter", "language": "de"}, "language"),
        ({"refine": "custom"}, "instruction"),
        ({"refine": "custom", "instruction": " "}, "instruction"),
        ({"refine": "custom", "instruction": "x" * 1001}, "instruction"),
        ({"refine": "shorter", "from": 99}, "from"),
        ({"refine": "shorter", "from": -1}, "from"),
        ({"refine": "shorter", "from": 2**70}, "from"),
        ({"refine": "shorter", "passage": {"start": 0, "end": 10_000}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 5, "end": 5}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 9, "end": 5}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 12, "end": 13}}, "passage"),
        ({"refine": "shorter", "passage": {"start": -5, "end": 5}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 0, "end": 2**70}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 1.5, "end": 5}}, "passage"),
        ({"refine": "shorter", "passage": {"start": 0}}, "passage"),
        ({"refine": "shorter", "passage": [0, 5]}, "passage"),
        ({"continue": 1}, "continue"),
        ({"text": ""}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "a\ud83d"}, "text"),
        ({"refine": "custom", "instruction": "a\ud83d"}, "instruction"),
        ({"text": "x" * 100_001}, "text"),
        ({"text": 5}, "text"),
        ({"text": "x", "base": "1"}, "base"),
        ({"text": "x", "refine": "shorter"}, "refine"),
        ({"delay_seconds": -1}, "delay_seconds"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(script, written, sent, field):
    answer = script.post(f"{written}/drafts", sent)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert len(script.get(written).json["drafts"]) == 1


def test_drafts_of_others_are_nowhere(script, bobs_script, written):
    script.post(f"{written}/drafts", {})
    calls = [
        ("POST", "/drafts", {}),
        ("POST", "/drafts", {"text": "x", "base": 1}),
        ("PUT", "/current", {"number": 1}),
        ("DELETE", "/drafts/2", None),
        ("POST", "/drafts/1/accept", None),
        ("POST", "/drafts/1/reproduce", None),
        ("GET", "/drafts/1", None),
    ]

    assert {
        bobs_script.call(m, f"{written}{path}", json=body).status_code for m, path, body in calls
    } == {404}
    assert len(script.get(written).json["drafts"]) == 2


@both_databases
def test_difference_of_two_drafts_joins_to_both_and_names_what_the_brief_was(
    script, ollama, written
):
    script.post(f"{written}/drafts", {"text": TEA.replace("blue", "deep red"), "base": 1})

    told = script.get(f"{written}/diff?from=1&to=2").json

    ops = [(piece["op"], piece["text"].strip()) for piece in told["text"] if piece["op"] != "equal"]
    assert sorted(ops) == [("delete", "blue,"), ("insert", "deep red,")]
    without = {op: "".join(p["text"] for p in told["text"] if p["op"] != op) for op in
               ("insert", "delete")}  # fmt: skip
    assert without == {"insert": TEA, "delete": TEA.replace("blue", "deep red")}
    assert told["brief"] == {}


def test_brief_that_was_changed_meanwhile_is_told_with_the_difference(script, ollama, written):
    content = db.session.get(Draft, 1).content
    content.tone, content.keywords = "warm", ["tea"]
    db.session.commit()
    asked = script.post(f"{written}/drafts", {}).json["drafts"][0]
    write(ollama, asked["id"], "Warm tea.")

    told = script.get(f"{written}/diff?from=1&to=2").json["brief"]

    assert told == {
        "tone": {"from": "friendly", "to": "warm"},
        "keywords": {"from": [], "to": ["tea"]},
    }


@pytest.mark.parametrize("query", ["", "?from=1", "?from=1&to=9", "?from=x&to=1", "?from=1&to=-1"])
def test_difference_to_what_is_no_draft_is_refused(script, written, query):
    assert script.get(f"{written}/diff{query}").status_code == 422


def test_quality_card_marks_what_the_brief_does_not_say(script, ollama):
    told = script.submit(delay_seconds=0, topic="A kettle of 0.9 litres", keywords=["kettle"])
    write(ollama, told["draft_id"], "This kettle holds 1.9 litres.")

    card = script.get(f"/contents/{told['id']}/drafts/1/quality").json

    [wrong] = card["unsupported"]
    assert (wrong["text"], wrong["kind"], wrong["start"]) == ("1.9 litres", "number", 18)
    assert "0.9 litres" in str(wrong)
    assert (card["words"], card["keywords"]) == (5, {"kettle": 1})


@both_databases
def test_finding_is_dismissed_for_good_in_all_drafts(script, ollama, written):
    script.post(f"{written}/drafts", {"text": f"{TEA} Yes."})
    card = script.get(f"{written}/drafts/1/quality").json
    finding = card["findings"][0]

    for _ in range(2):
        dismissed = script.post(f"{written}/dismissed", {"key": finding["key"]})

    assert dismissed.status_code == 204
    left = script.get(f"{written}/drafts/1/quality").json
    assert left["findings"] == card["findings"][1:]
    assert (card["dismissed"], left["dismissed"]) == (0, 1)
    other = script.get(f"{written}/drafts/2/quality").json["findings"]
    assert finding["key"] not in [each["key"] for each in other]
    script.delete(f"{written}/dismissed")
    assert script.get(f"{written}/drafts/1/quality").json == card
    assert script.post(f"{written}/dismissed", {"key": "x"}).status_code == 422


@pytest.mark.parametrize("status", [Status.FAILED, Status.PENDING])
def test_rewriting_is_kept_until_others_are_written(script, ollama, written, status):
    asked = script.post(f"{written}/drafts", {"refine": "warmer"}).json
    write(ollama, asked["drafts"][0]["id"], "Warm tea.")
    script.post(f"{written}/drafts", {"refine": "warmer"})

    for _ in range(7):
        number = script.post(f"{written}/drafts/2/another").json["number"]
        last = db.session.scalar(select(Draft).where(Draft.number == number))
        last.status = status
        db.session.commit()

    assert draft(script, written, 2)["text"] == "Warm tea."


def test_what_a_text_is_being_made_of_is_kept(script, ollama, written):
    for number in range(6):
        asked = script.post(f"{written}/drafts", {"refine": "warmer"}).json
        write(ollama, asked["drafts"][0]["id"], f"Warm tea {number}.")
    shorter = script.post(f"{written}/drafts", {"refine": "shorter", "from": 2})
    assert shorter.status_code == 202, shorter.text

    script.post(f"{written}/drafts/7/another")

    assert draft(script, written, 2)["text"] == "Warm tea 0."


def test_same_is_rewritten_once_more_and_the_last_five_are_kept(script, ollama, written):
    span = {"start": TEA.index("The pot"), "end": TEA.index(" It pours")}
    asked = script.post(f"{written}/drafts", {"refine": "warmer", "passage": span}).json
    write(ollama, asked["drafts"][0]["id"], "Pot 0.")
    script.post(f"{written}/drafts", {"refine": "shorter"})

    for number in range(1, 7):
        answer = script.post(f"{written}/drafts/{2 if number == 1 else number + 2}/another")
        assert answer.status_code == 202, answer.text
        write(ollama, answer.json["id"], f"Pot {number}.")

    kept = script.get(written).json["drafts"]
    assert [each["number"] for each in kept] == [1, 3, 4, 5, 6, 7, 8, 9]
    assert draft(script, written, 9)["text"] == "Tea is warm. Pot 6. It pours well."
    assert script.post(f"{written}/drafts/1/another").status_code == 409
