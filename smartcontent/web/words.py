"""Words and values the templates use."""

from datetime import datetime

from flask import Flask, current_app
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from smartcontent.briefs import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.models import FINAL, Status, now
from smartcontent.models.draft import iso
from smartcontent.prompts import estimated_tokens
from smartcontent.waiting import outlook
from smartcontent.web.markdown import to_html
from smartcontent.web.timeline import timeline
from smartcontent.writing import request_for

_WORDS_A_MINUTE = 230


def init_app(app: Flask) -> None:
    app.add_template_filter(to_html, "markdown")
    app.add_template_filter(moment_tag, "moment")
    app.add_template_filter(reading_time)
    app.add_template_filter(iso)
    app.add_template_global(Status, "Status")
    app.add_template_global(csrf_field, "csrf")
    app.add_template_global(outlook)
    app.add_template_global(timeline)
    app.add_template_global(request_for)
    app.add_template_global(estimated_tokens)
    app.context_processor(_choices)


def _choices() -> dict[str, object]:
    return {
        "content_types": CONTENT_TYPES,
        "tones": TONES,
        "lengths": LENGTHS,
        "languages": LANGUAGES,
        "final": FINAL,
        "now": now,
        "is_demo_model": current_app.config["SMARTCONTENT_DEMO_MODEL"],
    }


def moment_tag(moment: datetime | None, style: str = "date") -> Markup:
    """A moment as a <time>: UTC as written, in the reader's zone once the script has run."""
    if moment is None:
        return Markup("")
    written = moment.strftime("%H:%M:%S" if style == "time" else "%-d %b %Y, %H:%M:%S")
    return Markup('<time datetime="{0}" title="{0}">{1} UTC</time>').format(iso(moment), written)


def csrf_field() -> Markup:
    """The hidden field that shows a form came from a page of ours."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def reading_time(words: int) -> str:
    """How long a text takes to read, in words."""
    minutes = max(1, round(words / _WORDS_A_MINUTE))
    return f"{minutes} min read"
