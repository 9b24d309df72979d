"""What holds for every page: it fits, it can be read, and it needs no script to be read."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PASSWORD, wait_until
from dictation import Dictation
from playwright.sync_api import Page, expect

from browser.conftest import finished, stored, submit
from smartcontent.accounts.invitations import invitation_for
from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.contents import ending, saved_views, tagging
from smartcontent.events import text_so_far
from smartcontent.models import Content, Status

WIDTHS = (320, 390, 768, 1280)
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschlüssel" * 3
TABLE = f"| {'wide | ' * 20}\n|{'---|' * 20}"
MARKDOWN = f"# {LONG_WORD}\n\n{TABLE}\n\n`{LONG_WORD}`\n\n    {LONG_WORD}\n"

# The texts whose contrast is below what WCAG 2.2 AA asks for, with their ratios.
TOO_FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const over = (top, below) => [0, 1, 2].map((i) => below[i] + (top[i] - below[i]) * top[3] / 255);
  const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const part = colour[i] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const background = (element) => {
    if (!element) return [255, 255, 255];
    return over(rgba(getComputedStyle(element).backgroundColor), background(element.parentElement));
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !element.checkVisibility() || element.closest("script, option")) continue;
    const style = getComputedStyle(element);
    const behind = background(element);
    const lights = [luminance(over(rgba(style.color), behind)), luminance(behind)];
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


# A colour in the middle of its change has the contrast of neither.
CHANGING = "document.getAnimations().some((each) => each instanceof CSSTransition)"


def is_fit_to_read(page: Page) -> None:
    """On screens of every width, by day and by night."""
    page.wait_for_load_state()  # with its styles
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        needed, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert needed <= there, f"{page.url} is {needed} wide in a window of {there}"
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        wait_until(lambda: not page.evaluate(CHANGING))
        assert page.evaluate(TOO_FAINT) == [], f"{page.url} when it is {scheme}"


@pytest.fixture
def contents(founder, ollama) -> dict[str, Content]:
    """A content in every status, with texts that no page would choose."""
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    contents = {"failed": submit(founder, LONG_WORD, delay_seconds=0)}
    wait_until(lambda: stored(contents["failed"].id).status == Status.FAILED)
    dictation = Dictation(ollama)
    contents["generating"] = submit(founder, LONG_WORD, delay_seconds=0)
    draft_id = contents["generating"].current.id
    dictation.say(LONG_WORD)
    wait_until(lambda: stored(contents["generating"].id).status == Status.GENERATING)
    wait_until(lambda: text_so_far(draft_id, 1) == LONG_WORD)
    contents["pending"] = submit(founder, LONG_WORD)
    contents["cancelled"] = submit(founder, LONG_WORD)
    ending.cancel(contents["cancelled"].current)
    ending.discard(submit(founder, LONG_WORD))
    contents["completed"] = finished(founder, LONG_WORD, MARKDOWN)
    tagging.keep(contents["completed"], {"tags": [LONG_WORD[: tagging.TAG_LONGEST]]})
    saved_views.keep(founder.id, LONG_WORD[:80], {"q": "nothing", "unknown": LONG_WORD})
    return contents


def pages_without_arguments(app, under: str) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    found = {rule.rule for rule in rules if rule.rule.startswith(under) and not rule.arguments}
    return sorted(path for path in found if not path.startswith("/admin/rq"))


def test_signed_in_page_fits_and_can_be_read(app, open_page, founder, contents, watch):
    watch.expect("status of 404")
    page = open_page(user=founder)
    of_contents = [f"/contents/{content.id}" for content in contents.values()]
    of_contents += [
        f"{of_contents[-1]}/{page}" for page in ("text", "versions/1", "print", "history")
    ]
    paths = [
        *of_contents,
        f"/contents/{contents['pending'].id}/brief",
        "/account/",
        "/account/data",
        "/trash",
        "/tags",
        "/voices",
        "/voices/new",
        "/templates",
        "/templates/new",
        f"/templates/{next(iter(BUILT_IN))}",
        "/nowhere",
    ]

    for path in ["/", "/?q=nothing", *paths, *pages_without_arguments(app, "/admin/")]:
        page.goto(path)
        is_fit_to_read(page)

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wait_until(lambda: not page.evaluate(CHANGING))
        background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")


def test_visitor_s_page_fits_and_can_be_read(app, open_page, watch, request):
    watch.expect("status of 403", "status of 422")
    page = open_page("/welcome")
    is_fit_to_read(page)
    page.get_by_label("Email address").fill("grace@example.org")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("The same password again").fill("another")
    page.get_by_role("button").click()
    expect(page.locator("small.error").first).to_be_visible()
    is_fit_to_read(page)

    request.getfixturevalue("founder")
    invitation = invitation_for("grace@example.org")
    for path in ("/sign-in", "/sign-up", f"/sign-up?invitation={invitation}", "/api/v1/docs"):
        page.goto(path)
        is_fit_to_read(page)


def test_everything_can_be_read_and_done_without_script(open_page, founder, contents):
    page = open_page("/", java_script_enabled=False)
    page.get_by_label("Email address").fill(founder.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    card = page.locator(f"#content-{contents['pending'].id}")
    expect(card).to_contain_text(re.compile(r"starts in (1 h|5\d min \d+ s) at \d\d:\d\d:\d\d UTC"))
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    page.get_by_role("searchbox").fill("Donaudampf")
    page.get_by_label("Status").select_option("Writing")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("article.card")).to_have_count(1)

    page.get_by_role("link", name=LONG_WORD).click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".badge")).to_have_text("Cancelled")
    expect(page.locator("div.text")).to_have_text(LONG_WORD)

    page.get_by_role("link", name="Your contents").click()
    page.get_by_label("Topic and facts").fill("A teapot without a script")
    page.get_by_role("button", name="Write it in a minute").click()
    expect(page.locator("article.card").first).to_contain_text("A teapot without a script")


RUN_AXE = "(rules) => axe.run({ resultTypes: ['violations'], rules })"


def scan(page: Page) -> None:
    """Have axe find nothing, on a phone and on a desk."""
    page.wait_for_load_state()
    page.evaluate(Axe().axe_script)  # once: it is half a megabyte
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        wait_until(lambda: not page.evaluate(CHANGING))
        # Colours are the same on both, and to compare them is half of the work.
        rules = {"color-contrast": {"enabled": width == 1280}}
        found = page.evaluate(RUN_AXE, rules)["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], page.url


def test_axe_finds_nothing_wrong(open_page, founder, contents, watch):
    watch.expect("status of 4")
    page = open_page(user=founder, color_scheme="dark")
    of_contents = [f"/contents/{contents[status].id}" for status in ("pending", "completed")]
    rq = [f"/admin/rq/{path}" for path in ("", "0/view/jobs", "0/view/workers")]

    for path in ["/", "/?q=teapot", "/?q=nothing", *of_contents, f"{of_contents[0]}/brief",
                 f"{of_contents[1]}/history", "/tags", "/trash",
                 "/series/new", "/calendar/?zone=UTC", "/voices", "/voices/new", "/templates/new",
                 f"/templates/{next(iter(BUILT_IN))}", "/admin/scheduled", *rq,
                 "/account/data", "/nowhere"]:  # fmt: skip
        page.goto(path)
        scan(page)
    page.goto("/account/")
    page.get_by_label("Present password").fill("x")
    page.locator("#password").fill("short")
    page.locator("#password_again").fill("other")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("small.error").first).to_be_visible()
    scan(page)
    page.context.clear_cookies()
    page.goto("/sign-in")
    scan(page)
