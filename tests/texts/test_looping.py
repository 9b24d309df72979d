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
        "| Teapot | 15 cups | blue glass |\n",
        "|---",
        "| --- ",
        "-",
        TEXT * 3 + TEXT[:40].swapcase()[::-1] * 6,  # a paragraph
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
        "".join(f"{TEXT[n:]}\n\nWarm, warm tea, hey ho! " * 2 + "\n\n" for n in range(10, 40, 5)),
        "".join(f"{n}. {word}: blue glass\n" for n, word in enumerate(TEXT.split())),
        "| Cup | Price | Colour |\n|" + "-----|" * 30 + "\n" + TEXT,
        "|Cup" * 90 + "|\n" + "|---" * 90,
        "| Cup " * 90 + "|\n" + "| --- " * 90 + "|\n",
        "ha " * 300 + TEXT + "It has gone on to say something else since then, has it not? " * 2,
    ],
)
def test_form_is_no_loop(text):
    assert not loops(text)


@pytest.mark.parametrize("line", ["-" * 400, "|" + "-" * 400, "|---" * 200, "|---|\n" * 90])
def test_line_below_headings_that_goes_on_and_on_is_a_loop(line):
    assert loops(f"{TEXT}\n\n| Cup | Price |\n{line}")


def test_numbers_of_a_list_hide_no_loop():
    assert loops("".join(f"{n}. It keeps tea warm.\n" for n in range(1, 40)))
    assert loops("".join(f"  {n}) お茶が冷めません。\n\n" for n in range(1, 99)))


def test_long_text_is_no_more_work_than_a_short_one():
    def seconds(text: str) -> float:
        return cpu_seconds(lambda: [loops(text) for _ in range(20)])

    worst = "ab" * 40 + "c"
    taken = min(seconds(worst * 10_000) for _ in range(3))
    assert taken < 10 * seconds((worst * 10_000)[:TAIL]) + 0.05
