"""Words and values the templates use."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask, before_render_template, current_app, g, has_request_context
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.contents.versions import VERSIONS_KEPT, version_to_go
from smartcontent.durations import exactly, measured, roughly
from smartcontent.live.sweeper import silence_seconds
from smartcontent.models import FINAL, Draft, Status, Tag, now
from smartcontent.models.moments import iso, usual_delay
from smartcontent.models.status import CHANGEABLE, UNDONE, UNSTARTED
from smartcontent.progress.batches import Progress
from smartcontent.progress.outlook import Outlook, Outlooks
from smartcontent.prompts import estimated_tokens
from smartcontent.prompts.request import Request, language_of, model_of, request_for
from smartcontent.stores.sql import only_read_from_here
from smartcontent.texts.counting import READ_IN_A_MINUTE, Size
from smartcontent.texts.markdown import to_text
from smartcontent.web.drawings import Span, in_a_row, share_of
from smartcontent.web.once import key_field
from smartcontent.web.readers import for_reader
from smartcontent.web.rendering import rendered
from smartcontent.web.safety import page_here
from smartcontent.web.search_results import marked
from smartcontent.web.timeline import timeline
from smartcontent.writing.backoff import backoff, tries_away, while_away

_EXCERPT = 600  # characters of Markdown
_LINES = 12  # a card shows fewer


_BEGUN = (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.GENERATING)


def _only_read(_app: Flask, **_rendered: object) -> None:
    if has_request_context():
        only_read_from_here()


def init_app(app: Flask) -> None:
    before_render_template.connect(_only_read, app)
    app.add_template_filter(rendered, "markdown")
    app.add_template_filter(excerpt)
    app.add_template_filter(moment_tag, "moment")
    app.add_template_filter(reading_time)
    app.add_template_filter(marked)
    app.add_template_filter(iso)
    app.add_template_filter(from_now)
    app.add_template_filter(until)
    app.add_template_filter(delay)
    for said in (exactly, roughly, measured):
        app.add_template_filter(said)
    app.add_template_filter(with_code)
    app.add_template_filter(share_of)
    app.add_template_filter(pieces)
    app.add_template_filter(for_reader)
    app.add_template_filter(counted_since)
    app.add_template_global(Status, "Status")
    app.add_template_global(csrf_field, "csrf")
    app.add_template_global(key_field, "once")
    app.add_template_global(outlook)
    app.add_template_global(version_to_go)
    app.add_template_global(tag_names)
    app.add_template_global(timeline)
    app.add_template_global(request_for)
    app.add_template_global(model_of)
    app.add_template_global(language_of)
    app.add_template_global(Request, "Request")
    app.add_template_global(estimated_tokens)
    app.add_template_global(silence_seconds)
    app.add_template_global(page_here)
    app.context_processor(_choices)


def _choices() -> dict[str, object]:
    return {
        "content_types": CONTENT_TYPES,
        "tones": TONES,
        "lengths": LENGTHS,
        "languages": LANGUAGES,
        "FINAL": FINAL,
        "CHANGEABLE": CHANGEABLE,
        "UNSTARTED": UNSTARTED,
        "UNDONE": UNDONE,
        "now": now,
        "versions_kept": VERSIONS_KEPT,
        "usual_delay": current_app.config["GENERATION_DELAY_SECONDS"],
        "is_demo_model": current_app.config["SMARTCONTENT_DEMO_MODEL"],
    }


def outlook(draft: Draft) -> Outlook | None:
    """How it stands with a draft; what the cards of a page have in common is asked for once."""
    outlooks: Outlooks = g.setdefault("outlooks", Outlooks())
    return outlooks.of(draft)


def tag_names() -> Sequence[str]:
    """The tags that a field suggests."""
    return Tag.names(current_user.id)


def moment_tag(moment: datetime | None, style: str = "date") -> Markup:
    """A moment as a <time>: UTC as written, in the reader's zone once the script has run."""
    if moment is None:
        return Markup("")
    written = moment.strftime("%H:%M:%S" if style == "time" else "%-d %b %Y, %H:%M:%S")
    stamp = iso(moment)
    return Markup(f'<time datetime="{stamp}" title="{stamp}">{written} UTC</time>')  # noqa: S704


def until(moment: datetime) -> float:
    """The seconds left to a moment; those since it, below zero."""
    return (moment - now()).total_seconds()


def delay(seconds: float) -> str:
    """After how long something happens, as a button says it."""
    if seconds < 1:
        return "now"
    return "in a minute" if seconds == 60 else f"in {exactly(seconds)}"


def excerpt(text: str) -> str:
    """How a text begins, without its marks, line by line as it was when it was written."""
    return to_text("\n".join(text[:_EXCERPT].splitlines()[:_LINES]))


def from_now(seconds: float) -> datetime:
    """The moment so many seconds ahead."""
    return now() + timedelta(seconds=seconds)


def with_code(sentence: str) -> Markup:
    """A sentence whose `commands` stand out."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704


def counted_since(draft: Draft) -> datetime:
    """When the countdown to a due time began: a ring that empties is full at this moment.

    With a longer wait the ring stands full until the last minute, so that no later change of the
    due time needs to be on record.
    """
    assert draft.due_at is not None
    if draft.failures:
        return draft.due_at - backoff(draft.failures)
    if draft.error:  # which counts for none
        return draft.due_at - while_away(max(1, tries_away(draft)))
    return max(draft.created_at, draft.due_at - usual_delay())


def csrf_field() -> Markup:
    """The hidden field that shows a form came from a page of ours; made once for all on a page."""
    if "csrf_field" not in g:
        html = Markup('<input type="hidden" name="csrf_token" value="{}" autocomplete="off">')
        g.csrf_field = html.format(generate_csrf())
    field: Markup = g.csrf_field
    return field


def reading_time(size: Size) -> str:
    """How long a text of this size takes to read, in words."""
    minutes = max(1, round(size.number / READ_IN_A_MINUTE[size.unit]))
    return f"{minutes} min read"


def pieces(progress: Progress) -> list[tuple[Status, Span]]:
    """The line of a batch: what has begun, by status."""
    counts = [progress.by_status[status] for status in _BEGUN]
    drawn = zip(_BEGUN, in_a_row(counts, progress.total), strict=True)
    return [(status, span) for status, span in drawn if span.width]
