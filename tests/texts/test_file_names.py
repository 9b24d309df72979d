"""Names of files from titles, and the header that says them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from smartcontent.exports.file_names import LONGEST, content_disposition, file_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Spring at the garden centre", "Spring at the garden centre.md"),
        ("Frühling: 20 % auf/off? <neu>", "Frühling 20 auf off neu.md"),
        ("Fru\u0308hling", "Frühling.md"),
        ("東京の茶", "東京の茶.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("a\\b:c*d|e\"f", "a b c d e f.md"),
        ("-rf .", "rf.md"),
        ("...hidden...", "hidden.md"),
        ("v1.2 -- notes", "v1.2 -- notes.md"),
        ("Sale 🎉🎉", "Sale.md"),
        ("🎉", "text.md"),
        ("", "text.md"),
        ("\u202egpj.exe", "gpj.exe.md"),
        ("tea\r\nSet-Cookie: x", "tea Set-Cookie x.md"),
        ("con", "con_.md"),
        ("AUX", "AUX_.md"),
        ("nul.notes", "nul_.notes.md"),
        ("com1", "com1_.md"),
        ("COM¹", "COM¹_.md"),
        ("Lpt9 .x", "Lpt9_ .x.md"),
        ("confetti", "confetti.md"),
        ("com10", "com10.md"),
    ],
)  # fmt: skip
def test_name_is_the_title_as_every_system_takes_it(title, name):
    assert file_name(title, ".md") == name


@given(st.text(st.characters() | st.sampled_from("./\\:\u202e\u200f\u0301 ~京")))
def test_no_title_makes_a_name_that_is_not_safe(title):
    name = file_name(title, ".docx")
    stem = name.removesuffix(".docx")

    assert 0 < len(stem.encode()) <= LONGEST + 1
    assert stem[0] not in " .-"
    assert stem[-1] not in " .-"
    assert not re.search(
        r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|%$\u200b-\u200f\u202a-\u202e\ud800-\udfff]', name
    )
    assert ".." not in name


def test_a_long_title_is_cut_at_a_word_and_within_bytes():
    assert file_name("tea " * 100, ".md") == f"{'tea ' * 29}tea.md"
    assert len(file_name("京" * 100, ".md").encode()) == LONGEST + len(".md")


def test_no_accent_is_cut_from_its_letter():
    assert not file_name("a" * (LONGEST - 1) + "x\u0332", ".md").endswith("x.md")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("tea.md", "tea.md"),
        ("Frühling.docx", "Fruhling.docx"),
        ("東京.txt", "text.txt"),
        ("東京 tea.txt", "tea.txt"),
        ("it's (new), & more.md", "it's (new), & more.md"),
    ],
)
def test_header_has_the_name_for_new_browsers_and_for_old_ones(name, plain):
    header = content_disposition(name)

    assert f'attachment; filename="{plain}"' in header
    assert header.isascii()
    assert parse_options_header(header)[1]["filename"] == name
