"""flask contents: write a brief, list, read, follow, cancel."""

from typing import Any, BinaryIO
from uuid import UUID

import click

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.briefs.submission import SUBMISSION, Submission
from smartcontent.briefs.voice import Voice
from smartcontent.cli.group import Group, json_option, limit_option
from smartcontent.cli.printing import moment, print_json, print_table, say, shortened
from smartcontent.cli.users import user_with
from smartcontent.cli.watch import watch_draft
from smartcontent.contents import ending, submitting
from smartcontent.contents.as_document import document_of
from smartcontent.contents.as_json import summary, whole
from smartcontent.contents.history import words
from smartcontent.contents.history.reading import page_of
from smartcontent.contents.tagging import TAGS
from smartcontent.exports import FORMATS
from smartcontent.exports.document import NotInThisFormat
from smartcontent.fields import read
from smartcontent.models import Content, Draft, KeptVoice, Status
from smartcontent.models.listing import Filters, list_contents
from smartcontent.stores.sql import db, only_read, reading

contents = Group("contents", help="Briefs and texts: create, list, show, watch, cancel.")
status_choice = click.Choice([status.value for status in Status])


@contents.command("create")
@click.argument("email")
@click.option("--type", "content_type", help=f"One of {', '.join(CONTENT_TYPES)}.")
@click.option("--topic", help="What the text is about.")
@click.option("--audience", help="For whom it is.")
@click.option("--tone")
@click.option("--length", help="short, medium or long.")
@click.option("--language", help="A code such as en or de.")
@click.option("--keyword", "keywords", multiple=True, help="May be given several times.")
@click.option("--tag", "tags", multiple=True, help="May be given several times.")
@click.option("--instructions", help="What else the writer must know.")
@click.option("--title", help="Else made from the topic.")
@click.option("--model", help="An Ollama model other than the usual one.")
@click.option("--temperature", type=float)
@click.option("--seed", type=int)
@click.option("--voice", help="The name of a voice of the user's, or of a shared one.")
@click.option("--delay", "delay_seconds", type=float, metavar="SECONDS", help="Until it starts.")
@click.option("--watch", is_flag=True, help="Follow it as `contents watch` does.")
@json_option
def create(email: str, watch: bool, as_json: bool, **options: Any) -> None:
    """Store a brief and schedule its first draft; prints the id."""
    content = _submit(user_with(email).id, options)
    if watch:
        say(content.id, err=True)
        watch_draft(content.current, as_json)
    elif as_json:
        print_json(summary(content) | _ids(content.current))
    else:
        say(content.id)
        say(f"It starts at {moment(content.current.due_at)}.", err=True)


@contents.command("list")
@click.argument("email")
@click.option("--status", type=status_choice)
@click.option("--q", default="", help="Words to find in title, brief and text.")
@limit_option(20)
@json_option
def list_(email: str, status: str | None, q: str, limit: int, as_json: bool) -> None:
    """List a user's contents, newest first."""
    only_read()
    filters = Filters(status=status or "", q=q)
    page = list_contents(user_with(email).id, filters, limit=limit)
    if as_json:
        print_json([summary(content) | _ids(content.current) for content in page.items])
        return
    rows = [
        (str(content.id), Status(content.current.status).label, content.title)
        for content in page.items
    ]
    print_table(("ID", "STATUS", "TITLE"), rows)
    if page.next_cursor:
        say(f"The newest {limit}; --limit shows more.", err=True)


@contents.command("show")
@click.argument("content_id", metavar="ID")
@json_option
def show(content_id: str, as_json: bool) -> None:
    """Show one content: brief, status and text."""
    only_read()
    content = content_with(content_id)
    if as_json:
        print_json(whole(content) | _ids(content.current))
        return
    for head, text in _heads(content).items():
        if text:
            say(f"{head:<12}  {text}")
    if content.current.text:
        say(f"\n{content.current.text}")


@contents.command("history")
@click.argument("content_id", metavar="ID")
@limit_option(50)
@json_option
def history(content_id: str, limit: int, as_json: bool) -> None:
    """Show what was done to a content, the last first: when, by whom."""
    only_read()
    lines, cursor = page_of(content_with(content_id), limit=limit)
    if as_json:
        print_json([words.as_json(line) for line in lines])
        return
    rows = [(moment(line.at), words.by(line) or "-", words.sentence(line)) for line in lines]
    print_table(("AT", "BY", "WHAT"), rows)
    if cursor:
        say(f"The last {limit}; --limit shows more.", err=True)


@contents.command("export")
@click.argument("content_id", metavar="ID")
@click.option("--format", "name", type=click.Choice(list(FORMATS)), default="md")
@click.option("--output", type=click.File("wb"), default="-", help="A file, else standard output.")
def export(content_id: str, name: str, output: BinaryIO) -> None:
    """Write the current text as a file."""
    with reading():
        document = document_of(content_with(content_id).current)
    if document is None:
        raise click.ClickException("It has no text yet: see `contents show`.")
    try:
        output.write(FORMATS[name].write(document))
    except NotInThisFormat as error:
        raise click.ClickException(str(error)) from error


@contents.command("watch")
@click.argument("content_id", metavar="ID")
@json_option
def watch(content_id: str, as_json: bool) -> None:
    """Follow a content live, to its end.

    The text goes to standard output, all else to standard error. Exit code 0: completed,
    1: failed, 2: cancelled.
    """
    watch_draft(content_with(content_id).current, as_json)


@contents.command("cancel")
@click.argument("content_id", metavar="ID")
def cancel(content_id: str) -> None:
    """Stop a draft that waits or is being written; its text is kept."""
    content = content_with(content_id)
    draft = content.current
    if not ending.cancel_all(content):
        db.session.refresh(draft)
        if draft.status != Status.CANCELLED:
            raise click.ClickException(f"It had ended already: {draft.status}.")
    say("Cancelled.")


def content_with(content_id: str) -> Content:
    """The content with this id, whoever owns it; no transaction is left that holds up others.

    Raises:
        click.ClickException: there is none.
    """
    try:
        with reading():
            content = db.session.get(Content, UUID(content_id))
    except ValueError:
        content = None
    if content is None:
        raise click.ClickException(
            f"There is no content {shortened(content_id, 80)}: see `contents list EMAIL`."
        )
    return content


def _submit(user_id: int, options: dict[str, Any]) -> Content:
    values, errors = read({**SUBMISSION, "tags": TAGS}, _listed(options))
    if errors:
        raise click.ClickException("\n       ".join(said for [said] in errors.values()))
    voice = _voice(user_id, options["voice"]) if options["voice"] else None
    asked = Submission.of(values | {"voice": voice})
    return submitting.submit(
        user_id,
        asked.brief,
        asked.title,
        asked.settings,
        delay_seconds=asked.settings.get("delay_seconds"),
        tags=asked.tags,
    )


def _listed(options: dict[str, Any]) -> dict[str, Any]:
    return options | {name: list(options[name]) for name in ("keywords", "tags")}


def _voice(user_id: int, name: str) -> Voice:
    for voice in KeptVoice.listed(user_id):
        if voice.name.casefold() == name.casefold():
            return voice.voice
    raise click.ClickException(f"There is no voice {shortened(name, 80)} for this user.")


def _ids(draft: Draft) -> dict[str, object]:
    """What finds the draft in the logs and in Redis."""
    return {"draft_id": draft.id, "job_id": draft.job_id}


def _heads(content: Content) -> dict[str, str | None]:
    draft = content.current
    return {
        "Title": content.title,
        "Owner": content.user.email,
        "Status": Status(draft.status).label,
        "In the trash": moment(content.deleted_at) if content.deleted_at else None,
        "Type": CONTENT_TYPES[content.content_type].label,
        "Topic": content.topic,
        "Audience": content.audience,
        "Tone": content.tone,
        "Length": content.length,
        "Language": content.language,
        "Voice": content.voice.name if content.voice else None,
        "Keywords": ", ".join(content.keywords),
        "Instructions": content.instructions,
        "Due": moment(draft.due_at) if draft.due_at else None,
        "Finished": moment(draft.finished_at) if draft.finished_at else None,
        "Version": f"{draft.number} of {content.version_count()}",
        "Model": draft.model,
        "Error": draft.error,
    }
