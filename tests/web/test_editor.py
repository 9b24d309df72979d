"""What an editor asks of the server while somebody types: how it looks, how long it is."""

import re

import pytest

from smartcontent.web import preview
from smartcontent.web.limiter import Limit

CAPTION = "/contents/preview/limits?content_type=social_media_caption"


def measured(page: str) -> list[str]:
    return [" ".join(re.sub("<[^>]*>", "", row).split()) for row in re.findall("<li.*?</li>", page)]


def test_text_is_drawn_as_its_page_would_and_can_do_no_harm(as_ada):
    typed = (
        "# Tea\r\n\r\n**שלום** 茶\n\n<script>alert(1)</script>[x](javascript:alert(1))<img src=x>"
    )

    drawn = as_ada.post("/contents/preview/text", {"text": typed}).text

    assert "<h1>Tea</h1>" in drawn
    assert "<strong>שלום</strong> 茶" in drawn
    assert not re.search("<script|<img|href=.javascript", drawn)


@pytest.mark.parametrize(
    ("content_type", "text", "row"),
    [
        ("social_media_caption", "茶" * 141, "X 282 of 280"),
        ("social_media_caption", "👨‍👩‍👧", "Bluesky 1 of 300"),
        ("social_media_caption", "a\r\nb", "Threads 3 of 500"),
        ("seo_title_description", "**Title:** Tea", "SEO title 3 of 60"),
        ("seo_title_description", "**Title:** WWW", "SEO title, width 57 of 600 pixels"),
        ("seo_title_description", "**Description:** Tea", "SEO description 3 of 121 to 156"),
        ("ad_copy", "**茶**\n\nTea. Warm.", "Google Ads headline 2 of 30"),
    ],
)
def test_limits_of_its_type_are_counted_as_the_quality_card_does(as_ada, content_type, text, row):
    address = f"/contents/preview/limits?content_type={content_type}"
    assert row in measured(as_ada.post(address, {"text": text}).text)


def test_only_what_is_over_is_marked_and_what_has_no_limits_has_none(as_ada):
    page = as_ada.post(CAPTION, {"text": "a" * 301}).text
    assert measured(re.sub("<li>.*?</li>", "", page)) == ["X 301 of 280", "Bluesky 301 of 300"]
    for content_type in ("blog_post_outline", "none", ""):
        address = f"/contents/preview/limits?content_type={content_type}"
        assert measured(as_ada.post(address, {"text": "Tea"}).text) == []


def test_no_more_is_looked_at_than_can_be_saved_nor_more_often_than_somebody_types(
    as_ada, app, monkeypatch
):
    long = {"text": "x" * 100_001}
    assert as_ada.post("/contents/preview/text", long).text.count("x") == 100_000
    assert "Facebook 100,000 of 63,206" in measured(as_ada.post(CAPTION, long).text)
    monkeypatch.setattr(preview, "MEASURED", Limit("measured", most=2, seconds=60))
    assert [as_ada.post(CAPTION).status_code for _ in range(3)] == [200, 200, 429]
    assert app.test_client().post(CAPTION).location.startswith("/sign-in")
