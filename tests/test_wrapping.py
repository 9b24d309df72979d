"""What models wrap around a finished text."""

import json

import pytest

from smartcontent.texts.wrapping import unwrapped

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
        (f"Sure thing! Here you go:\n\n{TEXT}", "Sure thing!"),
        (f"Klar! Hier ist eine Bildunterschrift:\n\n{TEXT}", "Klar!"),
        (f"Bien sûr ! Voici :\n\n{TEXT}", "Bien sûr !"),
        (f"Claro, aquí tienes:\n\n{TEXT}", "Claro,"),
        (f"Ecco la didascalia:\n\n{TEXT}", "Ecco"),
        (f"Aqui está a legenda:\n\n{TEXT}", "Aqui"),
        (f"Hier is de productbeschrijving:\n\n{TEXT}", "Hier is"),
        (f"Oto opis produktu:\n\n{TEXT}", "Oto"),
        (f"Звісно! Ось текст:\n\n{TEXT}", "Звісно!"),
        (f"İşte açıklamanız:\n\n{TEXT}", "İşte"),
        (f"Tentu, berikut adalah deskripsinya:\n\n{TEXT}", "Tentu,"),
        (f"إليك النص:\n\n{TEXT}", "إليك"),
        (f"यहाँ आपका कैप्शन है:\n\n{TEXT}", "यहाँ"),
        (f"もちろんです！以下がキャプションです。\n\n{TEXT}", "もちろん"),
        (f"물론입니다! 다음은 캡션입니다:\n\n{TEXT}", "물론"),
        (f"好的，这是您的文案：\n{TEXT}", "好的"),
        (f'Here is your caption: "{TEXT}"', "Here is your caption:"),
        (f"Sure! Here is the ad:\n\n---\n\n{TEXT}\n\n---\n\nLet me know!", "Sure!"),
        (f"Here is your ad:\n\n{TEXT}\n\nLet me know if you'd like any changes!", "Here is"),
        (f"Okay, here's a draft:\n\n{TEXT}\n\n---\n\nWould you like another tone?", "Okay,"),
        (f"```markdown\n{TEXT}\n```\n\nLet me know if it fits!", "```"),
        (f"~~~\n{TEXT}\n~~~", "~~~"),
        (f"````md\n{TEXT}\n````", "````"),
        (f"<answer>\n{TEXT}\n</answer>", "<answer>"),
        (f"„{TEXT}“", "„"),
        (f"„{TEXT}”", "„"),
        (f"»{TEXT}«", "»"),
        (f"‘{TEXT}’", "‘"),
        (f"『{TEXT}』", "『"),
        (f'"""\n{TEXT}\n"""', '"""'),
        (f"Thinking...\nHm.\n...done thinking.\n\n{TEXT}", "Thinking..."),
        (f"**Reasoning:** Hm.\n\n**Final answer:**\n{TEXT}", "**Reasoning:**"),
        (f"Here is my thought process:\nHm.\n\nHere is my response:\n{TEXT}", "Here is my"),
        (f"<assistant>{TEXT}</assistant>", "<assistant>"),
        (f"Here you go!\n\n{TEXT}", "Here you go!"),
        (f"I'd be happy to help! Here's a draft:\n\n{TEXT}", "I'd be happy"),
        (f"Sure! 😊 Here is your tweet:\n\n{TEXT}", "Sure! 😊"),
        (f"Got it — here's the translation:\n\n{TEXT}", "Got it"),
        (f"**Instagram caption:**\n{TEXT}", "**Instagram caption:**"),
        (f"Revised version:\n\n{TEXT}", "Revised version:"),
        (f"Gerne! Hier ist Ihre Übersetzung:\n\n{TEXT}", "Gerne!"),
        (f"Hier ein Vorschlag:\n\n{TEXT}", "Hier ein Vorschlag:"),
        (f"Voici la traduction :\n\n{TEXT}", "Voici"),
        (f"¡Claro! Aquí tienes la descripción:\n\n{TEXT}", "¡Claro!"),
        (f"Volentieri! Ecco la traduzione:\n\n{TEXT}", "Volentieri!"),
        (f"Segue a proposta:\n\n{TEXT}", "Segue"),
        (f"Hieronder vind je de nieuwsbrief:\n\n{TEXT}", "Hieronder"),
        (f"Poniżej znajduje się wpis:\n\n{TEXT}", "Poniżej"),
        (f"Вот перевод:\n\n{TEXT}", "Вот"),
        (f"Här är texten:\n\n{TEXT}", "Här är"),
        (f"Samozřejmě! Zde je popis produktu:\n\n{TEXT}", "Samozřejmě!"),
        (f"Természetesen! Íme a szöveg:\n\n{TEXT}", "Természetesen!"),
        (f"הנה הטקסט:\n\n{TEXT}", "הנה"),
        (f"Đây là mô tả sản phẩm:\n\n{TEXT}", "Đây là"),
        (f"かしこまりました。以下の通りです。\n\n{TEXT}", "かしこまりました"),
        (f"當然可以！以下是您的文案：\n\n{TEXT}", "當然可以"),
        (f"네, 다음은 번역입니다:\n\n{TEXT}", "네,"),
        (f"```text\r\n{TEXT}\r\n```", "```"),
        (f"```markdown\n{TEXT}", "```"),
        (f"---\n{TEXT}\n---", "---"),
        (f"<caption>{TEXT}</caption>", "<caption>"),
        (f'„{TEXT}"', "„"),
        (f"'''{TEXT}'''", "'''"),
        (json.dumps({"caption": TEXT}), "caption"),
        (json.dumps({"caption\ud800": f"{TEXT}\0"}), "caption\ufffd"),
        (json.dumps(f'"{TEXT}"'), '"'),
        (f"{TEXT}\n\n**Word count:** 52 words", "**Word count:**"),
        (f"{TEXT}\n\n(52 words)", "(52 words)"),
        (f"{TEXT}\n\n---\nWould you like me to adjust the tone?", "Would you"),
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
        "Great gifts for tea lovers:\n- a cup",
        "Certainly the best tea:\nwarm",
        "This is the post-holiday sale:\n- tea",
        "Here's what you get:\n- tea",
        "Hier sind drei Gründe:\n- Tee",
        "Voici pourquoi :\n- le thé",
        "Aquí tienes tres razones:\n- té",
        "Ось наш текстиль:\n- чашка",
        "Otomatis untuk semua versi:\n- teh",
        "以下是我们的服务：\n- 茶",
        "以下の文化イベント：\n- お茶",
        "다음은 글로벌 행사입니다:\n- 차",
        "네 가지 이유:\n- 차",
        "Tea.\n\nLet me know in the comments!",
        "---\ntitle: Tea\n---\nTea\n\n---\n\nLet me know!",
        "'Tis the season. Don't wait'",
        "Thinking...\n\nof tea? So are we.",
        "Thoughts: tea\n\nThe answer is tea.",
        "Caption:\nTea\n\nHashtags:\n#tea",
        "Hier geht es zum Newsletter: tea",
        "Product: Mira\nTea",
        "---\ntitle: Tea\n---",
        "<strong>Tea</strong>",
        "Tea\n\n---\n\nLet me know in the comments!",
        "Tea\n(2 cups)",
        '{"tea": "a", "cup": "b"}',
        "```python\nprint(1)",
        "“Tea,” said Ada.\n\n“Warm.”",
        '**"Warm,"** said Ada. **"Blue."**',
        "Tea\n\n```\nlet tea = 1\n```\n\nand more",
        "<answer>Tea</answer> and <answer>cup</answer>",
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


@pytest.mark.parametrize(
    "sign",
    [
        "Here is ",
        "sure ",
        "sure! ",
        '"',
        "“",
        "```\n",
        "~",
        "---\n",
        "*",
        "text ",
        "<answer>",
        "thinking:\n",
    ],
)
def test_long_text_of_one_kind_is_done_at_once(sign):
    text = sign * (200_000 // len(sign))

    assert unwrapped(text)[0]


@pytest.mark.parametrize(
    "end", ["Let me know if you have questions.", "If you wish to see another colour, call us now."]
)
def test_end_of_a_letter_is_no_offer_of_the_model_s(end):
    letter = f"Dear Ada,\n\n{TEXT}\n\n{end}"

    assert unwrapped(letter) == (letter, "")


def test_end_of_a_letter_stays_where_only_its_beginning_was_a_remark():
    letter = f"Dear Ada,\n\n{TEXT}\n\nLet me know if you have questions."

    assert unwrapped(f"Here is your email:\n\n{letter}") == (letter, "Here is your email:")
