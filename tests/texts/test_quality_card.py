"""The quality card: its figures, its findings, and what it costs."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, product
from pathlib import Path

import pytest
from costs import assert_takes_less

from smartcontent.texts.quality import Asked, card, phrases, repetition
from smartcontent.texts.quality.card import FOUND_MOST
from smartcontent.texts.quality.keywords import keywords_in
from smartcontent.texts.quality.language import language_of
from smartcontent.texts.quality.readability import grade
from smartcontent.texts.quality.syllables import syllables

KETTLE = Asked(
    topic="Mira, a gooseneck kettle: 0.9 litres, two-year guarantee",
    content_type="product_description",
    keywords=("gooseneck kettle", "pour-over"),
    banned=("cheap",),
)
PROSE = (
    "The kettle stands on the shelf and waits for the water. You fill it in the morning when"
    " the house is still quiet, and it warms the kitchen with you. "
)


def findings(text, asked=KETTLE, kind=None):
    found = [one for one in card(text, asked).findings if kind in (None, one.kind)]
    return [text[one.start : one.end] if one.start is not None else one.what for one in found]


def test_card_is_json_with_the_names_of_the_contract():
    made = json.loads(json.dumps(card("Mira holds 1.9 litres. Cheap!", KETTLE).as_json()))

    assert {"words", "characters", "reading_seconds", "grade", "limits", "keywords"} <= made.keys()
    assert made["unsupported"] == [
        {"text": "1.9 litres", "kind": "number", "start": 11, "end": 21, "nearest": "0.9 litres"}
    ]
    assert (made["words"], made["characters"]) == (5, 29)
    assert made["keywords"] == {"gooseneck kettle": 0, "pour-over": 0}
    assert made["banned"] == ["Cheap"]
    assert made["left_out"] == ["0.9 litres", "two-year"]
    assert made["sentiment"]["label"] in ("positive", "neutral", "negative")
    assert {"name", "limit", "value", "ok"} <= card("# Mira", KETTLE).as_json()["limits"][0].keys()
    for finding in made["findings"]:
        assert finding.keys() == {"kind", "start", "end", "what", "why", "fix", "key"}
        assert all(finding[said] for said in ("what", "why", "fix"))


@pytest.mark.parametrize(
    ("language", "keyword", "text", "times"),
    [
        ("en", "gooseneck kettle", "Gooseneck Kettles and a gooseneck-kettle.", 2),
        ("en", "run", "Running shoes for a run.", 2),
        ("de", "Wasserkocher", "Unsere Wasserkochern, ein Wasserkocher.", 2),
        ("fr", "bouilloire", "Nos bouilloires, une Bouilloire.", 2),
        ("es", "hervidor", "Los hervidores y el hervidor.", 2),
        ("it", "bollitore", "I bollitori e il bollitore.", 2),
        ("uk", "чайник", "Наші чайники та чайник.", 2),
        ("ja", "お茶", "お茶とお茶", 2),
        ("en", "tea", "A steady hand, a team.", 0),
        ("en", "2026", "In 2026: open 24/7, all 365 days of 2026.", 2),
        ("en", "24/7", "In 2026: open 24/7, all 365 days of 2026.", 1),
        ("en", "iPhone 15", "The iPhone 14, iPhone 15s and an iPhone-15.", 2),
        ("en", "7.5", "7.5, but 17.5 and 7.", 1),
        ("en", "☕", "Tea ☕☕", 2),
        ("de", "Umzug 2026", "Umzüge 2025, ein Umzug 2026.", 1),
        ("uk", "чайник 2026", "Чайник 2025, чайники 2026.", 1),
        ("hi", "चाय", "चूय नहीं, चाय और चाय।", 2),
        ("uk", "2.75", "2.74, 2.75", 1),
    ],
)
def test_keywords_are_counted_in_whatever_form(language, keyword, text, times):
    asked = Asked(topic="Tea", language=language, keywords=(keyword,))

    assert card(text, asked).keywords == {keyword: times}


def test_keywords_are_counted_alike_in_many_threads_at_once():
    def missed(letter: str) -> list[str]:
        words = [f"tea{letter}{''.join(each)}" for each in product("abcde", repeat=4)]
        text = " ".join(f"{word}ational" for word in words)
        found = keywords_in(text, [f"{word}ations" for word in words], "en")
        return [word for word, times in found.items() if not times]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # seconds after which another thread has its turn
    try:
        with ThreadPoolExecutor(8) as pool:
            assert not any(pool.map(missed, "klmnopqr"))
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "left",
    ["[Your Name]", "{{first_name}}", "<insert link>", "Sure, here is your text:", "Lorem ipsum",
     "[Ihr Name]", "<|im_end|>", "(Word count: 120)", "Here's a caption for you:",
     "Let me know if you want changes.", "I hope this helps!",
     "I’m sorry, but I can’t help with that.", "Sure! I’ve kept it short.",
     "Ich hoffe, das hilft dir!", "Espero que esto te ayude.",
     "J’espère que cela vous convient.", "Spero che questo ti aiuti!"],
)  # fmt: skip
def test_leftovers_of_a_model_are_found(left):
    assert any(left in found for found in findings(f"{left}\nMira is warm.", kind="leftover"))


@pytest.mark.parametrize(
    "text", ["See [our shop](https://a.com).", "- [x] Tea\n- [ ] Milk", "As said[1], it is warm.",
             "Here is why: it is thick.", "Great gifts: a kettle.", "¡15 % en todo!",
             "I cannot wait to see you.", "Great! I love it.", "Ich hoffe, dass es Ihnen gut geht.",
             "Espero que tengas un buen día.", "J'espère que cette lettre vous trouve en forme.",
             "J'espère que ce Noël sera doux.", "Spero che questo Natale sia dolce."],
)  # fmt: skip
def test_links_boxes_and_notes_are_no_leftovers(text):
    assert findings(text, kind="leftover") == []


def test_claims_are_found_but_for_those_that_the_brief_makes():
    text = "The best kettle, clinically proven. With a guarantee; it is guaranteed."

    assert findings(text, kind="claim") == ["The best", "clinically proven"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it"])
def test_every_phrase_of_the_lists_is_found_at_its_first_word(language):
    lists = json.loads((Path(phrases.__file__).parent / "phrases.json").read_text("utf-8"))

    for kind in ("claim", "filler"):
        said = lists[f"{kind}s"][language]
        text = " ".join(f"«{phrase}»" for phrase in said)
        assert set(findings(text, Asked("tea", language), kind)) == set(said)


def test_fillers_are_told_where_they_are_dense_and_not_where_they_are_few():
    assert findings("Simply elevate your seamless journey.", kind="filler") == [
        "Simply", "elevate", "seamless", "journey"
    ]  # fmt: skip
    assert findings(PROSE * 10 + "It is simply very good.", kind="filler") == []


def test_words_that_the_voice_never_uses_are_found_as_words():
    assert findings("Cheap, and cheapest.", kind="banned") == ["Cheap"]


def test_vowels_of_hindi_are_parts_of_their_words():
    text = "चाय की कीमत और हिन्दी की किताबें।"

    assert card(text, Asked("चाय", language="hi")).words_a_sentence == 7
    assert card(text, Asked("चाय", language="hi", banned=("की",))).banned == ["की", "की"]


def test_repetition_is_told_once_with_its_number():
    text = "Tea is good for you. Water boils. Tea is good for you. We like it. Tea is good for you."

    assert [(again.text, again.count) for again in card(text, KETTLE).repetition] == [
        ("Tea is good for you.", 3)
    ]
    alike = "Tea calms. Tea warms. Tea wakes. Coffee does, too."
    assert findings(alike, kind="repetition") == ["Tea calms. Tea warms. Tea wakes."]
    assert findings("Step 1: fill. Step 2: wait. Step 3: pour.", kind="repetition") == []


def test_paragraph_in_another_language_is_found_and_a_name_is_not():
    french = "Cette bouilloire est faite pour ceux qui aiment le thé et le café du matin."
    text = f"{PROSE}\n\n{french}\n\nPâtisserie de la Tour Eiffel"

    assert findings(text, kind="language") == [french]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Kessel steht auf dem Herd und wartet auf das Wasser.", "de"),
        ("El hervidor está en la cocina y espera el agua de la mañana.", "es"),
        ("Il bollitore è sul fuoco e aspetta che arrivi la mattina.", "it"),
        ("A chaleira está no fogão e espera pela água da manhã.", "pt"),
        ("De ketel staat op het vuur en wacht op het water van de ochtend.", "nl"),
        ("Czajnik stoi na kuchence i czeka na to, że w nim się zagotuje.", "pl"),
        ("Чайник стоїть на плиті та чекає на воду.", "uk"),
        ("Bu çaydanlık çok güzel ve her sabah sizin için bir çay demler.", "tr"),
        ("Ketel ini adalah teman yang baik untuk anda dan keluarga di rumah.", "id"),
        ("الغلاية على الموقد", "ar"), ("केतली चूल्हे पर है", "hi"), ("やかんは火にかかっている", "ja"),
        ("주전자가 불 위에 있다", "ko"), ("水壶在炉子上", "zh-Hans"), ("Mira 2000", None),
    ],
)  # fmt: skip
def test_each_of_our_languages_is_told_by_its_script_or_its_small_words(text, language):
    assert language_of(text) == language


def test_captions_have_no_grade_and_prose_has_the_formula_of_its_language():
    assert card(PROSE, KETTLE).grade is None
    english = card(PROSE * 5, KETTLE).grade
    assert (english.formula, english.reads) == ("Flesch", "very easy")
    hard = "Organisational considerations notwithstanding, interdisciplinary methodologies " * 20
    assert grade(hard.split(), 2, "en").reads == "very hard"
    formulas = {lang: grade(["Wasser"] * 100, 10, lang) for lang in ("de", "fr", "es", "it", "ja")}
    assert [made.formula if made else None for made in formulas.values()] == [
        "Amstad", "Kandel-Moles", "Fernández-Huerta", "LIX", None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "water 2 coffee 2 people 2 every 2 idea 3 beautiful 3 steel 1 handle 2 minutes 2"
               " loved 1 created 3 science 2 area 3 quality 3 make 1 places 2 wanted 2 table 2"),
        ("de", "Wasser 2 Temperatur 4 Kaffee 2 schön 1 Abend 2 Freude 2 Bäckerei 3 Öffnung 2"),
        ("fr", "eau 1 température 4 café 2 beau 1 minutes 2 chaque 1 idée 2 maison 2 beaucoup 2"),
        ("es", "agua 2 temperatura 5 garantía 4 idea 3 día 2 ahora 3 aire 2 cuidado 3"),
    ],
)  # fmt: skip
def test_syllables_are_about_right(language, words):
    pairs = list(zip(words.split()[::2], map(int, words.split()[1::2]), strict=True))
    wrong = [word for word, number in pairs if syllables(word, language) != number]

    assert len(wrong) <= len(pairs) // 6, wrong


def test_long_sentences_and_paragraphs_are_found():
    sentence = "tea and " * 16 + "milk."

    assert findings(f"Tea. {sentence}", kind="sentence") == [sentence]
    assert len(findings(PROSE * 8, kind="paragraph")) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("repetition", "Tea is. Tea is. Tea is. Milk is. Milk is. Milk is. " * 500),
        ("language", "Das ist der Tee, und er ist sehr gut.\n\nThis is tea.\n\n" * 500),
    ],
)
def test_no_more_is_found_of_one_kind_than_anybody_reads(kind, text):
    assert FOUND_MOST <= len(findings(text, kind=kind)) <= FOUND_MOST + repetition.FOUND_MOST


LENGTH = 30_000
WORST = {
    "flags": "🇩🇪" * (LENGTH // 2),
    "prices": "€1 " * (LENGTH // 3),
    "prices, each another": " ".join(f"€{n}.99" for n in range(LENGTH // 8)),
    "digits": "9 " * (LENGTH // 2),
    "one number": "9" * LENGTH,
    "number words": "twenty two " * (LENGTH // 11),
    "dates": "5 May - " * (LENGTH // 8),
    "times": "9:00-" * (LENGTH // 5),
    "labels": "a." * (LENGTH // 2),
    "address": "http://b.com/?" + "a" * LENGTH,
    "addresses": " ".join(f"a.com/{n}{'ab' * 45}" for n in range(LENGTH // 100)),
    "brackets": "[a" * (LENGTH // 2),
    "lines": "\n" * LENGTH,
    "headings": "# 5 reasons\n- a\n" * (LENGTH // 16),
    "sentences": "This is the same good sentence. " * (LENGTH // 32),
    "capitals": "Ab of " * (LENGTH // 6),
    "blanks": "1" + " " * LENGTH + "l",
    "blanks after an hour": "at 11" + " " * LENGTH + "x",
}


@pytest.mark.parametrize("text", WORST.values(), ids=WORST)
def test_card_of_any_text_is_made_in_time_that_grows_with_its_length(text):
    asked = Asked(
        topic=WORST["dates"][:2_000],
        also=(
            WORST["prices, each another"][:5_000],
            "http://a.com/?" + "a" * 2_000,
            " ".join(f"b.com/{n}{'ba' * 45}" for n in range(150)),
        ),
        content_type="social_media_caption",
        keywords=("a b",),
        banned=("a b",),
    )
    number = map(str, count())

    def make() -> None:
        new = next(number)  # what was found in a brief is kept
        also = tuple(f"{new} {each}" for each in asked.also)
        card(f"{new} {text}", replace(asked, topic=f"{new} {asked.topic}", also=also))

    assert_takes_less(4, make)  # 0.3 at most on a quiet machine
