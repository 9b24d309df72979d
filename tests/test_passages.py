"""A passage is found again in a text that was changed meanwhile, by what stands around it."""

import pytest

from smartcontent.briefs.task import Passage

TEXT = "Buy tea. It is hot. Buy cups. It is hot. Enjoy."
SECOND = TEXT.rindex("It is hot.")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (TEXT, SECOND),
        (f"Good morning. {TEXT}", SECOND + 14),
        # Only one of two has still all of its surroundings.
        (f"{TEXT} It is hot.", SECOND),
        (f"It is hot. Yes. It is hot. No. {TEXT}", SECOND + 31),
        # Two have them, however many stand before.
        (f"Good morning. {TEXT} {TEXT}", None),
        # What stood around it changed, but there is one only.
        ("Cups, too. It is hot. Yes.", 11),
        # There are two, and none with its surroundings: nobody can know.
        ("It is hot. Yes. It is hot. No.", None),
        ("It is cold.", None),
        ("", None),
        ("שלום. It is hot. 茶", 6),
    ],
)
def test_passage_is_placed_by_its_surroundings_and_never_by_a_guess(changed, place):
    passage = Passage.of(TEXT, SECOND, SECOND + len("It is hot."))

    assert passage.place_in(changed) == place


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (5, 4), (-1, 3), (0, 48), (3, 4), (10**9, 10**9)]
)
def test_passage_outside_the_text_or_of_blanks_is_none(start, end):
    with pytest.raises(ValueError, match="no passage"):
        Passage.of(TEXT, start, end)
