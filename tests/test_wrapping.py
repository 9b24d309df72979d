"""What models wrap around a finished text."""

import pytest

from smartcontent.wrapping import unwrapped

TEXT = "**Mira** keeps warm.\n\nHere is why:\n- it is thick"


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (f"Here is your caption:\n\n{TEXT}", "Here is your caption:"),
        (f"Sure! Here's a warm product description for you:\n{TEXT}", "Sure! Here's a"),
        (f"**Here is the newsletter:**\n\n{TEXT}", "**Here is the newsletter:**"),
        (f"Certainly:\n\n{TEXT}", "Certainly:"),
        (f"Hier ist der Text:\n\n{TEXT}", "Hier ist der Text:"),
        (f"Voici la description du produit :\n\n{TEXT}", "Voici"),
        (f"以下是产品描述：\n\n{TEXT}", "以下是"),
        (f"```markdown\n{TEXT}\n```", "```"),
        (f"```\n{TEXT}\n```\n", "```"),
        (f'"{TEXT}"', '"'),
        (f"“{TEXT}”", "“"),
        (f"«{TEXT}»", "«"),
        (f"Here is the post:\n\n```\n“{TEXT}”\n```", "Here is the post:"),
    ],
)
def test_text_alone_is_left_and_the_rest_is_told(said, taken):
    text, around = unwrapped(said)

    assert text == TEXT
    assert around.startswith(taken)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"\n{TEXT}\n",
        "Here is what you get:\n- tea",
        "Here is why it matters:\n\nTea is warm.",
        "Great tea starts here. Order now: today",
        "Here is your caption:",
        '"Warm," said Ada, "and blue."',
        "“Warm” and “blue”",
        "```\nlet tea = 1\n```\n\nand\n\n```\nlet cup = 2\n```",
        '"',
        "“”",
        "``````",
        "",
    ],
)
def test_copy_stays_as_it_was_written(text):
    assert unwrapped(text) == (text, "")


@pytest.mark.parametrize("sign", ["Here is ", "sure ", '"', "“", "```\n", "*", "text "])
def test_long_text_of_one_kind_is_done_at_once(sign):
    text = sign * (200_000 // len(sign))

    assert unwrapped(text)[0]
