"""What changed from one text to another."""

from itertools import pairwise
from unittest.mock import patch

import pytest
from costs import assert_takes_less
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcontent.texts.diff import Piece, diff

WORDS = st.lists(
    st.sampled_from(
        ["tea", "kettle ", "the ", "of ", "\n", "\n\n", "茶", "好", "é", ". ", "'", " ", "👍"]
    )
).map("".join)


@settings(max_examples=150)
@given(WORDS, WORDS, st.sampled_from([3, 5_000]))
def test_pieces_join_to_both_texts_character_for_character(first, second, most):
    with patch("smartcontent.texts.diff.PIECES_MOST", most):
        pieces = diff(first, second)

    assert len(pieces) <= most
    assert "".join(piece.text for piece in pieces if piece.op != "insert") == first
    assert "".join(piece.text for piece in pieces if piece.op != "delete") == second
    assert all(piece.text for piece in pieces)
    assert all(a.op != b.op for a, b in pairwise(pieces))


def test_words_are_compared_and_not_letters():
    assert diff("Mira holds 0.9 litres.", "Mira holds 1.9 litres.") == [
        Piece("equal", "Mira holds "),
        Piece("delete", "0.9 "),
        Piece("insert", "1.9 "),
        Piece("equal", "litres."),
    ]


def test_vowels_of_hindi_are_parts_of_their_words():
    assert diff("चाय ठंडी है", "चाय ठंडा है") == [
        Piece("equal", "चाय "),
        Piece("delete", "ठंडी "),
        Piece("insert", "ठंडा "),
        Piece("equal", "है"),
    ]


def test_chinese_is_compared_by_characters():
    assert diff("我们的茶很好喝", "我们的咖啡很好喝") == [
        Piece("equal", "我们的"),
        Piece("delete", "茶"),
        Piece("insert", "咖啡"),
        Piece("equal", "很好喝"),
    ]


def test_small_words_that_two_unrelated_sentences_share_are_no_islands():
    first = "It keeps the chosen temperature of water for as long as you need."
    second = "Brushed steel and the walnut of an old tree meet for good in your hands."

    assert [piece.op for piece in diff(first, second)] == ["delete", "insert"]


def test_sentence_that_stays_between_two_that_change_is_kept():
    first = "Old beginning here. The kettle keeps its temperature for half an hour. Old end."
    second = "New start. The kettle keeps its temperature for half an hour. Another end."

    kept = [piece.text for piece in diff(first, second) if piece.op == "equal"]
    assert any("The kettle keeps its temperature for half an hour." in text for text in kept)


def test_texts_that_are_the_same_are_one_piece_and_empty_ones_none():
    assert diff("Tea.\n", "Tea.\n") == [Piece("equal", "Tea.\n")]
    assert diff("", "") == []
    assert diff("", "Tea") == [Piece("insert", "Tea")]


LENGTH = 100_000
UNLIKE = {
    "nothing in common": ("a b " * (LENGTH // 4), "c d " * (LENGTH // 4)),
    "the same words in another order": ("a b c d " * (LENGTH // 8), "b d a c " * (LENGTH // 8)),
    "half of the words": ("a " * (LENGTH // 2), "a b " * (LENGTH // 4)),
    "lines": ("a\n" * (LENGTH // 2), "b\na\n" * (LENGTH // 4)),
    "numbers backwards": (
        " ".join(map(str, range(15_000))),
        " ".join(map(str, range(15_000, 0, -1))),
    ),
    # As an archive may bring: of a million characters, each line short and unlike any other.
    "every second line": (
        "".join(f"{chr(0x20000 + n)}\n" for n in range(333_000)),
        "".join(f"{chr((0x20000, 0x80000)[n % 2] + n)}\n" for n in range(333_000)),
    ),
    "one word more at both ends": ("x " + "a b " * (LENGTH // 4), "a b " * (LENGTH // 4) + "x"),
}


@pytest.mark.parametrize(("first", "second"), UNLIKE.values(), ids=UNLIKE)
def test_texts_of_any_kind_are_compared_in_work_that_has_a_bound(first, second):
    pieces = []

    # It takes 0.2, and 1 where there is a million of characters; without a bound, minutes.
    assert_takes_less(4, lambda: pieces.append(diff(first, second)))

    assert "".join(piece.text for piece in pieces[0] if piece.op != "delete") == second


def test_passages_that_changed_are_compared_by_words_where_they_are_longer_than_any_typed_text():
    first = "".join(f"Line {n}. {'The kettle is warm. ' * 50}\n" for n in range(300))
    second = first.replace("Line 1. The kettle", "Line 1. A kettle").replace("Line 299.", "End.")

    changed = [piece.text for piece in diff(first, second) if piece.op != "equal"]
    assert changed == ["The ", "A ", "Line 299. ", "End. "]


def test_words_changed_in_a_long_paragraph_are_found_however_often_others_are_said():
    words = [f"once{n}" if n % 20 == 0 else f"often{n % 5}" for n in range(12_000)]
    first = " ".join(words)
    second = first.replace("once6000 ", "another ").replace("once40 ", "once40 and ") + " end"

    changed = [piece.text for piece in diff(first, second) if piece.op != "equal"]
    assert changed == ["and ", "once6000 ", "another ", "often4", "often4 end"]
