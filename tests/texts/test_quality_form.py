"""The form and the length of a text, as its type and its brief ask for them."""

import pytest

from smartcontent.briefs.brief import Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES, LENGTHS
from smartcontent.prompts import messages_for
from smartcontent.texts.quality import Asked, card
from smartcontent.texts.quality.form import form_of, missing


def example_of(slug: str, length: str) -> str:
    return messages_for(Brief(slug, "Tea", length=length))[2]["content"]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("slug", CONTENT_TYPES)
def test_the_worked_example_of_a_prompt_has_the_form_that_the_card_looks_for(slug, length):
    assert missing(example_of(slug, length), slug, length) == []


@pytest.mark.parametrize("slug", CONTENT_TYPES)
def test_an_empty_text_has_nothing_of_a_form(slug):
    assert not any(is_there for _, is_there in form_of(" \n", slug, "short"))


@pytest.mark.parametrize(
    ("slug", "change", "lacks"),
    [
        ("blog_post_outline", ("# Growing", "Growing"), "begins with “# ”"),
        ("blog_post_outline", ("- How to fill pots", "How to fill pots."), "2 or 3 points"),
        ("blog_post_outline", ("## 4. Harvest", "Harvest is best."), "nothing but headings"),
        ("product_description", ("## Terra", "Terra"), "begins with “## ”"),
        ("product_description", ("- In grey or rust\n- ", ""), None),
        ("product_description", ("\n\nPut on Terra and start your next pot.", ""), "last line"),
        ("social_media_caption", ("\n\n#bookshop #thursdays #freetea", ""), "hashtags"),
        ("social_media_caption", ("Up late?", "# Up late?"), "no heading"),
        ("email_newsletter", ("**Subject:**", ""), "Subject"),
        ("email_newsletter", ("**Choose your evening course now.**", "Choose."), "to do"),
        ("ad_copy", ("**Book your lesson**", "Book your lesson"), "call to action"),
        ("ad_copy", ("**Book", "#lesson\n\n**Book"), "no hashtags"),
        ("press_release", ("in Ghent\n", "in Ghent!\n"), "exclamation"),
        ("press_release", ("**Contact:**", "Contact"), "Contact"),
        ("seo_title_description", ("**Title:**", "Title -"), "Title"),
    ],
)  # fmt: skip
def test_what_a_text_lacks_of_its_form_is_named(slug, change, lacks):
    text = example_of(slug, "short").replace(*change)
    found = missing(text, slug, "short")

    assert lacks is None or any(lacks in each for each in found), found


def test_hashtags_in_hindi_are_hashtags():
    text = example_of("social_media_caption", "short").replace("#bookshop", "#चाय #दिल्ली")

    assert "#दिल्ली" in text
    assert missing(text, "social_media_caption", "short") == []


def test_labels_of_other_languages_are_labels():
    title = "**Titel:** Lastenrad in Freiburg\n\n**Beschreibung:** Hier leihen."

    assert missing(title, "seo_title_description", "short") == []


def of_kind(kind: str, text: str, **asked: str) -> list[str]:
    made = card(text, Asked(topic="Tea", content_type="social_media_caption", **asked))
    return [finding.what for finding in made.findings if finding.kind == kind]


@pytest.mark.parametrize(
    ("words", "language", "said"),
    [
        (9, "en", []),  # a tenth too short, which nobody counts
        (8, "en", ["8 words; the brief asks for 10 to 25 words."]),
        (28, "en", ["28 words; the brief asks for 10 to 25 words."]),
        (15, "ja", []),  # of another script: how long it is there, nobody knows
    ],
)
def test_a_length_that_nobody_asked_for_is_a_finding(words, language, said):
    assert of_kind("length", "tea " * words, language=language, length="short") == said


def test_where_the_length_is_counted_in_characters_twice_as_many_are_wanted():
    assert of_kind("length", "茶" * 60, language="ja", length="short") == [
        "60 characters; the brief asks for 20 to 50 characters."
    ]


def test_without_a_length_neither_that_nor_the_form_is_looked_at():
    assert of_kind("length", "Tea.") == of_kind("form", "Tea.") == []
    assert of_kind("form", "Tea.", length="short") != []
