"""A text is as long as its readers say: in words, or in characters."""

import pytest
from costs import assert_takes_less

from smartcontent.models import Draft
from smartcontent.texts.counting import size_of, unit_of, usual_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", "0 words"),
        ("Tea.", "1 word"),
        ("Tea is warm.", "3 words"),
        ("Chá é «quente»", "3 words"),
        ("차는 따뜻합니다", "2 words"),
        ("شاي الصباح لذيذ", "3 words"),
        ("चाय गरम है", "3 words"),
        ("お茶は温かいです。", "9 characters"),
        ("お茶は 温かい\nです。", "9 characters"),
        ("カップ", "3 characters"),
        ("茶是温暖的。", "6 characters"),
        ("𠮷野家で𠮷報", "6 characters"),
        ("ชาอุ่นมาก", "9 characters"),
        ("新しい iPhone 15 が届きました", "17 characters"),
        ("Our café in Kyoto is called 茶房.", "7 words"),
    ],
)
def test_size_is_in_the_unit_of_the_script(text, size):
    assert str(size_of(text)) == size


def test_usual_size_is_the_median_of_texts_counted_alike():
    def usual(*texts: str) -> str:
        return str(usual_size([size_of(text) for text in texts]))

    assert usual("お茶", "お茶です", "お茶は温かい", "one two") == "4 characters"
    assert usual("one", "one two", "one two three", "お茶") == "2 words"
    assert (unit_of("zh-Hans"), unit_of("de")) == ("characters", "words")


@pytest.mark.parametrize("letter", ["茶", "茶a", "a茶 ", "é", "ก ", " "])
def test_counting_takes_time_by_the_length_alone(letter):
    text = letter * (100_000 // len(letter))

    assert_takes_less(1, lambda: size_of(text))  # some milliseconds


def test_text_as_long_as_only_archives_bring_is_counted_in_the_unit_of_its_beginning():
    text = "茶a茶" * 333_333

    assert size_of(text) == (999_999, "characters")
    assert_takes_less(0.015, lambda: size_of(text))  # 0.004; 0.03 where all of it is looked through


def test_draft_that_has_ended_is_counted_no_second_time():
    draft = Draft(text="a 茶茶 " * 200_000)
    assert draft.size == (600_000, "characters")

    draft.words = 600_000
    assert draft.size == (600_000, "characters")
    assert_takes_less(0.015, lambda: draft.size)  # 0.004; 0.04 where it is
