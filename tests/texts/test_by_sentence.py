"""A rewritten text beside the one before it, sentence by sentence."""

from unittest.mock import patch

import pytest
from costs import assert_takes_less
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcontent.texts.by_sentence import by_sentence, chosen

PIECES = """Tea is warm|The pot is blue|. |.|! |?”|\n|\n\n|- |# |**|茶很热|。|שלום|12| |\u3000"""
TEXTS = st.lists(st.sampled_from(PIECES.split("|")), max_size=14).map("".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.sets(st.integers(1, 9)), st.sampled_from([2, 2_000]))
def test_all_makes_the_one_text_none_the_other_and_some_no_third(before, after, numbers, most):
    with patch("smartcontent.texts.by_sentence.REWRITES_MOST", most):
        rewrites = by_sentence(before, after)

    assert len(rewrites) <= most
    assert chosen(rewrites, range(1, len(rewrites) + 1)) == after.strip()
    assert chosen(rewrites, ()) == before.strip()
    mixed = [
        each.after.text if number in numbers else each.before.text
        for number, each in enumerate(rewrites, 1)
    ]
    text = chosen(rewrites, numbers)
    for said in mixed:
        assert said in text
    assert "".join("".join(mixed).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("before", "after", "some"),
    [
        ("Tea is warm. It pours well.", "Hot tea. A fine spout.", "Tea is warm. A fine spout."),
        # One that went; of two that became one nobody knows which.
        ("Tea. A pot. It is blue.", "Hot tea. The pot.", "Hot tea. The pot."),
        ("A pot. It is blue. Buy it.", "A pot. It is blue.", "A pot. It is blue."),
        # A new one at the end, without its blank.
        ("A pot. It is blue.", "A pot. It is blue. Buy it now.", "A pot. It is blue. Buy it now."),
        ("茶很热。壶是蓝色的。", "茶是温的。壶是红色的。", "茶很热。壶是红色的。"),
        ("- Warm tea\n- Blue pot", "- Hot tea\n- Red pot", "- Warm tea\n- Red pot"),
        ("תה חם. קנקן כחול.", "תה טוב. קנקן אדום.", "תה חם. קנקן אדום."),
    ],
)
def test_last_change_alone_leaves_all_before_it_as_it_was(before, after, some):
    rewrites = by_sentence(before, after)
    last = max(number for number, each in enumerate(rewrites, 1) if each.is_change)

    assert chosen(rewrites, [last]) == some


def test_as_many_sentences_as_an_archive_may_bring_stand_beside_each_other_at_once():
    signs = [f"{chr(0x20000 + n % 999)}{chr(0x4E00 + n // 999)}" for n in range(333_000)]
    before = "".join(f"{two}。" for two in signs)
    after = "".join(f"{(two, two[::-1])[n % 2]}。" for n, two in enumerate(signs))
    made = []

    assert_takes_less(2, lambda: made.append(by_sentence(before, after)))  # 0.5, or 13 unbounded

    assert chosen(made[0], range(1, len(made[0]) + 1)) == after


def test_sentence_that_stays_stands_beside_itself():
    rewrites = by_sentence("Tea is warm. The pot is blue. It pours.", "Hot. The pot is blue. Pour.")

    assert [each.is_change for each in rewrites] == [True, False, True]
