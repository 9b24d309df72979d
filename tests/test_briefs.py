"""The form that reads a brief: what it takes, what it refuses, and the words it refuses with."""

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from smartcontent.briefs.brief import TITLED_BRIEF, Brief, brief_of, title_from, title_of
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.briefs.form import BriefForm
from smartcontent.briefs.wishes import WISHES
from smartcontent.fields import Choice, Errors, read
from smartcontent.models import Content

SMALLEST = {"content_type": "ad_copy", "topic": "Tea"}
# Everything a client may send: also what no keyboard has, and what only JSON can say.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=5,
)


def page_form(**fields: Any) -> BriefForm:
    form = BriefForm(MultiDict(SMALLEST | fields))
    form.validate()
    return form


def brief_from_json(payload: dict[str, Any]) -> tuple[dict[str, Any], Errors]:
    values, errors = read(TITLED_BRIEF, payload)
    return ({} if errors else brief_of(values).typed | {"title": title_of(values)}), errors


def settings_from_json(payload: dict[str, Any]) -> tuple[dict[str, Any], Errors]:
    return read(WISHES, payload)


def problem(**fields: Any) -> str:
    """The one sentence about the one field that is wrong."""
    [[sentence]] = page_form(**fields).errors.values()
    return sentence


def is_clean(text: str) -> bool:
    return all(unicodedata.category(c) not in {"Cc", "Cs"} or c in "\n\t" for c in text)


@pytest.mark.parametrize("name", TITLED_BRIEF)
def test_every_field_of_a_brief_has_a_column_with_room_for_it(name: str) -> None:
    field, column = TITLED_BRIEF[name], Content.__table__.columns[name]

    room = getattr(column.type, "length", None)
    values = (
        field.values if isinstance(field, Choice) else [] if room is None else ["x" * field.most]
    )
    assert room is None or all(len(value) <= room for value in values)


def test_the_three_types_of_the_contract_come_first_and_the_rest_follows() -> None:
    assert list(CONTENT_TYPES) == [
        "blog_post_outline",
        "product_description",
        "social_media_caption",
        "email_newsletter",
        "ad_copy",
        "press_release",
        "seo_title_description",
    ]
    assert CONTENT_TYPES["seo_title_description"].label == "SEO title and description"


@pytest.mark.parametrize("kind", CONTENT_TYPES.values(), ids=CONTENT_TYPES)
def test_every_example_is_a_complete_brief_for_page_and_api(kind) -> None:
    form = BriefForm(MultiDict(kind.example))
    fields, errors = brief_from_json(json.loads(json.dumps(kind.example)))

    assert form.validate(), form.errors
    assert errors == {}
    assert form.brief.typed | {"title": form.title_or_default} == fields
    assert all(fields.values()), "an example shows every field"


@pytest.mark.parametrize("kind", CONTENT_TYPES.values(), ids=CONTENT_TYPES)
def test_word_ranges_grow_with_the_length(kind) -> None:
    assert list(kind.words) == list(LENGTHS)
    assert kind.default_length in LENGTHS
    for least, most in kind.words.values():
        assert 0 < least < most
    starts, ends = zip(*kind.words.values(), strict=True)
    assert list(starts) == sorted(set(starts))
    assert list(ends) == sorted(set(ends))


def test_languages_are_named_in_their_own_script_too() -> None:
    assert LANGUAGES["de"] == ("German", "Deutsch")
    assert len(LANGUAGES) >= 15
    assert all(re.fullmatch(r"[a-z]{2}(-[A-Z][a-z]{3})?", code) for code in LANGUAGES)


def test_type_and_topic_are_enough() -> None:
    form = page_form()

    assert form.errors == {}
    assert form.brief == Brief("ad_copy", "Tea", length="short")
    assert form.title_or_default == "Tea"


@pytest.mark.parametrize("empty", ["tone", "length", "language"])
def test_an_empty_choice_means_the_usual_one(empty: str) -> None:
    assert page_form(**{empty: ""}).brief == page_form().brief


def test_the_usual_length_is_the_content_types() -> None:
    assert page_form(content_type="press_release").brief.length == "medium"
    assert page_form(content_type="social_media_caption").brief.length == "short"


def test_an_empty_form_shows_choices_and_no_errors() -> None:
    form = BriefForm()

    assert (form.tone.data, form.length.data, form.language.data) == ("friendly", "medium", "en")
    assert form.keywords.data == []
    assert form.errors == {}


def test_a_brief_is_shown_for_editing_as_it_was_typed() -> None:
    before = page_form(keywords="green tea, Japan", audience="Ada", tone="witty").brief

    shown = BriefForm(data=vars(before))

    assert shown.keywords._value() == "green tea, Japan"
    assert shown.validate()
    assert shown.brief == before


def test_white_space_around_is_dropped_and_line_ends_become_one_kind() -> None:
    form = page_form(topic=" \r\n Tea\r\nand\rcakes\u3000\ufeff", audience="  tea\n lovers ")

    assert form.brief.topic == "Tea\nand\ncakes"
    assert form.brief.audience == "tea lovers"


@pytest.mark.parametrize("typed", ["a, b c ,,\n d", "a\r\nb c\r\nd", "a、b c，d", "a, A,b  c,d,a"])
def test_keywords_are_separated_by_commas_or_lines_and_kept_once(typed: str) -> None:
    assert page_form(keywords=typed).brief.keywords == ("a", "b c", "d")


@pytest.mark.parametrize("sent", ["a,b", ["a", "b"], ["a, b"], ["a", " b ", ""]])
def test_keywords_come_as_text_or_as_list_in_json(sent: object) -> None:
    fields, errors = brief_from_json(SMALLEST | {"keywords": sent})

    assert (fields["keywords"], errors) == (("a", "b"), {})


def test_emptied_keywords_are_gone() -> None:
    form = BriefForm(MultiDict(SMALLEST | {"keywords": ""}), data={"keywords": ["old"]})

    assert form.keywords.data == []


@pytest.mark.parametrize(
    ("field", "limit"),
    [("topic", 2_000), ("audience", 200), ("instructions", 4_000), ("title", 200)],
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(field: str, limit: int) -> None:
    assert page_form(**{field: "é" * limit}).errors == {}
    assert problem(**{field: "é" * (limit + 1)}) == (
        f"{field.capitalize()}: 1 character too long, at most {limit:,} fit."
    )
    assert problem(**{field: "é" * 3_527 * 2}).endswith(
        f": {7_054 - limit:,} characters too long, at most {limit:,} fit."
    )


def test_twenty_keywords_of_sixty_characters_are_the_limit() -> None:
    twenty = [f"{n:060}" for n in range(20)]

    assert page_form(keywords=",".join(twenty)).errors == {}
    assert problem(keywords=",".join([*twenty, "x"])) == "Keywords are too many: 21 of at most 20."
    assert problem(keywords="x" * 61).startswith(
        "Keywords contain one that is too long: 61 of at most 60 characters."
    )


@pytest.mark.parametrize("topic", ["", " \r\n\t", "\u200b\ufeff", "\u200e\u2069"])
def test_a_topic_nobody_can_see_is_missing(topic: str) -> None:
    assert problem(topic=topic) == "Topic is missing: say what the text is about."


@pytest.mark.parametrize("field", ["topic", "audience", "instructions", "title", "keywords"])
@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b", "\x7f", "\x9d", "\ud800"])
def test_control_characters_and_lone_surrogates_are_refused(field: str, sign: str) -> None:
    assert problem(**{field: f"Tea{sign}"}) == (
        f"{field.capitalize()} has an invisible control character (U+{ord(sign):04X}) at "
        "position 4: delete it."
    )


@pytest.mark.parametrize("sign", [*"\r\v\f\x0e\x1c\x1d\x1e\x85\u2028\u2029", "\r\n"])
def test_whatever_ends_a_line_elsewhere_ends_it_here(sign: str) -> None:
    typed = f"Tea{sign}Cups{sign}"

    brief = page_form(topic=typed, instructions=typed, audience=typed, keywords=typed).brief

    assert brief.topic == brief.instructions == "Tea\nCups"
    assert brief.audience == "Tea Cups"
    assert brief.keywords == ("Tea", "Cups")
    fields, errors = brief_from_json({"content_type": "ad_copy", "topic": typed, "title": typed})
    assert (fields["topic"], fields["title"], errors) == ("Tea\nCups", "Tea Cups", {})


def test_joined_emoji_and_both_directions_of_writing_are_welcome() -> None:
    topic = "👩‍🌾 שלום\tمرحبا"

    assert page_form(topic=topic).brief.topic == topic


@pytest.mark.parametrize("field", ["content_type", "tone", "length", "language"])
def test_an_unknown_choice_is_answered_with_the_known_ones(field: str) -> None:
    known = {"content_type": CONTENT_TYPES, "tone": TONES, "length": LENGTHS, "language": LANGUAGES}

    sentence = problem(**{field: "nonsense"})

    assert sentence.endswith(f" is not known: use one of {', '.join(known[field])}.")


def test_a_missing_content_type_is_said_to_be_missing() -> None:
    _, errors = brief_from_json({"topic": "Tea"})

    assert errors["content_type"][0].startswith("Content type is missing: use one of blog_post_")


def test_a_given_title_stays() -> None:
    assert page_form(title=" My tea ").title_or_default == "My tea"


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("Tea for two\nand more", "Tea for two"),
        ("\n\n  Tea", "Tea"),
        ("x" * 80, "x" * 80),
        ("word " * 15 + "lastword", "word " * 14 + "word…"),
        ("x" * 81, "x" * 79 + "…"),
        ("茶" * 200, "茶" * 79 + "…"),
    ],
)
def test_the_title_is_the_topics_first_line_cut_at_a_word(topic: str, title: str) -> None:
    assert title_from(topic) == title


@pytest.mark.parametrize("field", ["content_type", "topic", "tone", "audience", "title"])
@pytest.mark.parametrize("value", [7, 1.5, True, ["Tea"], {"a": "b"}])
def test_json_of_another_type_is_refused_and_not_turned_into_text(field: str, value: Any) -> None:
    fields, errors = brief_from_json(SMALLEST | {field: value})

    assert fields == {}
    label = field.replace("_", " ").capitalize()
    assert errors == {field: [f"{label} must be text in quotation marks."]}


@pytest.mark.parametrize("value", [7, ["tea", 7], {"tea": True}, [["tea"]]])
def test_keywords_of_another_type_are_refused(value: Any) -> None:
    _, errors = brief_from_json(SMALLEST | {"keywords": value})

    assert errors == {"keywords": ["Keywords must be a list of texts, or one text with commas."]}


def test_all_that_is_wrong_is_said_at_once() -> None:
    _, errors = brief_from_json({"topic": 7, "tone": "rude", "audience": "x" * 201})

    assert set(errors) == {"content_type", "topic", "tone", "audience"}


def test_null_counts_as_not_sent() -> None:
    fields, errors = brief_from_json(SMALLEST | {"tone": None, "keywords": None, "title": None})

    assert (fields["tone"], fields["keywords"], fields["title"]) == ("friendly", (), "Tea")
    assert errors == {}


def test_nothing_but_a_brief_can_be_set() -> None:
    forged = {"user_id": 1, "status": "completed", "is_admin": True, "id": 7, "csrf_token": "x"}

    fields, errors = brief_from_json(SMALLEST | forged)

    assert errors == {}
    assert set(fields) == {*Brief("ad_copy", "Tea").typed, "title"}


def test_settings_are_those_that_were_sent() -> None:
    sent = {"model": "hf.co/a/b:Q4_K-M", "temperature": 0, "seed": 2**31 - 1, "delay_seconds": 0.5}

    assert settings_from_json(SMALLEST | sent) == (sent, {})
    assert settings_from_json(SMALLEST | {"seed": None}) == ({}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", ""),
        ("model", "a" * 101),
        ("model", "llama3.2\n"),
        ("model", "../x y"),
        ("model", 7),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", "0.5"),
        ("temperature", True),
        ("seed", 2**31),
        ("seed", -1),
        ("seed", 1.0),
        ("seed", True),
        ("delay_seconds", -1),
        ("delay_seconds", 31_536_000.5),
        ("delay_seconds", float("inf")),
        ("delay_seconds", 10**400),
        ("delay_seconds", [60]),
    ],
)
def test_a_setting_out_of_range_or_of_another_type_is_named(name: str, value: object) -> None:
    settings, errors = settings_from_json({name: value})

    assert settings == {}
    assert list(errors) == [name]
    assert errors[name][0].startswith(name.capitalize().partition("_")[0])


@given(st.dictionaries(st.sampled_from([*BriefForm()._fields]), ANY_TEXT))
def test_whatever_a_page_sends_is_answered_and_never_kept_unclean(fields: dict[str, str]) -> None:
    form = BriefForm(MultiDict(SMALLEST | fields))

    if form.validate():
        brief = form.brief
        texts = [brief.topic, brief.audience, brief.instructions, form.title_or_default]
        assert all(map(is_clean, [*texts, *brief.keywords]))
        assert brief.topic
        assert 0 < len(form.title_or_default) <= 200
    else:
        json.dumps(form.errors, ensure_ascii=False).encode()


@given(st.dictionaries(st.sampled_from([*BriefForm()._fields, "seed", "model"]), ANY_JSON))
def test_whatever_json_is_sent_gives_fields_or_errors(payload: dict[str, Any]) -> None:
    for fields, errors in (brief_from_json(payload), settings_from_json(payload)):
        assert not (fields and errors)
        assert all(isinstance(s, str) and s for found in errors.values() for s in found)


@example({"topic": "0\t0"})
@given(st.dictionaries(st.sampled_from(["topic", "keywords", "title", "audience"]), ANY_TEXT))
def test_a_kept_brief_sent_again_is_the_same_brief(fields: dict[str, str]) -> None:
    kept, errors = brief_from_json(SMALLEST | fields)

    if not errors:
        assert brief_from_json(kept | {"keywords": list(kept["keywords"])}) == (kept, {})
