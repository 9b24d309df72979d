"""The product below a path in a real browser: no script asks for anything outside of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PASSWORD
from playwright.sync_api import Page, expect
from processes import Processes

from browser.conftest import Watch, press_ctrl_enter, until_script_listens
from smartcontent.models import User

PREFIX = "/smartcontent"
STORES = ("DATABASE_URL", "REDIS_URL", "OLLAMA_HOST", "SECRET_KEY", "SMARTCONTENT_HOME")


@pytest.fixture
def site(stack, tmp_path: Path) -> Iterator[str]:
    """Where the pages are."""
    settings = {name: stack.app.config[name] for name in STORES}
    processes = Processes(settings, tmp_path, SCRIPT_NAME=PREFIX).start("web")
    yield f"{processes.url}{PREFIX}"
    processes.stop()


@pytest.fixture
def watch(site: str) -> Iterator[Watch]:
    watch = Watch(site)
    yield watch
    assert watch.troubles == []


def signed_in(open_page: Callable[..., Page], site: str, user: User) -> Page:
    page = open_page("sign-in", base_url=f"{site}/")
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    return page


def test_scripts_ask_for_nothing_outside_of_the_path(site, open_page, ada):
    page = signed_in(open_page, site, ada)
    page.get_by_label("Topic and facts").fill("A teapot")

    press_ctrl_enter(page)
    card = page.locator("article.card")
    expect(page).to_have_url(re.compile("#content-"))
    until_script_listens(page)
    expect(card).to_contain_text("Pending")
    page.get_by_role("searchbox").fill("teapot")
    expect(page).to_have_url(f"{site}/?q=teapot")
    card.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Your brief is in the form again").first).to_be_visible()
    expect(page.get_by_label("Topic and facts")).to_have_value("A teapot")


def test_rq_dashboard_asks_for_nothing_outside_of_the_path(site, open_page, founder):
    page = signed_in(open_page, site, founder)

    with page.expect_response(lambda answer: "/data/queues.json" in answer.url) as asked:
        page.goto("admin/rq/")

    assert asked.value.ok
    assert asked.value.url.startswith(f"{site}/admin/rq/")


def test_link_to_pass_on_is_completed_by_the_address_of_the_page(site, open_page, founder):
    page = signed_in(open_page, site, founder)
    page.goto("admin/users/")
    page.get_by_label("Invite somebody").fill("new@example.org")

    page.get_by_role("button", name="Make an invitation").click()

    expect(page.locator("#invitation")).to_contain_text(f"{site}/sign-up?invitation=")
