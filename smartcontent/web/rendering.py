"""What pages show of texts: of long ones it is made beside the event loop."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from smartcontent.contents.checking import KEPT_LONGEST
from smartcontent.texts.markdown import to_html
from smartcontent.web.threads import few_at_once, few_files_at_once

AT_ONCE = 1_000  # characters


def rendered(text: str) -> Markup:
    """The text as HTML that can do no harm, and holds nobody up meanwhile."""
    html: Markup = to_html(text) if len(text) <= AT_ONCE else few_at_once(to_html, text)
    return html


def compared(look: Callable[[str, str], Any], first: str, second: str) -> Any:
    """What is different in two texts; for as long ones as hardly anybody types no page waits."""
    length = len(first) + len(second)
    if length <= AT_ONCE:
        return look(first, second)
    return (few_at_once if length <= KEPT_LONGEST else few_files_at_once)(look, first, second)
