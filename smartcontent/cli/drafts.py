"""flask contents …: more drafts of a text, which one is current, and what is different in them."""

import click

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES
from smartcontent.briefs.task import INSTRUCTION_LONGEST, REFINEMENTS, Deed, Task
from smartcontent.briefs.wishes import VARIANTS_MOST, WISHES
from smartcontent.cli.contents import content_with, contents
from smartcontent.cli.printing import say
from smartcontent.contents import checking, refining, repurposing, versions
from smartcontent.fields import Refused
from smartcontent.models import Content, Draft
from smartcontent.stores.sql import only_read
from smartcontent.texts.by_sentence import Rewrite, mixed

_NUMBER = click.IntRange(1, 2**31 - 1)
_MARKS = {"equal": ("", ""), "insert": ("{+", "+}"), "delete": ("[-", "-]")}
_from = click.option("--from", "number", type=_NUMBER, help="A draft, else the current one.")


@contents.command("refine")
@click.argument("content_id", metavar="ID")
@click.argument("how", type=click.Choice(list(REFINEMENTS)))
@click.option("--language", type=click.Choice(list(LANGUAGES)), help="With translate.")
@click.option("--instruction", default="", help="With custom.")
@_from
def refine(
    content_id: str, how: str, language: str | None, instruction: str, number: int | None
) -> None:
    """Have a text rewritten, as a draft beside the current one; prints its number."""
    content = content_with(content_id)
    if (how == "translate") != bool(language):
        raise click.ClickException("--language belongs to translate, which needs it.")
    if (how == "custom") != bool(instruction.strip()):
        raise click.ClickException("--instruction belongs to custom, which needs it.")
    if len(instruction) > INSTRUCTION_LONGEST:
        raise click.ClickException(f"--instruction has at most {INSTRUCTION_LONGEST} characters.")
    number = number or content.current_number
    _ask(content, Task(Deed.REFINE, number, how, language or "", instruction.strip()))


@contents.command("continue")
@click.argument("content_id", metavar="ID")
@_from
def go_on(content_id: str, number: int | None) -> None:
    """Have a text that broke off continued; prints the number of the draft."""
    content = content_with(content_id)
    _ask(content, Task(Deed.CONTINUE, number or content.current_number))


@contents.command("reproduce")
@click.argument("content_id", metavar="ID")
@_from
def reproduce(content_id: str, number: int | None) -> None:
    """Have a draft written once more, to see whether the same comes out."""
    content = content_with(content_id)
    _ask(content, Task(Deed.REPRODUCE, number or content.current_number))


@contents.command("variants")
@click.argument("content_id", metavar="ID")
@click.option("--number", type=click.IntRange(1, VARIANTS_MOST), help="So many; usually 2.")
@click.option("--model", "models", multiple=True, help="One by this Ollama model; repeatable.")
@click.option("--temperature", "temperatures", multiple=True, type=float, help="Repeatable.")
def variants(
    content_id: str, number: int | None, models: tuple[str, ...], temperatures: tuple[float, ...]
) -> None:
    """Have more texts written from the same brief; prints their numbers.

    They differ by chance, or else by model or by temperature.
    """
    if sum(map(bool, (number, models, temperatures))) > 1:
        raise click.ClickException("Choose one of --number, --model and --temperature.")
    asked = [{"model": name} for name in models] + [{"temperature": t} for t in temperatures]
    try:
        wanted = WISHES["variants"].read(asked or number or 2)
        _told(refining.ask_for_variants(content_with(content_id), wanted))
    except (Refused, refining.CannotBeMade) as error:
        raise click.ClickException(str(error)) from error


@contents.command("current")
@click.argument("content_id", metavar="ID")
@click.argument("number", type=_NUMBER)
def current(content_id: str, number: int) -> None:
    """Make a draft the current one; the others stay."""
    content = content_with(content_id)
    if number != content.current_number and not versions.make_current(content, number):
        raise click.ClickException(
            "There is no such draft with a whole text, or one is on its way."
        )
    say(f"Draft {number} is the current one.")


@contents.command("sentences")
@click.argument("content_id", metavar="ID")
@click.argument("number", type=_NUMBER)
def sentences(content_id: str, number: int) -> None:
    """Show what a rewritten draft makes of each sentence, with its number."""
    only_read()
    for place, each in enumerate(_rewrites(content_with(content_id), number), 1):
        said = (
            f"[-{each.before.text}-]{{+{each.after.text}+}}" if each.is_change else each.after.text
        )
        say(f"{place}: {said}")


@contents.command("accept")
@click.argument("content_id", metavar="ID")
@click.argument("number", type=_NUMBER)
@click.option("--sentence", "chosen_ones", multiple=True, type=_NUMBER, help="Only this, or these.")
def accept(content_id: str, number: int, chosen_ones: tuple[int, ...]) -> None:
    """Take a rewritten draft over into the current text, or some sentences of it."""
    content = content_with(content_id)
    instead = mixed(_rewrites(content, number), chosen_ones) if chosen_ones else None
    if not refining.accept(content, number, instead):
        raise click.ClickException(refining.CANNOT_BE_ACCEPTED)
    say(f"Draft {content.current_number} is the current one.")


@contents.command("diff")
@click.argument("content_id", metavar="ID")
@click.argument("first", metavar="FROM", type=_NUMBER)
@click.argument("second", metavar="TO", type=_NUMBER)
def diff(content_id: str, first: int, second: int) -> None:
    """Show what is different in two drafts, word by word: [-taken out-] and {+added+}."""
    only_read()
    content = content_with(content_id)
    before, after = _draft(content, first), _draft(content, second)
    pieces = checking.changes(before.text, after.text)
    marked = (piece.text.join(_MARKS[piece.op]) for piece in pieces)
    say("".join(marked))
    for name, change in checking.changes_of_brief(before, after).items():
        say(f"{name}: {change['from']} → {change['to']}", err=True)


@contents.command("repurpose")
@click.argument("content_id", metavar="ID")
@click.option("--type", "content_types", multiple=True, type=click.Choice(list(CONTENT_TYPES)))
@click.option("--language", "languages", multiple=True, type=click.Choice(list(LANGUAGES)))
def repurpose(content_id: str, content_types: tuple[str, ...], languages: tuple[str, ...]) -> None:
    """Have other types, or other languages, made from the current text; prints their ids."""
    types, others = list(dict.fromkeys(content_types)), list(dict.fromkeys(languages))
    if not types and not others:
        raise click.ClickException("Say what to make: --type, --language, or both.")
    if max(1, len(types)) * max(1, len(others)) > repurposing.MOST:
        raise click.ClickException(f"At most {repurposing.MOST} are made at once.")
    try:
        made = repurposing.repurpose(content_with(content_id), types, others)
    except repurposing.NothingToMakeItFrom as error:
        raise click.ClickException(str(error)) from error
    for each in made:
        say(each.id)


def _ask(content: Content, task: Task) -> None:
    try:
        _told(refining.ask_for(content, task))
    except refining.CannotBeMade as error:
        raise click.ClickException(str(error)) from error


def _told(drafts: list[Draft]) -> None:
    for draft in drafts:
        say(draft.number)


def _rewrites(content: Content, number: int) -> list[Rewrite]:
    texts = refining.rewritten(content, number)
    if texts is None:
        raise click.ClickException(f"Draft {number} is no rewritten text, or its source is gone.")
    return checking.sentences(*texts)


def _draft(content: Content, number: int) -> Draft:
    draft = content.version(number)
    if draft is None:
        raise click.ClickException(f"There is no draft {number}: see `contents show --json`.")
    return draft
