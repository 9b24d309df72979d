"""A text that broke off is gone on with at a word's beginning, whatever it broke off in."""

import pytest

from smartcontent.texts.broken_off import open_ended, whole_words

URL = "https://example.org/tea-"
COUPLE = "👩\N{ZERO WIDTH JOINER}"


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("Tea is wa", "Tea is "),
        ("Tea is warm.", "Tea is warm. "),
        ("Tea is warm. ", "Tea is warm. "),
        ("Tea is warm.\n\n", "Tea is warm.\n\n"),
        # Of one word alone nothing is known to be whole.
        ("Teap", ""),
        ("", ""),
        # What may go on behind a full stop, or within.
        ("It holds 1.", "It holds "),
        ("It opens at 8:", "It opens at "),
        ("Visit https://example.", "Visit "),
        (f"Visit {URL}", "Visit "),
        ("Write to tea@example.", "Write to "),
        ("Well-", ""),
        ("don’", ""),
        # Markdown: what is open is opened anew.
        ("# Te", "# "),
        ("Tea is **", "Tea is "),
        ("Tea is **wa", "Tea is "),
        ("Tea is **very warm*", "Tea is **very "),
        ("See [the pots](https://exam", "See [the "),
        ("See [the pots](https://example.org/)", "See [the pots](https://example.org/) "),
        ("| Pot | Litres |\n|---|-", "| Pot | Litres |\n"),
        ("| Pot | Litres |\n|---|---|", "| Pot | Litres |\n|---|---| "),
        ("| Pot | 1.8 li", "| Pot | 1.8 "),
        # The half of a sign.
        (f"Tea for {COUPLE}", "Tea for "),
        ("Tea 🇩", "Tea "),
        ("Tea 🍵", "Tea "),
        # Scripts of other kinds.
        ("お茶は", "お茶は"),
        ("お茶は熱い。", "お茶は熱い。"),
        ("# お茶\n\n私たちのiPho", "# お茶\n\n私たちの"),
        ("ชาร้อ", "ชาร้อ"),
        ("차는 따뜻합", "차는 "),
        ("차는 따뜻합니다.", "차는 따뜻합니다. "),
        ("चाय गर्म है।", "चाय गर्म है। "),
        ("चाय मी", "चाय "),
        ("هل الشاي ساخن؟", "هل الشاي ساخن؟ "),
        ("الشاي سا", "الشاي "),
    ],
)
def test_word_that_may_be_half_is_written_again(part, kept):
    assert whole_words(part) == kept
    assert open_ended(kept) == kept


@pytest.mark.parametrize("sign", ["a", "茶", " ", ".", "@", "1.", "](", "www."])
@pytest.mark.parametrize("end", ["", ")", "."])
def test_longest_text_of_anything_begins_as_it_did(sign, end):
    text = sign * 100_000 + end
    assert text.startswith(whole_words(text).removesuffix(" "))
