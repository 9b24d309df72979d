"""Limits of the platforms, counted as they count."""

import pytest

from smartcontent.texts.quality import Asked, card
from smartcontent.texts.quality.limits import limits_of
from smartcontent.texts.quality.measuring import UNITS


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        ("weighted", "Tea", 3),
        ("weighted", "café", 4),
        ("weighted", "cafe\u0301", 4),
        ("weighted", "茶", 2),
        ("weighted", "お茶です", 8),
        ("weighted", "👍🏽", 2),
        ("weighted", "👨‍👩‍👧‍👦", 2),
        ("weighted", "🇩🇪🇫🇷", 4),
        ("weighted", "1️⃣", 2),
        ("weighted", "© 2026", 6),
        ("weighted", "https://example.com/" + "a" * 100, 23),
        ("weighted", "See example.com.", 28),
        ("weighted", "See https://example.com/tea, or bit.ly/tea: 茶。", 61),
        ("weighted", "a@example.com", 13),
        ("weighted", "“Tea” – “milk”…", 16),
        ("graphemes", "👨‍👩‍👧‍👦🇩🇪é", 3),
        ("graphemes", "e\u0301", 1),
        ("mastodon", "@ada@example.social https://example.com/" + "a" * 100, 28),
        ("utf16", "👍", 2),
        ("wide", "茶 tea", 6),
        ("hashtags", "#tea #Tee2026 a#b #2026 ##x &#39; #お茶", 3),
        ("pixels", "i" * 10, 44),
        ("pixels", "W" * 10, 189),
    ],
)
def test_each_platform_counts_in_its_own_way(unit, text, value):
    assert UNITS[unit](text) == value


def limits(text, content_type):
    return {limit.name: limit for limit in limits_of(text, content_type)}


def test_caption_is_held_against_every_network():
    text = "茶" * 141 + " #a #b #c #d #e #f"
    made = limits(text, "social_media_caption")

    assert (made["X"].value, made["X"].ok) == (300, False)
    assert made["Bluesky"].ok
    assert (made["Instagram hashtags"].value, made["Instagram hashtags"].ok) == (6, False)
    assert all(limit.source and limit.as_of == "2026-11" for limit in made.values())


@pytest.mark.parametrize(
    ("text", "content_type", "name", "value", "ok"),
    [
        (f"**Title:** {'a' * 60}\n**Description:** {'b' * 130}", "seo_title_description",
         "SEO title", 60, True),
        (f"**Title:** {'a' * 60}\n**Description:** {'b' * 157}", "seo_title_description",
         "SEO description", 157, False),
        ("**Title:** a\n**Description:** short", "seo_title_description",
         "SEO description", 5, False),
        (f"**Title:** {'W' * 40}", "seo_title_description", "SEO title, width", 756, False),
        (f"**Titel:** {'a' * 61}", "seo_title_description", "SEO title", 61, False),
        (f"**Betreff:** {'a' * 51}\n\nHallo", "email_newsletter", "Email subject", 51, False),
        ("**A kettle for you**\n\nWarm.", "ad_copy", "Google Ads headline", 16, True),
        (f"**A**\n\nTea. {'b' * 91}.", "ad_copy", "Google Ads description", 92, False),
        (f"## Mira\n\n- tea\n- {'b' * 501}", "product_description", "Amazon bullet", 501, False),
    ],
)  # fmt: skip
def test_parts_of_a_text_are_held_against_their_limits(text, content_type, name, value, ok):
    limit = limits(text, content_type)[name]

    assert (limit.value, limit.ok) == (value, ok)


def test_limit_that_is_not_kept_says_by_how_much():
    text = f"**Title:** a\n**Description:** {'b' * 160}"
    asked = Asked(topic="Tea", content_type="seo_title_description")

    [found] = [one for one in card(text, asked).findings if one.kind == "limit"]
    assert found.what == "SEO description: 160 characters, at most 156."
    assert found.fix == "Take away 4."
