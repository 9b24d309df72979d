"""What a browser that was here before asks for again."""

from playwright.sync_api import Page, expect

from browser.conftest import finished

ASKED = """() => performance.getEntriesByType("resource")
  .filter(({ name, transferSize }) => transferSize && !name.includes("/events"))
  .map(({ name }) => name)"""


def visit(page: Page) -> list[str]:
    """What the dashboard costs beside itself and its stream: files that are kept weigh nothing."""
    page.goto("/")
    expect(page.locator("html")).to_have_class("js")
    expect(page.get_by_role("heading", name="A teapot")).to_be_visible()
    return page.evaluate(ASKED)


def test_second_visit_asks_for_no_script_or_style_again(open_page, ada):
    finished(ada, "A teapot", "It holds tea.")  # a draft that waits is looked after
    page = open_page("/healthz", user=ada)

    first, second = visit(page), visit(page)

    assert len(first) > 15, "scripts and styles"
    # A page that came late asks for the time, and once more where that came late; and for what its
    # stream has not brought yet.
    late = ("/time", "/snapshot", "/contents/bulk")
    assert [name for name in second if not name.endswith(late)] == []
