"""flask users …: all that is a person's as one ZIP, written and taken in again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, BinaryIO

import click

from smartcontent.cli.group import json_option
from smartcontent.cli.printing import print_json, say
from smartcontent.cli.users import user_with, users
from smartcontent.contents.archives import export as archive
from smartcontent.contents.archives.taking_in import take_in
from smartcontent.contents.archives.unpacking import ArchiveError
from smartcontent.exports.packing import Packing


@users.command("export")
@click.argument("email")
@click.option("--output", type=click.File("wb"), default="-", help="A file, else standard output.")
def export(email: str, output: BinaryIO) -> None:
    """Write all of a person's contents, voices, templates, series and views as one ZIP."""
    packing = Packing()
    for step in archive.steps(user_with(email).id):
        output.write(packing.add(step))
    output.write(packing.end())


@users.command("import")
@click.argument("email")
@click.argument("file", type=click.File("rb"))
@json_option
def import_(email: str, file: BinaryIO, as_json: bool) -> None:
    """Store what is in such a ZIP, or one text of Markdown, and not here; nothing is started."""
    try:
        with _seekable(file) as archived:
            taken = take_in(user_with(email).id, archived).as_json()
    except ArchiveError as error:
        raise click.ClickException(f"{error} Nothing was taken in.") from error
    if as_json:
        print_json(taken)
        return
    for name, number in taken.items():
        say(f"{name.replace('_', ' ')}: {number:,}")


@contextmanager
def _seekable(file: BinaryIO) -> Iterator[IO[bytes]]:
    """The file, or a copy of what comes through a pipe: a ZIP is read from its end."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield copy
