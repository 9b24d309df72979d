"""Texts that say the same again and again, told from those that only have a form."""

import pytest
from costs import cpu_seconds

from smartcontent.texts.looping import TAIL, TIMES, loops

TEXT = "A teapot of blue glass, for people who love tea and quiet mornings by the window. "


@pytest.mark.parametrize(
    "unit",
    [
        "ha ",
        "x",
        "It keeps tea warm. ",
        "It keeps tea warm.\n\n",
        TEXT,
        "こんにちは。",
        "- Tea\n- Cups\n",
    ],
)
def test_one_thing_again_and_again_is_a_loop(unit):
    assert loops(TEXT + unit * 300)
    assert loops(TEXT + unit * 300 + unit[: len(unit) // 2])  # in the middle of one more


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT,
        TEXT * (TIMES - 1),
        "".join(f"| {year} | 15 cups | blue glass |\n" for year in range(1990, 2026)),
        "".join(f"- {word}: blue glass\n" for word in TEXT.split()),
        "| Cup | Price | Colour |\n|" + "-----|" * 30 + "\n" + TEXT,
        "ha " * 300 + TEXT + "It has gone on to say something else since then, has it not? " * 2,
    ],
)
def test_form_is_no_loop(text):
    assert not loops(text)


def test_long_text_is_no_more_work_than_a_short_one():
    def seconds(text: str) -> float:
        return cpu_seconds(lambda: [loops(text) for _ in range(20)])

    worst = "ab" * 40 + "c"
    assert seconds(worst * 10_000) < 10 * seconds((worst * 10_000)[:TAIL]) + 0.05
