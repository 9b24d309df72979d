"""On a phone the contents come first, and a new brief is one press away."""

import pytest
from playwright.sync_api import expect

from browser.conftest import submit

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_contents_come_first_and_a_brief_is_one_press_away(open_page, ada, script):
    page = open_page(user=ada, **PHONE, java_script_enabled=script)
    expect(page.get_by_label("Topic and facts")).to_be_visible()  # there is nothing else to see

    submit(ada)
    page.goto("/")
    expect(page.get_by_label("Topic and facts")).to_be_hidden()
    expect(page.locator("article.card")).to_be_in_viewport(ratio=1)

    page.get_by_role("button", name="New brief").tap()
    expect(page.locator("article.card")).to_be_visible()
    page.get_by_label("Topic and facts").fill("Another teapot")
    page.get_by_role("button", name="Write it in a minute").tap()
    expect(page.locator("article.card").first).to_contain_text("Another teapot")
    expect(page.get_by_label("Topic and facts")).to_be_hidden()


def test_form_that_holds_something_is_open(open_page, ada, watch):
    watch.expect("status of 422")
    submit(ada)
    page = open_page("/?example=ad_copy", ada, **PHONE)
    expect(page.get_by_label("Topic and facts")).to_be_visible()

    page.get_by_label("Topic and facts").fill(" ")
    page.get_by_role("button", name="Write it in a minute").tap()
    expect(page.locator("small.error")).to_be_visible()

    page.goto("/")
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_label("Topic and facts")).to_be_focused()
