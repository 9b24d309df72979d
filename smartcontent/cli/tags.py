"""flask tags: the tags of a user, with how much has each; renamed, merged."""

import click

from smartcontent.cli.group import Group, json_option
from smartcontent.cli.printing import print_json, print_table, say, shortened
from smartcontent.cli.users import user_with
from smartcontent.contents import tags as acts
from smartcontent.contents.tagging import TAG
from smartcontent.fields import Refused
from smartcontent.models import Tag, User
from smartcontent.stores.sql import only_read

tags = Group("tags", help="The tags of a user: list, rename, merge.")


@tags.command("list")
@click.argument("email")
@json_option
def list_(email: str, as_json: bool) -> None:
    """List a user's tags, with how many contents outside the trash have each."""
    only_read()
    counted = Tag.counted(user_with(email).id)
    if as_json:
        print_json([{"name": tag.name, "contents": number} for tag, number in counted])
    else:
        print_table(("CONTENTS", "TAG"), [(f"{number:,}", tag.name) for tag, number in counted])


@tags.command("rename")
@click.argument("email")
@click.argument("tag")
@click.argument("name")
def rename(email: str, tag: str, name: str) -> None:
    """Give a tag another name."""
    found = _tag(user_with(email), tag)
    try:
        renamed = acts.rename(found, TAG.read(name))
    except acts.AlreadyThere as error:
        raise click.ClickException(f"{error} `tags merge` does it.") from error
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    say(f"The tag is called {renamed.name} now.")


@tags.command("merge")
@click.argument("email")
@click.argument("tag")
@click.argument("into")
def merge(email: str, tag: str, into: str) -> None:
    """Give all that has one tag another one instead; this cannot be undone."""
    user = user_with(email)
    found, other = _tag(user, tag), _tag(user, into)
    if found.id == other.id:
        raise click.ClickException("Both are the same tag.")
    merged = acts.rename(found, other.name, is_merge=True)
    _, number = merged.with_number()
    say(f"{merged.name} is on {number:,} contents now.")


def _tag(user: User, name: str) -> Tag:
    """The user's tag of this name, in any case of letters.

    Raises:
        click.ClickException: there is none.
    """
    tag = Tag.named(user.id, name)
    if tag is None:
        raise click.ClickException(
            f"{user.email} has no tag {shortened(name, 80)}: see `tags list {user.email}`."
        )
    return tag
