"""A page that is left open does not keep its session from ending."""

from collections.abc import Callable

import pytest
from conftest import make_user
from flask import Flask
from patience import wait_until
from playwright.sync_api import Page, Request, expect

from browser.conftest import finished, submit
from smartcontent.contents import ending

HOUR = 3600


class Session:
    """The session of a page, by its cookie."""

    def __init__(self, app: Flask, page: Page) -> None:
        self._signs = app.session_interface.get_signing_serializer(app)
        self._name = app.config["SESSION_COOKIE_NAME"]
        self._context = page.context

    @property
    def seen(self) -> int:
        """When somebody visited last."""
        return self._signs.loads(self._cookie["value"])["seen"]

    def age(self) -> int:
        """Have the last visit be an hour ago; answers when that was."""
        cookie = self._cookie
        values = self._signs.loads(cookie["value"])
        values["seen"] -= HOUR
        self._context.add_cookies([{**cookie, "value": self._signs.dumps(values)}])
        return values["seen"]

    @property
    def _cookie(self) -> dict:
        return next(each for each in self._context.cookies() if each["name"] == self._name)


def answered(page: Page, *paths: str) -> Callable[[], bool]:
    """Whether all of these have been asked for and answered from now on."""
    asked: list[Request] = []
    done: list[str] = []

    def begin(request: Request) -> None:
        asked.append(request)

    def end(request: Request) -> None:
        if request in asked:
            done.append(request.url)

    page.on("request", begin)
    page.on("requestfinished", end)
    return lambda: all(any(path in url for url in done) for path in paths)


def test_page_that_is_left_open_pays_no_visit_and_who_searches_does(app, open_page, ada):
    waiting = submit(ada, "A teapot")
    page = open_page(user=ada)
    expect(page.locator("article.card")).to_have_count(1)
    session = Session(app, page)
    left_at = session.age()
    is_card_drawn = answered(page, f"/contents/{waiting.id}/card")
    is_list_drawn = answered(page, "/list")

    ending.cancel(waiting.current)
    wait_until(lambda: page.wait_for_timeout(50) or is_card_drawn())
    finished(ada, "A cup", "It holds tea.")
    wait_until(lambda: page.wait_for_timeout(50) or is_list_drawn())
    expect(page.locator("article.card")).to_have_count(2)
    assert session.seen == left_at

    with page.expect_response(lambda answer: "q=tea" in answer.url):
        page.get_by_role("searchbox").fill("tea")

    assert session.seen > left_at


@pytest.mark.parametrize("path", ["/admin/rq/", "/admin/rq/0/view/workers"])
def test_rq_dashboard_that_is_left_open_pays_no_visit(app, open_page, path):
    founder = make_user("founder@example.org", is_admin=True, is_founder=True)
    page = open_page(path, founder)
    session = Session(app, page)
    left_at = session.age()
    is_read_again = answered(page, ".json")

    wait_until(lambda: page.wait_for_timeout(50) or is_read_again())

    assert session.seen == left_at
    page.reload()
    assert session.seen > left_at
