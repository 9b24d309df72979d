"""A text taken away: as a file of each format, by script, page and command."""

import io
import zipfile

import pytest
from conftest import both_databases

from smartcontent.exports import FORMATS
from smartcontent.models import Draft
from smartcontent.stores.sql import db
from smartcontent.writing import job

TEA = "# Tea & thé\n\nIt is **warm**.\n"
BEGINNINGS = {"md": b"---\n", "html": b"<!DOCTYPE", "txt": b"Tea &", "docx": b"PK", "pdf": b"%PDF"}


@pytest.fixture
def written(script, ollama):
    """Makes a content with this text; answers its address."""

    def write(text: str = TEA, **fields: object) -> str:
        told = script.submit(delay_seconds=0, **fields)
        ollama.says(text)
        job.write_draft(told["draft_id"])
        return f"/contents/{told['id']}"

    return write


@both_databases
@pytest.mark.parametrize("as_page", [False, True], ids=["API", "page"])
def test_text_is_a_file_of_each_format_under_a_name_from_its_title(
    script, written, as_ada, as_page
):
    content = written(title="Thé: “bleu” / 1")

    for name, kind in FORMATS.items():
        address = f"{content}/export?format={name}"
        answer = as_ada.get(address) if as_page else script.get(address)
        disposition = answer.headers["Content-Disposition"]

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind.media_type)
        assert answer.data.startswith(BEGINNINGS[name])
        assert disposition == (
            f'attachment; filename="The bleu 1.{name}"; '
            f"filename*=UTF-8''Th%C3%A9%20bleu%201.{name}"
        )


def test_file_says_what_is_known_of_the_text(script, written):
    content = written(title="Tea", keywords=["pot", "blue"], language="de")

    head = script.get(f"{content}/export?format=md").text.partition("\n---\n")[0]
    document = script.get(f"{content}/export?format=docx").data
    about = zipfile.ZipFile(io.BytesIO(document)).read("docProps/core.xml").decode()

    for line in ('title: "Tea"', 'language: "de"', 'keywords: ["pot", "blue"]', "model: "):
        assert line in head
    assert "pot, blue" in about


def test_translation_is_exported_in_its_own_language(script, written, ollama):
    content = written()
    asked = script.post(f"{content}/drafts", {"refine": "translate", "language": "ar"}).json
    ollama.says("الشاي دافئ")
    job.write_draft(asked["drafts"][0]["id"])
    script.call("PUT", f"{content}/current", json={"number": 2})

    assert 'lang="ar" dir="rtl"' in script.get(f"{content}/export?format=html").text


@pytest.mark.parametrize("query", ["", "?format=", "?format=DOCX", "?format=exe&format=md"])
def test_unknown_format_is_refused_by_name(script, written, as_ada, query):
    content = written()

    answer = script.get(f"{content}/export{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["format"])
    assert "md, html, txt, docx, pdf" in answer.json["detail"]
    assert as_ada.get(f"{content}/export{query}").status_code == 404


@pytest.mark.parametrize("status", ["pending", "generating", "failed"])
def test_where_there_is_no_text_yet_that_is_said(script, as_ada, status):
    content = f"/contents/{script.submit()['id']}"
    draft = db.session.query(Draft).one()
    draft.status, draft.text = status, "Half a sen" if status == "generating" else ""
    db.session.commit()

    answer = script.get(f"{content}/export?format=md")
    page = as_ada.get(f"{content}/export?format=md")

    assert (answer.status_code, page.status_code) == (409, 409)
    assert "text" in answer.json["detail"]
    assert answer.json["detail"] in page.text
    assert as_ada.get(f"{content}/print").status_code == 409
    assert "Download" not in as_ada.get(content).text


def test_text_that_no_pdf_is_made_of_leads_to_the_print_view(script, written, as_ada):
    content = written("Der Tee heißt 茶, sagt <script>sie</script>.", language="de")

    answer = script.get(f"{content}/export?format=pdf")
    page = as_ada.get(f"{content}/export?format=pdf")

    assert answer.status_code == 409
    assert (answer.json["detail"][:31], answer.json["print"]) == (
        "The font of PDF files has no “茶",
        f"{content}/print",
    )
    assert page.content_type == "text/html; charset=utf-8"
    assert answer.json["detail"] in page.text
    assert "heißt 茶" in as_ada.get(content + "/print").text
    assert "<script>sie" not in page.text


def test_nobody_takes_away_what_is_somebody_else_s(written, bobs_script, as_bob, visitor):
    content = written()

    assert bobs_script.get(f"{content}/export?format=md").status_code == 404
    assert as_bob.get(f"{content}/export?format=md").status_code == 404
    assert as_bob.get(f"{content}/print").status_code == 404
    assert visitor.get(f"{content}/export?format=md").status_code == 302


def test_content_s_page_has_a_link_to_each_file(written, as_ada):
    content = written()

    page = as_ada.get(content).text

    for name in FORMATS:
        assert f'href="{content}/export?format={name}"' in page
    assert f'href="{content}/print"' in page


def test_command_writes_the_file(written, flask, tmp_path):
    content = written().rpartition("/")[2]
    path = tmp_path / "tea.docx"

    saved = flask("contents", "export", content, "--format", "docx", "--output", str(path))
    shown = flask("contents", "export", content)

    assert (saved.exit_code, shown.exit_code) == (0, 0)
    assert path.read_bytes().startswith(b"PK")
    assert shown.stdout.endswith(TEA)


def test_command_says_why_there_is_no_file(flask, content):
    result = flask("contents", "export", str(content.id))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "no text yet" in result.stderr
