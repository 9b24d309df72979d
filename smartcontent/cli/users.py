"""flask users: who may sign in."""

import re
import sys
from collections.abc import Iterable
from urllib.parse import urlsplit

import click
from flask import current_app, url_for
from sqlalchemy import select

from smartcontent.accounts import access, erasure, invitations, passwords
from smartcontent.accounts.creating import IsTaken
from smartcontent.accounts.creating import create as create_account
from smartcontent.accounts.invitations import INVITATION_DAYS
from smartcontent.accounts.passwords import complaint
from smartcontent.cli.group import Group, json_option, limit_option
from smartcontent.cli.printing import moment, print_json, print_table, say, shortened
from smartcontent.config.values import is_host
from smartcontent.models import User
from smartcontent.models.accounts import EMAIL_LONGEST, EMAIL_PATTERN, hash_password
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db, only_read, reading

TOLD_EVERY = 1_000  # contents erased
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
users = Group("users", help="People with an account: create, list, disable, invite.")
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)


def user_with(email: str) -> User:
    """The user with this address; no transaction is left, for what follows may take long.

    Raises:
        click.ClickException: there is none.
    """
    with reading():
        user = User.with_email(email)
    if user is None:
        raise click.ClickException(
            f"Nobody has the address {shortened(email, EMAIL_LONGEST)}: see `users list`."
        )
    return user


@users.command("create")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make this user an administrator.")
@password_option
def create(email: str, admin: bool, password_stdin: bool) -> None:
    """Make an account; the first one is an administrator's."""
    address = _new_address(email)
    password_hash = hash_password(_new_password(address, password_stdin))
    try:
        user = create_account(address, password_hash, is_admin=admin)
    except IsTaken as error:
        raise click.ClickException("Somebody was faster: see `users list`.") from error
    say(f"Created {address}, {_role(user)}.")


@users.command("list")
@click.option("--q", default="", help="What the address has in it.")
@click.option("--after", metavar="EMAIL", help="Go on after this user.")
@limit_option(100)
@json_option
def list_(q: str, after: str | None, limit: int, as_json: bool) -> None:
    """List users, those first who came first."""
    only_read()
    wanted = select(User).where(User.email.contains(q.casefold(), autoescape=True))
    if after:
        wanted = wanted.where(User.id > user_with(after).id)
    found = db.session.scalars(wanted.order_by(User.id).limit(limit + 1)).all()
    shown = found[:limit]
    if as_json:
        print_json([_as_json(user) for user in shown])
    else:
        print_table(("ROLE", "STATE", "CREATED", "EMAIL"), [_row(user) for user in shown])
    if len(found) > limit:
        say(f"There are more: --after {shown[-1].email} shows the next.", err=True)


@users.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Refuse this user: sessions end, tokens stop working, texts stay."""
    user = access.disable(user_with(email).id)
    say(f"{user.email} is disabled.")
    if access.nobody_looks_after_the_others():
        say("No administrator can sign in now: enable or create one.", err=True)


@users.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled user in again."""
    user = access.enable(user_with(email).id)
    say(f"{user.email} is enabled.")


@users.command("reset-password")
@click.argument("email")
@password_option
@click.option("--keep-tokens", is_flag=True, help="Leave the API tokens as they are.")
def reset_password(email: str, password_stdin: bool, keep_tokens: bool) -> None:
    """Give a user a new password; all sessions, API tokens and the calendar's address end."""
    user = user_with(email)
    address = user.email
    db.session.rollback()  # SQLite's other writers must not wait while somebody types
    password_hash = hash_password(_new_password(address, password_stdin))
    revoked = passwords.change(user, password_hash, revokes_tokens=not keep_tokens)
    say(f"{user.email} has a new password; all sessions have ended.")
    if revoked:
        say(f"API tokens that no longer work: {revoked}.")


@users.command("delete")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(email: str, yes: bool) -> None:
    """Erase a person and all that is theirs, for good."""
    user = user_with(email)
    belongings = erasure.belongings(user)
    theirs = ", ".join(f"{number:,} {name}" for name, number in belongings.items())
    db.session.commit()  # SQLite's other writers must not wait while somebody thinks
    if not yes:
        click.confirm(f"Erase {user.email} with {theirs}, for good?", abort=True)
    try:
        _tell_how_far(erasure.erase(user), belongings["contents"])
    except erasure.LastAdministrator as error:
        db.session.rollback()
        raise click.ClickException(
            f"{email} is the last administrator: make another one first, "
            "with `users create EMAIL --admin` or under Admin, Users."
        ) from error
    say(f"{email} is erased, with {theirs}.")


def _tell_how_far(steps: Iterable[int], total: int) -> None:
    done = 0
    for number in steps:
        before, done = done, done + number
        if done // TOLD_EVERY > before // TOLD_EVERY:
            say(f"Erased {done:,} of {total:,} contents", err=True)


def _site(_context: object, _option: object, url: str | None) -> str | None:
    """The address as it is given, where a site can have it."""
    if url and not _is_site(url):
        raise click.BadParameter("write it like https://texts.example.org.")
    return url


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    name = parts.hostname or ""
    is_more = parts.query or parts.fragment or "@" in parts.netloc
    is_one = is_host(name) or not name.isascii()
    return parts.scheme in ("http", "https") and is_one and not is_more


@users.command("invite")
@click.argument("email")
@click.option(
    "--url", callback=_site, help="Where the site is reached, such as https://texts.example.org."
)
def invite(email: str, url: str | None) -> None:
    """Print a link with which this address can make an account."""
    address = _new_address(email)
    try:
        invitation = invitations.invite(address)
    except invitations.SignUpIsClosed as error:
        sentence = f"{error} `users create` makes the account itself."
        raise click.ClickException(sentence) from error
    with current_app.test_request_context(base_url=url or _usual_url()):
        link = url_for("auth.sign_up", invitation=invitation, _external=True)
    say(link)
    say(f"For {address} alone, valid for {INVITATION_DAYS} days.", err=True)
    if not url and not _names():
        say("Others may reach the site elsewhere: --url says where.", err=True)


def _usual_url() -> str:
    """Where the site is reached as far as the settings tell: by its first trusted name, or here."""
    config = current_app.config
    names, bind = _names(), config["SMARTCONTENT_BIND"]
    host = names[0] if names else HERE.get(bind, bind)
    shown = f"[{host}]" if ":" in host else host
    if not names:
        return f"http://{shown}:{config['PORT']}{config['SCRIPT_NAME']}"
    return f"http{'s' if config['COOKIE_SECURE'] else ''}://{shown}{config['SCRIPT_NAME']}"


def _names() -> list[str]:
    return [name for name in current_app.extensions["trusted_hosts"] if name[0] != "."]


def _new_address(email: str) -> str:
    """The address as it is stored, if no account has it."""
    address = email.strip().casefold()
    if len(address) > EMAIL_LONGEST or not re.fullmatch(EMAIL_PATTERN, address):
        raise click.ClickException(
            f"{shortened(email, 80)} is no email address: write it like ada@example.org."
        )
    if User.with_email(address):
        raise click.ClickException(
            f"{address} has an account already; `users reset-password` gives it a new password."
        )
    db.session.rollback()  # SQLite's other writers must not wait while somebody types
    return address


def _new_password(email: str, from_stdin: bool) -> str:
    if from_stdin:
        try:
            password = sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise click.UsageError("The password is not UTF-8.") from error
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    if problem := complaint(password, email):
        raise click.ClickException(problem)
    return password


def _role(user: User) -> str:
    if user.is_founder:
        return "founder"
    return "administrator" if user.is_admin else "member"


def _row(user: User) -> tuple[str, ...]:
    state = "enabled" if user.is_enabled else "disabled"
    return (_role(user), state, moment(user.created_at), user.email)


def _as_json(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "email": user.email,
        "is_admin": user.is_admin,
        "is_founder": bool(user.is_founder),
        "is_enabled": user.is_enabled,
        "created_at": iso(user.created_at),
    }
