"""flask tokens: the secrets scripts sign their requests with."""

from datetime import timedelta

import click
from sqlalchemy import select

from smartcontent.accounts import tokens as api_tokens
from smartcontent.cli.group import Group, json_option, limit_option
from smartcontent.cli.printing import moment, print_json, print_table, say
from smartcontent.cli.users import user_with
from smartcontent.models import ApiToken, now
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db, only_read

tokens = Group("tokens", help="API tokens: create, list, revoke.")


@tokens.command("create")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="When it ends; never, if not given.")
def create(email: str, name: str, days: int | None) -> None:
    """Print a new token, which is shown this once."""
    expires_at = now() + timedelta(days=days) if days else None
    try:
        _, secret = api_tokens.create(user_with(email), name, expires_at)
    except api_tokens.CannotBeMade as error:
        raise click.ClickException(str(error)) from error
    say(secret)


@tokens.command("list")
@click.argument("email")
@limit_option(100)
@json_option
def list_(email: str, limit: int, as_json: bool) -> None:
    """List a user's tokens by the beginning of their secrets."""
    only_read()
    query = select(ApiToken).filter_by(user_id=user_with(email).id).order_by(ApiToken.id.desc())
    newest = db.session.scalars(query.limit(limit + 1)).all()
    found = newest[:limit][::-1]
    if as_json:
        print_json([_as_json(token) for token in found])
        return
    print_table(
        ("ID", "SECRET", "CREATED", "LAST USED", "STATE", "NAME"), [_row(token) for token in found]
    )
    if len(newest) > limit:
        say(f"The newest {limit}; --limit shows more.", err=True)


@tokens.command("revoke")
@click.argument("token_id", metavar="ID", type=click.IntRange(1, LARGEST_ID))
def revoke(token_id: int) -> None:
    """Make a token useless, at once and for good."""
    token = db.session.get(ApiToken, token_id)
    if token is None:
        raise click.ClickException(f"There is no token {token_id}: see `tokens list EMAIL`.")
    api_tokens.revoke(token)
    say(f"Token {token_id} of {token.user.email} no longer works.")


def _row(token: ApiToken) -> tuple[str, ...]:
    times = (moment(token.created_at), moment(token.last_used_at))
    return (str(token.id), f"{token.prefix}…", *times, _state(token), token.name)


def _state(token: ApiToken) -> str:
    if token.revoked_at:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at:
        return f"{'expired' if token.has_expired else 'ends'} {token.expires_at:%Y-%m-%d}"
    return "valid"


def _as_json(token: ApiToken) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "created_at": iso(token.created_at),
        "revoked_at": iso(token.revoked_at),
        "expires_at": iso(token.expires_at),
        "last_used_at": iso(token.last_used_at),
    }
