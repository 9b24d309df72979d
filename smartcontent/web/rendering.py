"""A text's Markdown on a page: a long one is drawn beside the event loop."""

from markupsafe import Markup

from smartcontent.texts.markdown import to_html
from smartcontent.web.threads import few_at_once

AT_ONCE = 1_000  # characters


def rendered(text: str) -> Markup:
    """The text as HTML that can do no harm, and holds nobody up meanwhile."""
    html: Markup = to_html(text) if len(text) <= AT_ONCE else few_at_once(to_html, text)
    return html
