"""Long texts are looked through piece by piece, and nothing is found otherwise for that."""

import pytest
from costs import longest_step

from smartcontent.texts.quality import phrases
from smartcontent.texts.quality.facts import idioms
from smartcontent.texts.scanning import AT_ONCE, scan

FOUND = "very\n[Your Name] really, truly: lorem ipsum. _____"
LENGTH = 100_000
TIMES = 8
LOOKS = {
    "leftovers": lambda text: phrases.leftovers(text),
    "banned": lambda text: phrases.banned(text, ("cheap", "old-fashioned", "very unique")),
    "idioms": lambda text: idioms.idioms(text, "en"),
}


def test_where_one_piece_ends_the_same_is_found():
    for before in range(AT_ONCE - len(FOUND) - 1, AT_ONCE + 2):
        text = "-" * before + FOUND + " very" * 520 + FOUND
        for pattern in (phrases._GAPS, phrases._pattern("fillers", "en")):
            found = [match.span() for match in pattern.finditer(text)]
            assert [match.span() for match in scan(pattern, text)] == found != []


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_pythons_lock_is_held_no_longer_for_a_longer_text(look):
    def longest(length: int) -> float:
        text = "*" * length
        return min(longest_step(lambda: list(look(text))) for _ in range(3))

    assert longest(LENGTH) < TIMES / 2 * longest(LENGTH // TIMES)
