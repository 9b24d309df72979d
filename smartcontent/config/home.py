"""The folder of the database, the secret and the embedded server's data: for its owner alone."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smartcontent.config import ConfigurationError
from smartcontent.config.private import keep_private, may_be_planted
from smartcontent.config.secret_key import secret

DATABASE = "smartcontent.db"


def at_home(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, with what is kept in the folder where no other is named.

    Raises:
        ConfigurationError: there can be no such folder, or no secret in it.
    """
    home = Path(settings["SMARTCONTENT_HOME"]).absolute()
    try:
        keep_private(home)
        key = settings["SECRET_KEY"] or _kept_secret(home / "secret_key")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"SMARTCONTENT_HOME={str(home)!a} cannot be used: {error}."
        ) from error
    # Quoted, or a ? in the path would begin the URL's options.
    database = settings["DATABASE_URL"] or f"sqlite:///{quote(str(home / DATABASE))}"
    return {**settings, "SMARTCONTENT_HOME": home, "SECRET_KEY": key, "DATABASE_URL": database}


def _kept_secret(path: Path) -> str:
    """The secret in the file, made first where there is none.

    Raises:
        OSError: the file can be neither read nor made.
        ValueError: it holds no secret, or one that another user may know.
    """
    if not path.exists():
        # Not named by the process: containers that share a volume have the same process ids.
        made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            _write_down(made, secrets.token_urlsafe(48))
            # Of several processes started at once one links its own; all read that one, and whole.
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            made.unlink(missing_ok=True)
    if may_be_planted(path):
        raise ValueError(f"{path} is another user's: delete it, or name a folder of your own")
    kept = path.read_text().strip()
    if not kept:
        raise ValueError(f"{path} is empty: delete it, and another secret is made")
    return secret(kept)


def _write_down(path: Path, text: str) -> None:
    """Have a new file, for its owner alone, on the disk before it is known by its name."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
