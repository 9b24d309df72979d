"""All that is a person's taken away as one ZIP, and taken in again, whoever has made that."""

import contextlib
import gc
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from conftest import BRIEF, both_databases
from odd_zips import PACKED, claims, of_names, with_extra_fields
from sqlalchemy import Text, cast, delete, event, func, insert, select, update

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.briefs.task import Deed, Passage, Task
from smartcontent.contents import (
    dismissing,
    ending,
    sharing,
    submitting,
    tagging,
    versions,
    waiting,
)
from smartcontent.contents.archives import HEAD, export, taking_in, unpacking
from smartcontent.contents.archives.export import steps
from smartcontent.contents.archives.reading import Incoming
from smartcontent.contents.archives.taking_in import Taken, take_in
from smartcontent.contents.archives.unpacking import ArchiveError, Unpacked
from smartcontent.contents.as_document import document_of
from smartcontent.contents.series.acting import Plan, begin
from smartcontent.exports.front_matter import from_markdown, to_markdown
from smartcontent.exports.packing import Packing
from smartcontent.models import (
    ApiToken,
    Content,
    Draft,
    KeptTemplate,
    KeptVoice,
    Review,
    Series,
    Share,
    Tag,
    User,
    What,
    history,
    now,
)
from smartcontent.models.dismissal import dismissals
from smartcontent.models.failures import Failure
from smartcontent.models.listing import Filters, list_contents
from smartcontent.preflight.needs import needed_soon, prepared
from smartcontent.prompts.request import CONTEXT_LONGEST
from smartcontent.stores.sql import db
from smartcontent.texts.quality.finding import KEY_LENGTH
from smartcontent.web import threads
from smartcontent.writing import job

TEXT = "# Tea\n\n---\n \nIt is “warm”. 東京タワー 🫖\n"
KEY = "0" * KEY_LENGTH
MADE_ANEW = {"id", "user_id", "content_id", "batch_id", "revision", "attempt", "failures"}
MADE_ANEW |= {"lease_until", "request_id", "idempotency_key", "estimated_seconds", "search_text"}
MEASURED = {"started_at", "first_word_at", "read_ahead_ms", "saved_ms", "request_digest"}


def archive_of(user: User) -> bytes:
    packing = Packing()
    return b"".join([*map(packing.add, steps(user.id)), packing.end()])


def files_of(archive: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(archive)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: dict[str, bytes], packing: int = ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def taken(user: User, archive: bytes) -> Taken:
    db.session.rollback()
    return take_in(user.id, io.BytesIO(archive))


def number_of(kind: type, user: User) -> int:
    db.session.rollback()
    own = select(func.count()).select_from(kind).where(kind.user_id == user.id)
    return db.session.scalar(own)


def rows_of(kind: type, user: User) -> list[dict]:
    """All that is kept, but for what is another at another place."""
    db.session.expire_all()
    order = (Content.created_at, Draft.number) if kind is Draft else (kind.created_at,)
    query = select(kind).where(kind.user_id == user.id).order_by(*order)
    query = query.join(Content) if kind is Draft else query
    columns = {each.key for each in kind.__mapper__.column_attrs} - MADE_ANEW - MEASURED
    found = db.session.scalars(query).unique()
    return [{name: getattr(row, name) for name in columns} for row in found]


@pytest.fixture
def written(ada: User, content: Content, ollama) -> Content:
    """Written by the model, edited by hand, with tags; a voice, a template, a series beside it."""
    ollama.says("It is **warm**.")
    waiting.start_now(content.current)
    job.write_draft(content.current.id)
    db.session.expire_all()
    versions.save_edit(content, "A teapot: warm/blue", TEXT)
    tagging.keep(content, {"tags": ["Spring", "shop window"], "favourite": True})
    db.session.execute(insert(dismissals).values(content_id=content.id, finding=KEY))
    voice = KeptVoice(user_id=ada.id, name="Northwind", never=["cheap"], shared=True)
    brief = {"content_type": "ad_copy", "topic": "{product}"}
    template = KeptTemplate(user_id=ada.id, name="Offer", brief=brief, defaults={"product": "Tea"})
    db.session.add_all([voice, template])
    db.session.commit()
    values = {"content_type": "ad_copy", "topic": "The week", "model": "llama3.2"}
    begin(ada.id, Plan(values, "0 7 * * 1", "Europe/Berlin", "Weekly", voice.voice))
    return content


@both_databases
def test_all_that_is_taken_away_is_taken_in_elsewhere_without_loss(ada, bob, written):
    archive = archive_of(ada)
    before = rows_of(Content, ada), rows_of(Draft, ada)

    assert taken(bob, archive) == Taken(contents=1, voices=1, templates=1, series=1)

    assert (rows_of(Content, bob), rows_of(Draft, bob)) == before
    [kept] = list_contents(bob.id, Filters(q="“warm” 京タ")).items
    assert [tag.name for tag in kept.tags] == ["shop window", "Spring"]
    assert kept.id != written.id
    hidden = select(dismissals.c.finding).where(dismissals.c.content_id == kept.id)
    assert db.session.scalars(hidden).all() == [KEY]
    [voice] = db.session.scalars(select(KeptVoice).filter_by(user_id=bob.id))
    assert (voice.name, voice.never, voice.shared) == ("Northwind", ["cheap"], False)
    [series] = Series.of(bob.id)
    assert (series.cron, series.settings, series.is_paused) == (
        "0 7 * * 1", {"model": "llama3.2"}, True
    )  # fmt: skip


@both_databases
def test_tasks_are_written_as_they_were_for_they_are_compared_so(ada, bob, written):
    passage = Passage.of(TEXT, 0, 5)
    task = Task(Deed.REFINE, 1, "translate", "de", "An instruction", "A finding", passage)
    db.session.execute(update(Draft).values(task=task.as_json()))
    db.session.commit()

    taken(bob, archive_of(ada))

    assert len(set(db.session.scalars(select(cast(Draft.task, Text))))) == 1


@both_databases
def test_taken_in_twice_nothing_is_doubled(ada, bob, written):
    archive = archive_of(ada)
    assert taken(ada, archive) == Taken(already_there=4)
    taken(bob, archive)
    assert taken(bob, archive) == Taken(already_there=4)
    assert taken(ada, archive_of(ada)).contents == 0
    assert (number_of(Content, ada), number_of(Draft, ada), number_of(Tag, bob)) == (1, 2, 2)

    db.session.delete(db.session.get(Content, written.id))
    db.session.commit()

    assert taken(bob, archive) == Taken(already_there=4)  # though its first id is free again
    assert taken(ada, archive) == Taken(contents=1, already_there=3)
    assert db.session.get(Content, written.id).user_id == ada.id


def test_what_is_here_stays_as_it_is(ada, written):
    archive = archive_of(ada)
    versions.save_edit(written, "Newer", "Newer")

    taken(ada, archive)

    db.session.expire_all()
    assert (written.title, written.current.text, written.version_count()) == ("Newer", "Newer", 3)


def test_people_can_read_it(ada, written):
    files = files_of(archive_of(ada))

    [folder] = {name.rpartition("/")[0] for name in files if name.endswith("/content.json")}
    assert folder == f"contents/{written.created_at:%Y-%m-%d} A teapot warm blue {written.id.hex}"
    assert from_markdown(files[f"{folder}/1.md"]).text == "It is **warm**."
    last = from_markdown(files[f"{folder}/2.md"])
    assert (last.title, last.text, last.topic) == (written.title, TEXT, BRIEF.topic)
    assert json.loads(files[HEAD])["version"] == 1
    assert b"Take in" in files["README.txt"]


@both_databases
def test_nothing_that_is_taken_in_starts_by_itself(ada, bob, content, valkey):
    held = submitting.submit(ada.id, BRIEF, "Held")
    waiting.hold(held.current)
    archive = archive_of(ada)
    jobs = valkey.client.dbsize()

    taken(bob, archive)

    statuses = db.session.scalars(select(Draft.status).filter_by(user_id=bob.id)).all()
    assert statuses == ["cancelled", "cancelled"]
    assert valkey.client.dbsize() == jobs
    [kept, _] = list_contents(bob.id, Filters()).items
    assert versions.retry(kept).status == "pending"


def test_what_was_in_the_trash_is_in_the_trash_for_as_long_as_what_is_thrown_away_now(
    ada, bob, written
):
    ending.discard(written, now() - timedelta(days=29))

    taken(bob, archive_of(ada))

    [kept] = db.session.scalars(select(Content).filter_by(user_id=bob.id))
    assert now() - kept.deleted_at < timedelta(days=1)


def test_what_another_machine_measured_teaches_no_estimate(ada, bob, written):
    taken(bob, archive_of(ada))

    [first, _] = db.session.scalars(select(Draft).filter_by(user_id=bob.id).order_by(Draft.number))
    assert first.stats
    assert first.first_word_at is first.started_at is None


def test_content_made_from_another_and_by_a_series_is_so_again(ada, bob, written):
    made = submitting.submit(ada.id, BRIEF, "Made from it")
    made.source_id, made.source_number = written.id, 2
    [series] = Series.of(ada.id)
    made.series_id, made.series_due_at, made.series_missed = series.id, now(), 2
    db.session.commit()

    taken(bob, archive_of(ada))

    [source, again] = db.session.scalars(
        select(Content).filter_by(user_id=bob.id).order_by(Content.created_at)
    )
    assert (again.source_id, again.source_number) == (source.id, 2)
    assert (again.series_id, again.series_missed) == (Series.of(bob.id)[0].id, 2)


def test_archive_that_was_packed_again_with_its_folder_is_one(ada, bob, written):
    files = {f"Ada's/{name}": data for name, data in files_of(archive_of(ada)).items()}
    files["__MACOSX/._Ada's"] = b"\0"

    assert taken(bob, packed(files)).contents == 1


@pytest.mark.parametrize("stored_first", [Content, KeptVoice])
def test_two_who_take_in_the_same_at_once_have_one_each(
    ada, bob, written, monkeypatch, stored_first
):
    archive = archive_of(ada)
    db.session.delete(db.session.get(Content, written.id))
    db.session.execute(delete(KeptVoice))
    db.session.commit()
    places = taking_in._places

    def others_are_faster(kind, user_id, ids):
        found = places(kind, user_id, ids)
        if kind is stored_first:
            monkeypatch.setattr(taking_in, "_places", places)
            db.session.rollback()
            take_in(ada.id, io.BytesIO(archive))
        return found

    monkeypatch.setattr(taking_in, "_places", others_are_faster)
    assert taken(bob, archive).contents == 1

    for kind in (Content, KeptVoice):
        assert (number_of(kind, ada), number_of(kind, bob)) == (1, 1)


def changed(files: dict[str, bytes], ending: str, **values: object) -> dict[str, bytes]:
    """The files, of which one says something else."""
    [name] = [each for each in files if each.endswith(ending)]
    return files | {name: json.dumps(json.loads(files[name]) | values).encode()}


HUGE = 10**30
OF_CONTENT = [
    {"id": "../../x"}, {"id": HUGE}, {"current": 2**63}, {"current": 7}, {"versions": [1, 1]},
    {"versions": [1, 2, 3]}, {"versions": {}}, {"versions": [*range(1, 252)]},
    {"tags": "x" * 5_000}, {"favourite": "yes"},
    {"created_at": "0001-01-01T00:00:00+14:00"}, {"created_at": "yesterday"}, {"brief": None},
    {"brief": {"content_type": "malware", "topic": "x"}}, {"title": "x" * 300},
    {"source": {"id": "x", "number": 1}}, {"series": {"id": str(uuid4())}}, {"settings": []},
    {"settings": {"temperature": HUGE}}, {"dismissed": ["x"]}, {"versions": [2**63, 1]},
]  # fmt: skip
OF_DRAFT = [
    {"number": 2**63}, {"number": 2}, {"status": "done"}, {"origin": 1}, {"created_at": None},
    {"task": {"do": "refine", "number": 1}}, {"task": {"do": "delete", "number": 1}},
    {"task": {"do": "refine", "number": 1, "how": "shorter", "passage": {"start": -1}}},
    {"task": {"do": "refine", "number": 1, "how": "shorter",
              "passage": {"start": 0, "end": 20_001, "rest": 0, "text": "x" * 20_001,
                          "before": "", "after": ""}}},
    {"stats": {"eval_count": [1]}}, {"stats": {"eval_count": 5, "eval_duration_ms": "x"}},
    {"stats": {"eval_count": "9" * 300}}, {"brief": {"topic": 1}},
    {"options": {"num_ctx": 2**31}}, {"options": {"num_predict": "9"}},
    {"options": {"seed": float("nan")}},
    {"messages": [{"role": "user"}]}, {"messages": "x"},
    {"messages": [{"role": "user", "content": "<" * 700_000}] * 2},
    {"messages": [{"role": "user" * 9, "content": "x"}]}, {"wishes": {"seed": -1}},
    {"reproduces": {"number": "1"}}, {"error_values": [1]}, {"model": "x" * 1_000},
    {"stats": {"x" * 61: 1}},
]  # fmt: skip
OF_HEAD = [
    {"format": "other"}, {"version": 2}, {"version": "1"}, {"voices": {}}, {"voices": [1]},
    {"voices": [{"id": str(uuid4()), "created_at": "2026-01-01T00:00:00Z", "name": "x" * 99}]},
    {"series": [{"id": str(uuid4())}]}, {"templates": [{"name": "x"}]}, {"voices": [{}] * 2_000},
]  # fmt: skip


def test_what_may_not_be_is_refused_in_a_sentence_and_nothing_is_stored(ada, bob, written):
    files = files_of(archive_of(ada))
    wrong = [
        *(changed(files, "/content.json", **values) for values in OF_CONTENT),
        *(changed(files, "/1.json", **values) for values in OF_DRAFT),
        *(changed(files, HEAD, **values) for values in OF_HEAD),
    ]
    for hostile in wrong:
        with pytest.raises(ArchiveError, match=r"^[^\n]{20,400}\.$"):
            taken(bob, packed(hostile))

    assert not any(number_of(kind, bob) for kind in (Content, Draft, KeptVoice, Series, Tag))


@pytest.mark.parametrize(("number", "is_taken"), [(10**9, 1), (2**31 - 1, 0)])
def test_behind_the_number_of_a_version_there_is_room_for_others(
    ada, bob, content, number, is_taken
):
    files = changed(files_of(archive_of(ada)), "/1.json", number=number)
    files = changed(files, "/content.json", versions=[number], current=number)
    files = {name.replace("/1.json", f"/{number}.json"): file for name, file in files.items()}

    with contextlib.suppress(ArchiveError):
        taken(bob, packed(files))

    assert number_of(Content, bob) == is_taken


def hostile_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """ZIPs by what is wrong with them."""
    [content] = [name for name in files if name.endswith("/content.json")]
    [text] = [name for name in files if name.endswith("1.md")]
    deep = b"[" * 5_000 + b"]" * 5_000
    lists, names = b",[]" * 30_000, b",".join(b'"%d":1' % each for each in range(30_000))
    said = files[content].rstrip(b"}\n")
    fine = packed(files)
    return {
        "no ZIP": b"Dear all,",
        "empty": b"",
        "half of one": fine[: len(fine) // 2],
        "not ours": packed({"letter.txt": b"Dear all,"}),
        "two beginnings": packed({**files, f"b/{HEAD}": files[HEAD]}),
        "leads out": packed({**files, "../../etc/cron.d/x": b"x"}),
        "from the root": packed({**files, "/etc/passwd": b"x"}),
        "of Windows": packed({**files, "contents\\..\\..\\x": b"x"}),
        "unpacks to too much": packed({**files, "more.md": b"\0" * (9 * 1024**2)}),
        "says it is 4 GB": claims(0xFFFFFFF0, fine),
        "is more than it says": claims(3, fine),
        "bzip2": packed(files, ZIP_BZIP2),
        "not JSON": packed({**files, content: b"{"}),
        "no object": packed({**files, content: b"[]"}),
        "too deep": packed({**files, content: deep}),
        "many values": packed({**files, content: said + b',"more":[[]' + lists + b"]}"}),
        "many names": packed({**files, content: said + b',"more":{' + names + b"}}"}),
        "a head of many": packed({**files, HEAD: files[HEAD].rstrip(b"}\n") + b',"more":[[]'
                                  + 4 * lists + b"]}"}),
        "long number": packed({**files, content: b"1" * 10_000}),
        "NaN": packed({**files, content: b'{"current": NaN}'}),
        "not UTF-8": packed({**files, text: b"\xff\xfe---"}),
        "too long": packed({**files, text: b"x" * 1_100_000}),
        "without a version": packed({n: d for n, d in files.items() if not n.endswith("1.json")}),
        "the same twice": packed({**files, "contents/b/content.json": files[content],
                                  **{n.replace(content[:-12], "contents/b/"): d
                                     for n, d in files.items() if n.startswith(content[:-12])}}),
        "much beside names": with_extra_fields(fine, 16_383),
        "names alone": of_names(10, 60_000),
        "over each other": claims(len(fine), fine, PACKED),
        "stored and cut": packed(files, ZIP_STORED).replace(b"warm", b"cold", 1),
    }  # fmt: skip


def test_hostile_zips_get_one_sentence_and_nothing_is_stored(ada, bob, written, monkeypatch):
    for what, archive in hostile_files(files_of(archive_of(ada))).items():
        with pytest.raises(ArchiveError, match=r"^[^\n]{20,400}\.$"):
            taken(bob, archive)
        assert number_of(Content, bob) == number_of(KeptVoice, bob) == 0, what
    monkeypatch.setattr(unpacking, "LIKELY_LONGEST", 1024**2)
    larger = packed({**files_of(archive_of(ada)), "more.md": b"\0" * 2 * 1024**2})
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MB"):
        taken(bob, larger)
    monkeypatch.setattr(unpacking, "CONTENT_LONGEST", 2_000)
    with pytest.raises(ArchiveError, match="delete some versions of that text"):
        taken(bob, archive_of(ada))
    monkeypatch.setattr(unpacking, "FILES_MOST", 3)
    with pytest.raises(ArchiveError, match="more than 3 files"):
        taken(bob, archive_of(ada))


def test_signs_of_json_within_a_long_text_are_no_values(ada, bob, written):
    said = [{"role": "user", "content": '[{"tea": 1, "\\": "warm, \\""}], ' * 10_000}]
    files = changed(files_of(archive_of(ada)), "/1.json", messages=said)

    taken(bob, packed(files))

    own = select(Draft).filter_by(user_id=bob.id, number=1)
    assert db.session.scalars(own).one().prompt == said


@pytest.mark.parametrize("made_of", [{1: 1}, {1: 2, 2: 1}])
def test_versions_that_are_made_of_themselves_are_shown(as_ada, ada, bob, written, made_of):
    its_id, files = written.id, files_of(archive_of(ada))
    for number, source in made_of.items():
        [name] = [each for each in files if each.endswith(f"/{number}.json")]
        task = {"do": "refine", "how": "shorter", "number": source}
        said = {n: v for n, v in json.loads(files[name]).items() if n != "brief"} | {"task": task}
        files[name] = json.dumps(said).encode()
    db.session.delete(written)
    db.session.commit()
    taken(ada, packed(files))

    for path in ("/", f"/contents/{its_id}", f"/contents/{its_id}/versions/1"):
        assert as_ada.get(path).status_code == 200
    assert files_of(archive_of(ada))


SAID = {
    "model": "llama3.2",
    "messages": [{"role": "user", "content": "Write."}],
    "options": {"num_ctx": 4096, "num_predict": 500, "seed": 3},
    "stats": {
        "eval_count": 10, "eval_duration_ms": 30.5, "prompt_eval_count": 3, "ollama_version": "1",
        "first_token_ms": 3, "load_duration_ms": 3, "total_duration_ms": 40,
    },
    "task": {"do": "refine", "how": "shorter", "number": 1, "instruction": "x", "mend": "y"},
    "wishes": {"model": "llama3.2", "temperature": 0.5, "seed": 3},
    "reproduces": {"number": 1, "identical": False, "differs_at": 3, "same_model": False},
    "error_cause": "timeout", "error_values": {"seconds": 3}, "done_reason": "length",
    "sentiment_score": 0.3, "sentiment_label": "positive", "taken_out": "Sure!",
}  # fmt: skip


NEEDED = {("task", "do"), ("task", "how"), ("task", "number"), ("reproduces", "number")}


def left_out() -> Iterator[tuple[str, dict]]:
    """What may be said of a version, each time without something, or a part of it."""
    for name, said in SAID.items():
        yield name, SAID | {name: None}
        for part in said if isinstance(said, dict) else ():
            if (name, part) not in NEEDED:
                yield f"{name}.{part}", SAID | {name: {n: v for n, v in said.items() if n != part}}


@pytest.mark.parametrize("current", [1, 2])
def test_whatever_is_not_on_record_of_a_version_its_pages_open(as_ada, ada, written, current):
    files = files_of(archive_of(ada))
    [text] = [file for name, file in files.items() if name.endswith("/2.md")]
    [content] = [json.loads(files[name]) for name in files if name.endswith("/content.json")]
    [version] = [json.loads(files[name]) for name in files if name.endswith("/1.json")]
    headers = {"Authorization": f"Bearer {ApiToken.issue(ada, 'x')[1]}"}
    for name, said in left_out():
        its = content | {"id": str(uuid4()), "current": current}
        of_it: dict = {"content.json": its, "1.md": text, "2.md": text}
        of_it |= {f"{number}.json": version | said | {"number": number} for number in (1, 2)}
        packable = {
            f"contents/a/{file}": holds if isinstance(holds, bytes) else json.dumps(holds).encode()
            for file, holds in of_it.items()
        }
        taken(ada, packed({HEAD: files[HEAD], **packable}))

        page, of_api = f"/contents/{its['id']}", f"/api/v1/contents/{its['id']}"
        for path in (
            *(page, f"{page}/card", f"{page}/versions/1", f"{page}/versions/2/beside"),
            *(f"{page}/compare?from=1&to=2", f"{page}/history", of_api, f"{of_api}/drafts/1"),
        ):
            assert as_ada.client.get(path, headers=headers).status_code < 400, (name, path)


@pytest.mark.parametrize("left_open", ["", None])
def test_choice_that_an_archive_leaves_open_is_the_usual_one(as_bob, ada, bob, written, left_open):
    choices = dict.fromkeys(("tone", "length", "language", "audience", "keywords"), left_open)
    brief = {"content_type": "social_media_caption", "topic": "Tea", **choices}
    files = changed(files_of(archive_of(ada)), "/content.json", brief=brief)

    taken(bob, packed(changed(files, "/1.json", brief=brief)))

    content = db.session.scalars(select(Content).where(Content.user_id == bob.id)).one()
    usual = "friendly", CONTENT_TYPES["social_media_caption"].default_length, "en"
    assert (content.tone, content.length, content.language) == usual
    for path in ("", "/versions/1", "/compare?from=1&to=2"):
        assert as_bob.client.get(f"/contents/{content.id}{path}").status_code == 200


ODD = {
    "repeats itself": {"task": {"do": "reproduce", "number": 1}},
    "goes on with itself": {"task": {"do": "continue", "number": 1}},
    "goes on with what is gone": {"task": {"do": "continue", "number": 99}},
    "has no limit": {"options": {}},
    "has no limit of its own": {"options": {"num_predict": -1}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_whatever_is_on_record_of_a_version_what_repeats_it_comes_to_an_end(
    as_bob, ada, bob, written, ollama, odd
):
    said = {"messages": [{"role": "user", "content": "Write."}], "model": "thinker"} | odd
    taken(bob, packed(changed(files_of(archive_of(ada)), "/1.json", **said)))
    ollama.on(path="/api/show").fails(200, {"capabilities": ["thinking"]}, times=9)
    content = db.session.scalars(select(Content).where(Content.user_id == bob.id)).one()

    as_bob.post(f"/contents/{content.id}/versions/1/reproduce", {})
    [draft] = [each for each in content.drafts if each.status == "pending"]
    waiting.start_now(draft)
    [need] = needed_soon().values()
    assert prepared(need).to_send.model == "thinker"
    job.write_draft(draft.id)

    db.session.refresh(draft)
    assert draft.status == "completed"


def test_options_that_are_not_ours_reach_no_model(as_bob, ada, bob, written, ollama):
    ours = {"num_ctx": 4096, "num_predict": 300, "temperature": 0.1, "seed": 7}
    others = {"num_gpu": 0, "num_thread": 512, "num_batch": 10**15, "use_mmap": False}
    said = {"messages": [{"role": "user", "content": "Write."}], "options": ours | others}
    taken(bob, packed(changed(files_of(archive_of(ada)), "/1.json", **said)))
    content = db.session.scalars(select(Content).where(Content.user_id == bob.id)).one()

    as_bob.post(f"/contents/{content.id}/versions/1/reproduce", {})
    [draft] = [each for each in content.drafts if each.status == "pending"]
    waiting.start_now(draft)
    job.write_draft(draft.id)

    assert ollama.chats[-1]["options"] == ours


def test_context_of_a_larger_server_is_taken_in_and_asked_of_no_smaller_one(
    as_bob, ada, bob, written, ollama
):
    larger = {"num_ctx": 10_000_000, "num_predict": 5_000_000, "temperature": 0.1, "seed": 7}
    said = {"messages": [{"role": "user", "content": "Write."}], "options": larger}
    taken(bob, packed(changed(files_of(archive_of(ada)), "/1.json", **said)))
    content = db.session.scalars(select(Content).where(Content.user_id == bob.id)).one()

    as_bob.post(f"/contents/{content.id}/versions/1/reproduce", {})
    [draft] = [each for each in content.drafts if each.status == "pending"]
    waiting.start_now(draft)
    job.write_draft(draft.id)

    assert content.version(1).options == larger
    within = dict.fromkeys(("num_ctx", "num_predict"), CONTEXT_LONGEST)
    assert ollama.chats[-1]["options"] == larger | within


def test_ids_of_others_reach_nothing_of_theirs(ada, bob, written):
    """Whoever knows an id writes it into an archive of one's own."""
    bobs = submitting.submit(bob.id, BRIEF, "Bob's")
    ending.cancel(bobs.current)
    files = files_of(archive_of(ada))
    forged = changed(
        files, "/content.json", id=str(bobs.id), source={"id": str(bobs.id), "number": 1}
    )

    taken(ada, packed(forged))

    db.session.expire_all()
    assert (bobs.title, bobs.user_id, bobs.version_count()) == ("Bob's", bob.id, 1)
    [_, own] = db.session.scalars(
        select(Content).filter_by(user_id=ada.id).order_by(Content.current_number)
    )
    assert own.source_id is None


def test_signs_that_no_database_keeps_are_left_out_or_replaced(ada, bob, written):
    files = changed(files_of(archive_of(ada)), "/1.json", taken_out="a\0b\ud800c")

    taken(bob, packed(files))

    [first, _] = db.session.scalars(select(Draft).filter_by(user_id=bob.id).order_by(Draft.number))
    assert first.taken_out == "ab\ufffdc"


def test_more_voices_than_one_may_have_are_refused_with_all_else(ada, bob, written, monkeypatch):
    monkeypatch.setitem(taking_in._MOST, "series", 0)

    with pytest.raises(ArchiveError, match="more than 0 series"):
        taken(bob, archive_of(ada))

    assert (number_of(Content, bob), number_of(KeptVoice, bob)) == (0, 0)


def test_more_tags_than_one_may_have_are_refused_with_all_else(ada, bob, written, monkeypatch):
    number = number_of(Tag, ada)
    monkeypatch.setattr(taking_in, "TAGS_OF_USER_MOST", number)
    submitting.submit(bob.id, BRIEF, "Bob's", tags=["of his own"])

    with pytest.raises(ArchiveError, match="more than 2,000 tags"):
        taken(bob, archive_of(ada))

    assert (number_of(Content, bob), number_of(Tag, bob)) == (1, 1)
    monkeypatch.setattr(taking_in, "TAGS_OF_USER_MOST", number + 1)
    assert taken(bob, archive_of(ada)).contents == 1


@pytest.mark.parametrize(
    ("number", "length", "steps_at_least"), [(8, 300_000, 3), (130, 1, 3), (3, 1_100_000, 3)]
)
def test_no_step_of_an_archive_is_larger_than_its_longest_version(
    ada, bob, written, number, length, steps_at_least
):
    prompt = [{"role": "user", "content": "x" * length}]
    row = {"user_id": ada.id, "content_id": written.id, "origin": "generated", "text": "Tea.",
           "status": "completed", "created_at": now(), "due_at": now(), "finished_at": now(),
           "prompt": prompt, "taken_out": "Hm.", "model": "llama3.2", "words": 1}  # fmt: skip
    db.session.execute(insert(Draft), [{**row, "number": 10 + n} for n in range(number)])
    db.session.commit()

    sizes = [sum(len(file.data) for file in step) for step in steps(ada.id)]

    assert len(sizes) >= steps_at_least + 2
    assert max(sizes) < max(1_100_000, 1.1 * length)
    assert taken(bob, archive_of(ada)).contents == 1
    assert rows_of(Draft, bob) == rows_of(Draft, ada)


def test_what_is_edited_while_the_archive_is_made_is_in_it_as_it_was(ada, bob, written):
    made, packing = steps(ada.id), Packing()
    archive = packing.add(next(made)) + packing.add(next(made))
    versions.save_edit(written, "A teapot", "Written meanwhile.")
    archive += b"".join([*map(packing.add, made), packing.end()])

    assert taken(bob, archive).contents == 1

    [content] = db.session.scalars(select(Content).where(Content.user_id == bob.id))
    assert content.current.text == written.version(content.current_number).text != ""


def test_two_texts_whose_ids_begin_alike_are_both_in_it(ada, bob):
    for end in "12":
        content = submitting.new_content(ada.id, BRIEF, "One title", {}, now(), now())
        content.id = UUID("0" * 31 + end)
        db.session.add(content)
    db.session.commit()

    assert taken(bob, archive_of(ada)).contents == 2


def test_who_is_interrupted_sends_it_again(ada, bob, monkeypatch):
    for number in range(6):
        ending.cancel(submitting.submit(ada.id, BRIEF, f"Number {number}").current)
    monkeypatch.setattr(export, "AT_ONCE", 2)
    monkeypatch.setattr(taking_in, "AT_ONCE", 2)
    archive = archive_of(ada)
    store = taking_in._store

    def fails_later(*args):
        if number_of(Content, bob) == 4:
            raise KeyboardInterrupt
        return store(*args)

    monkeypatch.setattr(taking_in, "_store", fails_later)
    with pytest.raises(KeyboardInterrupt):
        taken(bob, archive)
    db.session.rollback()
    assert number_of(Content, bob) == 4
    monkeypatch.setattr(taking_in, "_store", store)

    assert taken(bob, archive) == Taken(contents=2, already_there=4)


def many_versions(files: dict[str, bytes], number: int, **said: object) -> dict[str, bytes]:
    """The files of one content, which has so many versions that say so."""
    [first] = [name for name in files if name.endswith("/1.json")]
    needed = ("origin", "status", "created_at")
    version = {name: json.loads(files[first])[name] for name in needed} | said
    named = {
        first.replace("/1.", f"/{n}."): json.dumps(version | {"number": n}).encode()
        for n in range(1, number + 1)
    }
    listed = {"versions": [*range(1, number + 1)], "current": 1}
    return changed(files, "/content.json", **listed) | named


def a_second(files: dict[str, bytes], under: str = "contents/b/") -> dict[str, bytes]:
    """The same content under another id."""
    [name] = [name for name in files if name.endswith("/content.json")]
    content = json.dumps(json.loads(files[name]) | {"id": str(uuid4())}).encode()
    folder = name.removesuffix("content.json")
    its = {n.replace(folder, under): f for n, f in files.items() if n.startswith(folder)}
    return its | {f"{under}content.json": content}


def test_what_is_much_is_stored_in_portions_between_which_others_are_served(
    ada, bob, written, monkeypatch
):
    files = files_of(archive_of(ada))
    many = many_versions(files, 200)
    long = [{"role": "user", "content": "x" * 600_000}]
    portions = [0]

    def note(_connection, _cursor, statement, parameters, _context, _is_many) -> None:
        if statement.startswith("INSERT INTO drafts"):
            portions[-1] += 1 if isinstance(parameters, dict | tuple) else len(parameters)

    monkeypatch.setattr(taking_in.time, "sleep", lambda _seconds: portions.append(0))
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        taken(bob, packed({**many, **a_second(many)}))
        taken(bob, packed(a_second(many_versions(files, 3, messages=long)) | {HEAD: files[HEAD]}))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert list(filter(None, portions)) == [250, 150, 1, 1, 1]
    assert number_of(Draft, bob) == 403


def test_tasks_of_versions_count_as_what_is_much(ada, bob, written):
    task = {"do": "refine", "number": 1, "how": "custom", "mend": "x" * 10_000}
    passage = {"start": 0, "end": 9, "rest": 0, "text": "x" * 20_000, "before": "", "after": ""}
    portions = [0]

    def note(_connection, _cursor, statement, parameters, _context, _is_many) -> None:
        if statement.startswith("INSERT INTO drafts"):
            portions.append(1 if isinstance(parameters, dict | tuple) else len(parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        many = many_versions(files_of(archive_of(ada)), 40, task=task | {"passage": passage})
        taken(bob, packed(many))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert sum(portions) == 40
    assert max(portions) * 30_000 <= taking_in.CHARACTERS_LONGEST


def test_what_is_much_is_measured_without_a_copy_of_it_while_nobody_else_writes(
    ada, bob, written, monkeypatch
):
    class Messages(list):
        def __repr__(self) -> str:
            raise AssertionError("a copy is made")

    read = taking_in.contents_of

    def read_with_messages(*args: object) -> list:
        found = read(*args)
        for draft in (draft for each in found for draft in each.drafts):
            draft["prompt"] = Messages(draft["prompt"] or [])
        return found

    monkeypatch.setattr(taking_in, "contents_of", read_with_messages)

    assert taken(bob, archive_of(ada)).contents == 1


def test_of_a_failure_what_its_sentence_is_made_of_is_taken_in(ada, bob, written):
    files = files_of(archive_of(ada))
    many = {"model": "llama3.2", **{f"{number}": "x" * 1_000 for number in range(40)}}
    for cause, kept, error in (
        ("model_missing", {"model": "llama3.2"}, None),
        ("of_a_newer_version", None, "The moon is full: wait."),
    ):
        said = {"status": "failed", "error_cause": cause, "error_values": many, "error": error}
        one = many_versions(files, 1, **said)
        taken(bob, packed(changed(one, "/content.json", id=str(uuid4()))))
        draft = db.session.scalars(
            select(Draft).where(Draft.user_id == bob.id, Draft.error_cause == cause)
        ).one()

        assert draft.error_values == kept
        assert draft.error == (error or Failure("model_missing", many).sentence)


def test_histories_of_contents_with_many_versions_are_read_one_by_one(ada, written):
    other = submitting.submit(ada.id, BRIEF, "Another")
    row = {"user_id": ada.id, "origin": "generated", "status": "completed", "created_at": now()}
    for content in (written, other):
        its = {**row, "content_id": content.id}
        db.session.execute(insert(Draft), [{**its, "number": 10 + n} for n in range(250)])
    db.session.commit()

    histories = [step for step in steps(ada.id) if step[-1].name.endswith("/content.json")]

    assert len(histories) == 2


def test_content_with_as_much_of_everything_as_one_may_have_is_taken_in(ada, bob, written):
    tags = [f"{n:02d}{'茶' * (tagging.TAG_LONGEST - 2)}" for n in range(tagging.TAGS_MOST)]
    tagging.keep(written, {"tags": tags})
    its = {"content_id": written.id}
    lines = [its | {"what": What.TAGGED, "details": {"tags": tags}}] * history.LINES_KEPT
    db.session.execute(insert(history.HistoryLine), lines)
    row = its | {"user_id": ada.id, "origin": "generated", "status": "failed", "finished_at": now()}
    failed = {"error_cause": "model_missing", "error_values": {"model": "x" * 200}}
    numbers = range(3, versions.VERSIONS_KEPT + 1)
    db.session.execute(insert(Draft), [row | failed | {"number": each} for each in numbers])
    link = its | {"draft_id": written.current.id, "expires_at": now(), "revoked_at": now()}
    links = range(sharing.OPEN_MOST + sharing.ENDED_MOST)
    db.session.execute(insert(Share), [link | {"id": n + 1, "digest": str(n)} for n in links])
    said = {"share_id": 1, "verdict": "approved", "name": "a" * 100}
    db.session.execute(insert(Review), [said] * sharing.ALL_REVIEWS_MOST)
    keys = [f"{number:0{KEY_LENGTH}x}" for number in range(1, dismissing.MOST)]
    db.session.execute(insert(dismissals), [its | {"finding": key} for key in keys])
    db.session.commit()

    assert taken(bob, archive_of(ada)).contents == 1

    assert number_of(Draft, bob) == versions.VERSIONS_KEPT
    kept = db.session.scalars(select(Content).where(Content.user_id == bob.id)).one()
    assert [tag.name for tag in kept.tags] == tags


def test_one_archive_at_a_time_is_in_memory(as_ada, monkeypatch):
    is_free = []

    def watched(*_args) -> Taken:
        is_free.append(bool(threads._archives._free))
        return Taken()

    monkeypatch.setattr(taking_in, "take_in", watched)
    for _ in range(2):
        form = {"csrf_token": as_ada.token(), "file": (io.BytesIO(b"x"), "archive.zip")}
        assert as_ada.client.post("/account/data", data=form).status_code == 303

    assert is_free == [False, False]


@both_databases
def test_text_that_was_downloaded_by_itself_is_taken_in_once_without_loss(ada, bob, written):
    db.session.refresh(written)
    file = to_markdown(document_of(written.current))

    assert taken(bob, file) == Taken(contents=1)
    assert taken(bob, file) == Taken(already_there=1)
    assert taken(bob, b"\xef\xbb\xbf" + file) == Taken(already_there=1), "as editors mark it"

    [first] = list_contents(bob.id, Filters(q="東京")).items
    assert to_markdown(document_of(first.current)) == file
    assert (first.current.words, first.current.status) == (written.current.words, "completed")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"---\ntitle: Tea\n---\n\nWarm.", "Content type is missing"),
        (b"---\ncontent_type: poem\ntopic: Tea\n---\n\nWarm.", "Content type is not known"),
        (b"---\ncontent_type: ad_copy\ntopic: Tea\n---\n \n", "no text"),
        (b"---\ncontent_type: ad_copy\ntopic: Tea\n---\n\n\xff", "UTF-8"),
        (b"---\ntopic: Tea\ncreated_at: soon\n---\n\nWarm.", "between its dashes"),
        (b"---\n\n" + b"x" * 9_000_000, "more than 8 MB"),
    ],
)
def test_text_by_itself_that_is_none_of_ours_is_refused_in_a_sentence(ada, file, why):
    with pytest.raises(ArchiveError, match=why):
        taken(ada, file)
    assert number_of(Content, ada) == 0


def test_long_names_of_files_that_are_not_there_are_not_read(ada):
    archive = of_names(200, 60_000)

    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="no ZIP, or a damaged one"):
            taken(ada, archive)
        assert tracemalloc.get_traced_memory()[1] < len(archive) / 2
    finally:
        tracemalloc.stop()


def test_one_content_of_an_archive_is_in_memory_while_the_next_is_read(
    ada, bob, written, monkeypatch
):
    """As much as there is room for may be in each."""
    files = files_of(archive_of(ada))
    archive = packed(files | a_second(files) | a_second(files, "contents/c/"))
    monkeypatch.setattr(taking_in, "AT_ONCE", 1)
    read, held = Unpacked.json, []

    def watched(files: Unpacked, name: str) -> dict:
        if name.endswith("/content.json"):
            held.extend(each for each in gc.get_objects() if type(each) is Incoming)
        return read(files, name)

    monkeypatch.setattr(Unpacked, "json", watched)

    assert taken(bob, archive).contents == 3
    assert not held
