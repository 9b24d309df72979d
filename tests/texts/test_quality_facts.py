"""What a text says that its brief does not, in every notation."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.texts.quality import Asked, card
from smartcontent.texts.quality.facts import compared
from smartcontent.texts.quality.facts.finding import facts_in

KETTLE = (
    "Mira, a gooseneck kettle: 0.9 litres, brushed steel, keeps the chosen temperature for 30"
    " minutes, walnut handle, two-year guarantee"
)


def unsupported(text, brief, language="en"):
    asked = Asked(topic=brief, language=language)
    found, _ = compared(text, asked.texts, asked.topic, asked.languages)
    return [(one.kind, one.text) for one in found]


def left_out(text, brief, language="en"):
    asked = Asked(topic=brief, language=language)
    return compared(text, asked.texts, asked.topic, asked.languages)[1]


def test_wrong_number_is_marked_with_the_nearest_of_the_brief_and_the_brief_s_own_is_not():
    text = "Mira is a 1.9 litre kettle and will last you for 30 minutes."
    asked = Asked(topic=KETTLE)

    [found], missing = compared(text, asked.texts, asked.topic, asked.languages)

    assert (found.kind, found.text, found.nearest) == ("number", "1.9 litre", "0.9 litres")
    assert text[found.start : found.end] == "1.9 litre"
    assert missing == ["0.9 litres", "two-year"]


@pytest.mark.parametrize(
    ("brief", "language", "text"),
    [
        ("0.9 litres", "en", "900 ml, or 0.90 L"),
        ("0.9 litres", "de", "0,9 Liter"),
        ("30 minutes", "en", "half an hour"),
        ("30 minutes", "fr", "une demi-heure"),
        ("30 minutes", "it", "mezz'ora"),
        ("15 minutes", "de", "eine Viertelstunde"),
        ("two-year guarantee", "en", "guaranteed for 24 months"),
        ("costs €24.99", "en", "EUR 24.99"),
        ("costs €24.99", "de", "24,99 Euro"),
        ("costs €1,200", "fr", "1 200 €"),
        ("1.000 Gäste", "de", "1000 Gäste und tausend Ideen"),
        ("1,500 guests", "de", "1.500 Gäste"),
        ("20% off", "en", "20 per cent off"),
        ("20% off", "es", "un 20 por ciento"),
        ("raised $4.2 million", "en", "raised $4.2m"),
        ("4,2 Mio. Euro", "de", "4,2 Millionen Euro"),
        ("the first 50 guests", "en", "the first fifty guests"),
        ("25 Plätze", "de", "fünfundzwanzig Plätze"),
        ("85 places", "fr", "quatre-vingt-cinq places"),
        ("200 visitors", "en", "two hundred visitors"),
        ("5 December 2026", "en", "Dec 5th; 12/5/2026; Saturday, 2026-12-05"),
        ("5 December 2026", "de", "am 5.12., Samstag"),
        ("5 December 2026", "fr", "le 5 décembre"),
        ("5 December 2026", "en", "on Saturday, in December 2026, in December, since 2026"),
        ("5 December", "en", "on 5 December 2026, in December 2026"),
        ("in December", "en", "in December 2026"),
        ("since 2026", "en", "5 December 2026, in December 2026"),
        ("open on Saturday", "en", "5 December 2026"),
        ("Thu 3, Fri 4 and Sat 5 July", "en", "Thursday to Saturday, 5 July."),
        ("ven 3 au dim 5 juillet", "fr", "Vendredi, 5 juillet."),
        ("vr 3 tot zo 5 juli", "nl", "Vrijdag."),
        ("Monday through Thursday", "en", "Open on Tuesday."),
        ("300 days", "en", "Sun 300 days a year"),
        ("18 anos", "pt", "É preciso ter 18 anos."),
        ("50 m, 3 salas", "es", "A 50 m del mar, 3 salas. Cerca del mar. 3 salas."),
        ("45 m²", "fr", "Vue mer 45 m²"),
        ("2, 3 h", "en", "We sat 2 or 3 h."),
        ("20 Prozent", "de", "so 20 Prozent mehr"),
        ("5 maggio 2026", "it", "mar 5 maggio"),
        ("from 1 July to 14 July", "en", "1–14 July, two weeks"),
        ("Mon-Fri", "en", "Monday to Friday, so on Wednesday, on weekdays"),
        ("at 5 pm", "en", "17:00"),
        ("um 19.30 Uhr", "de", "um halb acht"),
        ("à 19 h 30", "fr", "sept heures et demie du soir"),
        ("las 19:30", "es", "a las siete y media"),
        ("call +49 30 1234567", "en", "030/1234567"),
        ("https://www.example.org/sale", "en", "example.org/sale, and example.org"),
        ("a@example.org", "en", "A@example.org"),
        ("٢٥ دقيقة، ٠٫٩ لتر", "ar", "25 دقيقة و0.9 لتر"),
        ("有機ほうじ茶、100g入り、1,200円、12月5日発売", "ja", "茶100g、1200円。12月5日発売！"),
        ("0.9升，保温30分钟，售价299元", "zh-Hans", "保温30分钟，299元。"),
        ("0,9 litra, 30 minut, 299 zł", "pl", "0,9 l przez 30 min za 299 zł"),
        ("1.299 TL, 5 Aralık", "tr", "5 Aralık'ta 1.299 TL"),
        ("Mira", "en", "24/7, 100 % tea, for two, one of a kind, first, a hundred times"),
        ("Mira", "de", "Rund um die Uhr, zu zweit, 100 % Tee"),
        ("Mira", "en", "1. Fill\n2. Pour\n\nStep 2: wait. Web 2.0, 4K, A4, MP3, 3D, X200"),
        ("Mira", "en", "Warm. ⭐ Rated by all. One, two, three: 24/7, 365, in a 9-to-5 world."),
        ("Mira", "fr", "Un, deux, trois, partez ! Un moment à deux."),
        ("Mira", "it", "Uno, due, tre: via! Sei pronto?"),
        ("Mira", "en", "A lazy Sunday, your Monday, Black Friday"),
        ("Mira", "en", "## 3 reasons\n\n- a\n- b\n- c"),
    ],
)  # fmt: skip
def test_what_the_brief_holds_is_not_marked_in_whatever_notation(brief, language, text):
    assert unsupported(text, brief, language) == []


@pytest.mark.parametrize(
    ("brief", "language", "text", "found"),
    [
        ("30 minutes", "en", "30 hours", ("number", "30 hours")),
        ("1.5 litres", "en", "1,500 litres", ("number", "1,500 litres")),
        ("the first 50 guests", "en", "$50 off", ("price", "$50")),
        ("20% off", "en", "20 euros off", ("price", "20 euros")),
        ("costs €24.99", "en", "costs €29.99", ("price", "€29.99")),
        ("5 December 2026", "en", "on Friday", ("date", "Friday")),
        ("5 December 2026", "de", "am 6. Dezember", ("date", "6. Dezember")),
        ("5 December 2026", "en", "5 December 2025", ("date", "5 December 2025")),
        ("5 December 2026", "en", "in December 2025", ("date", "December 2025")),
        ("5 December 2026", "en", "in November", ("date", "November")),
        ("in December 2026", "en", "5 December 2026", ("date", "5 December 2026")),
        ("Monday to Friday", "en", "in December 2026", ("date", "December 2026")),
        ("Mira", "en", "Sat 10am", ("date", "Sat")),
        ("Mira", "en", "Sat. 5th", ("date", "Sat.")),
        ("Mira", "en", "Fri, 5 May", ("date", "Fri")),
        ("Mira", "de", "So., 5.12.", ("date", "So.")),
        ("Mira", "en", "Thu 3, Fri 4, and Sat 5 July", ("date", "Thu")),
        ("Mira", "en", "Thu 3, Fri 4, and Sat 5 July", ("date", "Fri")),
        ("Mira", "en", "Sat 5, 12 or 19 July", ("date", "Sat")),
        ("Mira", "de", "Sa 14. und So 15. Juni", ("date", "Sa")),
        ("Mira", "de", "Fr 1./Sa 2.5.", ("date", "Fr")),
        ("Mira", "de", "Fr 1.5.2026", ("date", "Fr")),
        ("Mira", "nl", "za 5 en zo 6 juli", ("date", "za")),
        ("Mira", "de", "Mo 9-18 Uhr", ("date", "Mo")),
        ("Mira", "fr", "mer 9 h 30", ("date", "mer")),
        ("Mira", "es", "sáb 5 de mayo", ("date", "sáb")),
        ("Mira", "nl", "zo 10 tot 12", ("date", "zo")),
        ("5 December", "en", "since 1998", ("date", "1998")),
        ("at 7 am", "en", "at 7 pm", ("time", "7 pm")),
        ("9 bis 18 Uhr", "de", "10 bis 18 Uhr", ("time", "10")),
        ("a@example.org", "en", "b@example.org", ("email", "b@example.org")),
        ("example.org/sale", "en", "example.org/win", ("address", "example.org/win")),
        ("call 030 1234567", "en", "call 030 1234568", ("phone", "030 1234568")),
        ("Mira", "en", "follow @mira.", ("handle", "@mira")),
        ("Mira", "en", "5 reasons:\n- a\n- b", ("number", "5")),
        ("Mira", "en", "twenty five guests", ("number", "twenty five")),
        ("Mira", "en", "twenty-five guests", ("number", "twenty-five")),
        ("Mira", "en", "a five-star hotel", ("number", "five")),
        ("Mira", "en", "for $ five", ("price", "$ five")),
        ("Mira", "fr", "quatre-vingt-dix places", ("number", "quatre-vingt-dix")),
        ("Mira", "es", "treinta y dos plazas", ("number", "treinta y dos")),
        ("Mira", "de", "zwölf Plätze", ("number", "zwölf")),
        ("12月5日、1,200円", "ja", "12月6日", ("date", "12月6日")),
        ("0.9升", "zh-Hans", "容量1.9升", ("number", "1.9")),
        ("opens at 9", "en", "open from 9 to 5", ("number", "5")),
        ("2 hours, 3 litres", "en", "2–3 litres", ("number", "2")),
        ("30 people", "en", "100 people", ("number", "100")),
        ("Mira", "fr", "plus que neuf jours", ("number", "neuf jours")),
        ("Mira", "en", "We met Anna Keller in person.", ("name", "Anna Keller")),
        ("Mira", "es", "Lo hizo Carmen Ortega.", ("name", "Carmen Ortega")),
    ],
)  # fmt: skip
def test_what_it_does_not_hold_is_marked(brief, language, text, found):
    assert found in unsupported(text, brief, language)


WORDS = (
    "€ eur euros us$ $ dollars dólares dollari £ gbp pounds pfund chf francs sfr sfr. fr. ¥ 円 元 "
    "yuan ₹ inr zł pln ₺ tl ₴ грн ₩ 원 won rp rp. idr kr kč czk cents ct pence % percent prozent "
    "k tsd. mille m mio. mn million milhões bn mrd. ml l g kg oz lbs mm cm m km inch ″ ft h uhr "
    "am p.m. std days tage mois años qm m² kw kwh mah v mb gb °c ° c ° grad kcal km/h bar hz lm "
    "mp db st nd th er º may 5. mon mo lun segunda-feira 's half past halb viertel nach heures "
    "et demie a las alle at two twenty five zwanzig quatre-vingt o'clock bis to and - – / // : "
    ":: ( ) +49 # @a.de a.de @a 年 月 日 İ x"
)
PIECES = st.one_of(
    st.sampled_from(WORDS.split()),
    st.text("0123456789.,'’ ½¼٣٫", max_size=6),
    st.sampled_from(["10", "5", "9:30", "2026", "12", "1 000", "1,2.3'4", "a", "x", "", " ", "\n"]),
)


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(list(LANGUAGES)))
@example("10 Sfr.x", "en")
@example("1,2.3'4", "en")
def test_card_is_made_of_whatever_stands_beside_numbers(text, language):
    for brief in ("Tea", text):
        card(text, Asked(topic=brief, language=language))


def test_german_nouns_are_no_names():
    assert unsupported("Der Kessel und das Wasser in Ruhe.", "Mira", "de") == []


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("ada@exmaple.org", "ada@example.org"),
        ("teapots.example.org/shop2", "teapots.example.org/shop"),
        ("+49 30 123457", "+49 30 123456"),
    ],
)
def test_nearest_of_several_is_the_one_that_was_mistyped(said, nearest):
    brief = (
        "bob@example.com, ada@example.org, +49 40 999999, +49 30 123456, teapot.example.org/about,"
        " teapots.example.org/shop, teapots.example.org"
    )
    [found], _ = compared(f"Ask {said} today.", (brief,), brief, ("en",))

    assert found.nearest == nearest


def test_value_as_long_as_a_brief_is_said_as_far_as_people_read_it():
    address = f"https://x.de/{'a' * 400}"

    [found] = card("See x.de/b.", Asked("Tea", also=(address,))).unsupported
    assert found.nearest == f"{address[:199]}…"
    [usual] = card("See x.de/b.", Asked("Tea", also=(address[:200],))).unsupported
    assert usual.nearest == address[:200]


def test_facts_left_out_are_listed_as_far_as_people_look_at_each():
    assert len(left_out("Tea.", "".join(f"{n} ml, " for n in range(1, 300)))) == 200


def test_facts_that_the_text_leaves_out_are_listed_in_the_brief_s_words():
    brief = "Opens on 5 December at 9 am; €12; 50 places"

    assert left_out("On 5.12. we open for twelve euros.", brief) == ["5 December", "9 am", "50"]
    assert left_out("5 Dec, nine o'clock, 12 euros, fifty places", brief) == []


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "ja", "xx"])
def test_offsets_are_code_points_into_the_text(language):
    text = "👩‍🍳 Ｔea: ２５ €, İ ½ l, “a@b.com” — ﬁve 5 kg\u00a0and Dreißig."

    for fact in facts_in(text, language):
        assert 0 <= fact.start < fact.end <= len(text)
    said = {text[fact.start : fact.end] for fact in facts_in(text, language)}
    assert {"２５ €", "½ l", "a@b.com", "5 kg"} <= said
