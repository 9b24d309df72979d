"""The page on which all that is one's own is taken away, and taken in again."""

import io

import pytest
from sqlalchemy import func, select

from smartcontent.contents import ending
from smartcontent.models import Content
from smartcontent.stores.sql import db
from smartcontent.web import threads

ADDRESS = "/account/data"
FORM = "multipart/form-data"


@pytest.fixture
def archive(as_ada, content) -> bytes:
    ending.cancel(content.current)
    answer = as_ada.get(f"{ADDRESS}/archive.zip")
    assert answer.mimetype == "application/zip"
    assert 'filename="Smart Content ' in answer.headers["Content-Disposition"]
    return answer.data


def send(visitor, archive: bytes, **more):
    parts = {"file": (io.BytesIO(archive), "ada.zip")}
    return visitor.post(ADDRESS, parts, content_type=FORM, **more)


def test_what_one_has_taken_away_another_takes_in(as_ada, as_bob, archive):
    assert ADDRESS in as_bob.get("/account/").text

    page = send(as_bob, archive, follow_redirects=True).text
    again = send(as_bob, archive, follow_redirects=True).text

    assert "Taken in: 1 text." in page
    assert "Nothing in it was new. 1 were here already, and stay as they are." in again
    assert "A teapot" in as_bob.get("/").text


def test_what_is_no_archive_is_refused_in_a_sentence(as_ada, monkeypatch):
    for sent in (b"", b"PK\3\4", b"Dear all,"):
        answer = send(as_ada, sent)
        assert answer.status_code == 422
        assert "Nothing was taken in." in answer.text
    assert as_ada.post(ADDRESS, content_type=FORM).status_code == 422
    monkeypatch.setattr("smartcontent.web.entry.ARCHIVE_LARGEST", 1)
    assert send(as_ada, b"x" * 200_000).status_code == 413
    assert as_ada.post(ADDRESS, {"file": "x"}).status_code == 415


def test_archives_are_counted_before_they_are_taken_apart(as_ada):
    for name, status in (("x" * 20_000, 400), ("ada.zip", 422)):
        for _ in range(10):
            sent = {"file": (io.BytesIO(b""), name)}
            assert as_ada.post(ADDRESS, sent, content_type=FORM).status_code == status

    refused = as_ada.post(ADDRESS, {"file": (io.BytesIO(b""), "x" * 20_000)}, content_type=FORM)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "as many archives as one may within an hour" in refused.text


def test_nobody_takes_anything_without_an_account(visitor, content):
    assert visitor.get(f"{ADDRESS}/archive.zip").status_code == 302
    assert send(visitor, b"").status_code == 303


def test_archive_is_unpacked_beside_the_event_loop_part_by_part(
    as_ada, as_bob, archive, monkeypatch
):
    """In turns: what several have in memory at once is bounded."""
    done: list[str] = []
    slowly = threads.slowly

    def noted(work, *args):
        done.append(getattr(work, "__name__", ""))
        return slowly(work, *args)

    monkeypatch.setattr(threads, "slowly", noted)
    send(as_bob, archive)

    assert {"_opened", "head_of", "contents_of", "_found_by"} <= set(done)


class _Pipe(io.FileIO):
    """What another program sends: it is read once, from its beginning."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation("underlying stream is not seekable")

    tell = seek


def test_command_has_the_same(flask, ada, bob, content, tmp_path, caplog):
    ending.cancel(content.current)
    file = str(tmp_path / "ada.zip")
    assert flask("users", "export", ada.email, "--output", file).exit_code == 0

    taken = flask("users", "import", bob.email, file)

    assert "contents: 1\n" in taken.output
    assert caplog.messages == [f"Archive taken in contents=1 user={bob.id} address=command"]
    own = select(func.count()).select_from(Content).where(Content.user_id == bob.id)
    assert db.session.scalar(own) == 1
    with _Pipe(file) as pipe:
        assert "contents: 0\n" in flask("users", "import", bob.email, "-", input=pipe).output
    (tmp_path / "letter.txt").write_text("Dear all,")
    refused = flask("users", "import", bob.email, str(tmp_path / "letter.txt"))
    assert refused.exit_code == 1
    assert "The file is no ZIP" in refused.output
