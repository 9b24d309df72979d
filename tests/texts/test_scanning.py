"""Long texts are looked through piece by piece, and nothing is found otherwise for that."""

import pytest
from costs import assert_takes_less, longest_step

from smartcontent.briefs.voice import Preferred
from smartcontent.texts.quality import phrases
from smartcontent.texts.quality.card import Asked, card
from smartcontent.texts.quality.facts import idioms
from smartcontent.texts.quality.measuring import UNITS
from smartcontent.texts.quality.parts import parts_called
from smartcontent.texts.scanning import AT_ONCE, scan

FOUND = "very\n[Your Name] really, truly: lorem ipsum. _____"
LENGTH = 100_000
TIMES = 8
LOOKS = {
    "leftovers": ("*", lambda text: list(phrases.leftovers(text))),
    "idioms": ("*", lambda text: list(idioms.idioms(text, "en"))),
    "addresses": ("!a.a.", UNITS["weighted"]),
}
# Of words that stand in the text, each nearly whole; what is a word's and what is a sign's.
ALIKE = {
    "words": ("s " * 50_000, [f"{'s ' * 19}{chr(0x430 + n)}" for n in range(50)]),
    "wide gaps": ("s   " * 25_000, [f"{'s ' * 19}{chr(0x430 + n)}" for n in range(50)]),
    "one longer than the other": ("s " * 50_000, ["s " * n for n in range(1, 30)]),
    "signs": ("*" * LENGTH, [f"{'*' * 50}{chr(0x430 + n)}" for n in range(50)]),
    "letters without blanks": ("茶" * LENGTH, [f"{'茶' * 50}{chr(0x4E00 + n)}" for n in range(50)]),
}
SOUGHT = {  # where one of several phrases is found: the first, and the longer of two
    "case": ("TEA, tea, ISIK", ["Tea", "ışık"], ["TEA", "tea"]),
    "Turkish letters": ("IŞIK ışık", ["ışık"], ["IŞIK", "ışık"]),
    "letters of an older time": ("Houſe of K", ["house", "k"], ["Houſe", "K"]),
    "no part of a word": ("teas tea's tea\u0301 tea_ tea", ["tea"], ["tea", "tea"]),
    "vowels of Hindi": ("किताब कि", ["क", "कि"], ["कि"]),
    "one to three blanks": ("a b a \u3000\tb a\x1f b a    b", ["a   b"],
                            ["a b", "a \u3000\tb", "a\x1f b"]),
    "apostrophes": ("don't don’t", ["don’t"], ["don't", "don’t"]),
    "signs inside": ("no.1 No. 1 no.12", ["no.1"], ["no.1"]),
    "signs at an end": ("C++, xC+++", ["c++"], ["C++", "C++"]),
    "Chinese": ("绿茶和茶杯", ["茶"], ["茶", "茶"]),
    "the longer": ("very very good", ["very", "very very"], ["very very"]),
    "the shorter, where the longer is not whole": ("a bc", ["a", "a b"], ["a"]),
    "the first of two that overlap": ("a b c d", ["b c", "a b", "c d"], ["a b", "c d"]),
    "one inside another's end": ("a a a", ["a a"], ["a a"]),
    "words and signs each for itself": ("a + b", ["a + b", "+"], ["a + b", "+"]),
    "nothing": ("tea", ["", " "], []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "listed", "found"), SOUGHT.values(), ids=SOUGHT)
def test_phrases_of_a_voice_are_found_as_people_write_them(text, listed, found):
    assert card(text, Asked("x", banned=tuple(listed))).banned == found


@pytest.mark.parametrize(("text", "listed"), ALIKE.values(), ids=ALIKE)
def test_many_phrases_that_begin_alike_are_sought_in_a_moment(text, listed):
    asked = Asked("Tea", banned=tuple(listed), preferred=tuple(Preferred("x", p) for p in listed))

    # 0.1; the first two 5 to 20 where each is tried at each place
    assert_takes_less(1.2, lambda: card(text, asked))


def test_where_one_piece_ends_the_same_is_found():
    for before in range(AT_ONCE - len(FOUND) - 1, AT_ONCE + 2):
        text = "-" * before + FOUND + " very" * 520 + FOUND
        for pattern in (phrases._GAPS, phrases._pattern("fillers", "en")):
            found = [match.span() for match in pattern.finditer(text)]
            assert [match.span() for match in scan(pattern, text)] == found != []


@pytest.mark.parametrize(("signs", "look"), LOOKS.values(), ids=LOOKS)
def test_pythons_lock_is_held_no_longer_for_a_longer_text(signs, look):
    def longest(length: int) -> float:
        text = signs * (length // len(signs))
        return longest_step(lambda: look(text))

    assert longest(LENGTH) < TIMES / 2 * longest(LENGTH // TIMES)


def test_address_that_is_longer_than_a_piece_is_one():
    address = f"a.de/{'.../b.de,' * 400}c"

    assert UNITS["weighted"](f"See {address}, {address} and b.de.") == 3 * 23 + len("See ,  and .")


@pytest.mark.parametrize("sign", " >*_#-")
def test_label_is_sought_in_a_moment_behind_signs_alone(sign):
    # 0.001; 0.01 where each number of them is tried
    assert_takes_less(0.004, lambda: parts_called("description", sign * LENGTH))
    assert parts_called("description", f"{sign * LENGTH}Description: Tea") == ["Tea"]
