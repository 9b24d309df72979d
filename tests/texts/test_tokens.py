"""The tokens of a text: what people type finds what they have pasted."""

from itertools import pairwise
from unicodedata import normalize

import pytest
from costs import cpu_seconds
from hypothesis import example, given
from hypothesis import strategies as st

from smartcontent.texts.search.tokens import (
    LONGEST,
    _in_folded,
    _of_long,
    placed_tokens,
    searchable,
    tokens,
)

TEXTS = st.text(
    st.characters(exclude_categories=["Cn", "Cs"])
    | st.sampled_from("éßøł京タ한ก\u0301\u3099\u200b\xad")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Soufflé", "souffle"),
        ("STRASSE Straße", "strasse strasse"),
        ("Øl, Łódź, œuf, Ærø", "ol lodz oeuf aero"),
        ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
        ("ＴＥＡ ﬁne ㎏ x²", "tea fine kg x2"),
        ("ὈΔΥΣΣΕΎΣ ὀδυσσεύς", "οδυσσευσ οδυσσευσ"),
        ("ёлка й їжак", "елка й їжак"),
        ("مُحَمَّد كـــتاب", "محمد كتاب"),
        ("don't l’été pour-over 3.5", "don t l ete pour over 3 5"),
        ("blue_glass\u00adware zero\u200bwidth", "blue glassware zerowidth"),
        ("東京タワー", "東 京 タ ワ ー"),
        ("보온병", "보 온 병"),
        ("「お茶」、cup", "お 茶 cup"),
        ("🫖 — ! \ud83d", ""),
    ],
)
def test_tokens_are_words_without_case_and_accents_and_single_characters(text, expected):
    assert searchable(text) == expected


@pytest.mark.parametrize("text", ["Soufflé déjà", "ガラス", "보온병", "мой її", "कीमत", "Ệ ứ"])
def test_however_an_accent_is_encoded_the_tokens_are_the_same(text):
    assert tokens(normalize("NFD", text)) == tokens(normalize("NFC", text))


def test_vowel_signs_of_hindi_tell_words_apart_and_stay_inside_them():
    assert len({*tokens("की"), *tokens("कि"), *tokens("क")}) == 3
    assert all(token.isalnum() for token in tokens("हिन्दी में चाय"))
    assert tokens("हिन्दी")[0].startswith(tokens("हिन")[0])


@given(TEXTS)
@example("ﷺ" * 3)
@example("\u0301tea\u0301")
def test_every_token_is_of_letters_and_digits_and_has_its_place(text):
    placed = list(placed_tokens(text))

    assert [token.text for token in placed] == tokens(text)
    assert all(token.text.isalnum() and len(token.text) <= LONGEST for token in placed)
    assert all(0 <= token.start < token.end <= len(text) for token in placed)
    assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(placed))


def test_places_are_those_of_the_text_as_it_was_written():
    text = "Ein Souffle\u0301 für ㎏ ﬁne 京"

    assert [text[token.start : token.end] for token in placed_tokens(text)] == [
        "Ein", "Souffle\u0301", "für", "㎏", "ﬁne", "京",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "unit", ["tea cup ", "é", "e\u0301\u0323", "a\u0315\u0300\u05ae", "京", "हिन्दी ", "ﷺ", "\u0301"]
)
def test_time_grows_with_the_length_alone(unit):
    short, long = ((unit * n)[:n] for n in (2_000, 20_000))

    def measured(text: str) -> float:
        return cpu_seconds(lambda: list(placed_tokens(text)))

    measured(short)
    usual, taken = (min(measured(text) for _ in range(3)) for text in (short, long))
    assert taken < 60 * usual + 0.05


def test_what_a_thousand_rows_say_alike_is_taken_apart_once():
    """Of a line without blanks, as long as a brief; and no longer one is kept for it."""
    line = "".join(map(chr, range(0x4E00, 0x4E00 + 3_900)))
    before = _of_long.cache_info()

    assert tokens(line) == tokens(line) == list(line)

    after = _of_long.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)
    assert tokens(line + line) == [*line, *line]
    assert _of_long.cache_info().misses == after.misses


def test_characters_that_each_are_a_token_are_taken_in_one_step():
    """Chinese takes no longer than words: it was sixteen times as long."""
    text = "茶" * 1_000 + "々+ か\u3099さ 中文C+国"

    assert len(list(_in_folded(text))) < 20
    assert tokens(text)[-10:] == [*"茶々", "0002b", "が", *"さ中文", "c", "0002b", "国"]
    placed = list(placed_tokens(text))
    assert [token.text for token in placed] == tokens(text)
    assert all(text[token.start : token.end] == token.text for token in placed[:1_000])
    assert (placed[-1].start, placed[-1].end) == (len(text) - 1, len(text))
