"""flask contents bulk: one act on all that a search and its filters find, and how it is undone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO
from uuid import UUID

import click

from smartcontent.cli.drafts import contents
from smartcontent.cli.group import json_option
from smartcontent.cli.printing import print_json, say, shortened
from smartcontent.cli.users import user_with
from smartcontent.contents import saved_views
from smartcontent.contents.bulk import acts, export
from smartcontent.contents.bulk.acts import TooMany, as_event
from smartcontent.contents.bulk.deeds import OF_TAGS, Deed, Why
from smartcontent.contents.filters import FILTERS, Switch, filters_of
from smartcontent.contents.tagging import TAG
from smartcontent.exports.packing import Packing
from smartcontent.fields import Refused, read
from smartcontent.models import BulkAct, SavedView
from smartcontent.models.listing import Filters
from smartcontent.stores.sql import db, reading
from smartcontent.texts.folding import as_sought

EXPORT = "export"
# The tag that is given has the shorter name.
_OPTIONS = {"tag": "--tagged", "content_type": "--type"}


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What the list can be narrowed by, an option each."""
    for name, rule in reversed([*FILTERS.items()]):
        if name != "sort":
            is_flag = isinstance(rule, Switch)
            known: dict[str, Any] = {"is_flag": True, "flag_value": "1"} if is_flag else {}
            option = _OPTIONS.get(name, f"--{name}")
            about = rule.about.removeprefix("1: ").partition(". ")[0].rstrip(".")
            help_ = f"{about[0].upper()}{about[1:]}."
            function = click.option(option, f"by_{name}", help=help_, **known)(function)
    return function


@contents.command("bulk")
@click.argument("email")
@click.argument("do", metavar="DO", type=click.Choice([*(deed.value for deed in Deed), EXPORT]))
@click.option("--tag", help="With tag and untag: which.")
@filter_options
@click.option("--view", help="A saved view of the user's, by its name.")
@click.option("--all", "is_all", is_flag=True, help="All there are: no filter is needed.")
@click.option("--dry-run", is_flag=True, help="Only say how many match.")
@click.option("--output", type=click.File("wb"), default="-", help="With export: where to.")
@json_option
def bulk(
    email: str,
    do: str,
    tag: str | None,
    view: str | None,
    is_all: bool,
    dry_run: bool,
    output: BinaryIO,
    as_json: bool,
    **options: str | None,
) -> None:
    """Do one thing to all of a user's contents that match.

    DO is tag, untag, trash, restore, cancel, retry, or export, which writes the texts as one ZIP.
    """
    user_id = user_with(email).id
    with reading():
        filters = _filters(user_id, options, view, is_all)
    if do == Deed.RESTORE:
        filters = replace(filters, trash=True)
    try:
        if dry_run:
            _tell_how_many(len(acts.those_that_match(user_id, filters)), as_json)
        elif do == EXPORT:
            _export(user_id, filters, output)
        else:
            _tell(_done(user_id, filters, Deed(do), tag or ""), as_json)
    except (TooMany, Refused) as refused:
        raise click.ClickException(str(refused)) from refused


@contents.command("undo")
@click.argument("act_id", metavar="ACT")
@json_option
def undo(act_id: str, as_json: bool) -> None:
    """Undo what `contents bulk` has done: tag, untag, trash, restore; within a day."""
    try:
        act = db.session.get(BulkAct, UUID(act_id))
    except ValueError:
        act = None
    if act is None:
        raise click.ClickException(f"There is no act {shortened(act_id, 80)}, or no longer.")
    undoing = acts.undo(act)
    if undoing is None:
        raise click.ClickException("It is undone already, or cannot be.")
    _tell(acts.finish(undoing), as_json)


def _filters(
    user_id: int, options: dict[str, str | None], view: str | None, is_all: bool
) -> Filters:
    """What is asked for; somebody who forgets a filter does nothing to everything.

    Raises:
        click.ClickException: it is nothing, or not known.
    """
    asked = {name.removeprefix("by_"): value for name, value in options.items() if value}
    sent = (_of_view(user_id, view) if view else {}) | asked
    values, errors = read(FILTERS, sent)
    if errors:
        raise click.ClickException("\n       ".join(said for [said] in errors.values()))
    if not (sent or is_all):
        raise click.ClickException(
            "Say which: by --q, --status and other filters, or by --view; --all means everything."
        )
    return filters_of(values)


def _of_view(user_id: int, name: str) -> dict[str, str]:
    for view in SavedView.of(user_id):
        if view.sought == as_sought(name):
            if any(saved_views.lost(view)):
                raise click.ClickException(
                    f"What the view {view.name} asks for is not all there: open it on its page."
                )
            return saved_views.opened(view)
    raise click.ClickException(f"The user has no view {shortened(name, 80)}.")


def _done(user_id: int, filters: Filters, deed: Deed, tag: str) -> BulkAct:
    if (deed in OF_TAGS) != bool(tag):
        raise click.ClickException(f"--tag comes with {' or '.join(sorted(OF_TAGS))}.")
    tag = TAG.read(tag) if tag else ""
    return acts.finish(acts.begin(user_id, filters, deed, tag))


def _export(user_id: int, filters: Filters, output: BinaryIO) -> None:
    packing = Packing()
    for files in export.steps(user_id, acts.those_that_match(user_id, filters)):
        output.write(packing.add(files))
    output.write(packing.end())


def _tell_how_many(number: int, as_json: bool) -> None:
    if as_json:
        print_json({"total": number})
    else:
        say(f"{number:,} match; nothing is done.")


def _tell(act: BulkAct, as_json: bool) -> None:
    if as_json:
        print_json(as_event(act) | {"changed": act.changed, "left": act.left})
        return
    say(f"{act.changed:,} of {act.total:,} changed.")
    for why, number in sorted(act.left.items()):
        say(f"{number:,} left as it was: {Why(why).sentence}")
    if act.waits:
        say("The scheduler goes on with the rest as soon as there is room.", err=True)
    if act.changed and Deed(act.deed) in acts.OPPOSITE and not act.undoes_id:
        say(f"`flask contents undo {act.id}` undoes it.", err=True)
