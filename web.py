"""The web process: python web.py. It becomes gunicorn, as gunicorn.conf.py has it.

gunicorn reads some variables by itself, one when it is imported, and ends in a traceback where it
cannot. Here they are looked at before; nothing of the product but its settings is loaded.
"""

import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from smartcontent.config import ConfigurationError, Setting, from_environment, values


def refuse(error: ConfigurationError) -> NoReturn:
    print(error, file=sys.stderr)  # noqa: T201
    sys.exit(2)


try:
    settings = from_environment()
except ConfigurationError as error:
    refuse(error)
# So that gunicorn finds the number without the blanks and quotes that may be around it.
os.environ["WEB_CONCURRENCY"] = str(settings["WEB_CONCURRENCY"])
from gunicorn.config import Config  # noqa: E402
from gunicorn.errors import ConfigError  # noqa: E402

COMMAND = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app")
PATHS = ("certfile", "keyfile", "ca_certs", "worker_tmp_dir")


def arguments(text: str) -> None:
    """Try what gunicorn is told beside its configuration.

    Raises:
        ValueError: it would not take it.
    """
    try:
        _try(shlex.split(text))
    except (ValueError, TypeError, RuntimeError, ConfigError) as error:
        raise ValueError(str(error).strip().splitlines()[0].rstrip(" .:")) from error


def _try(given: list[str]) -> None:
    config = Config()
    parser = config.parser()
    parser.error = _raise
    for name, value in vars(parser.parse_args(given)).items():
        if value is not None and name != "args":
            config.set(name, value)
    _ = config.address, config.worker_class, config.logger_class
    for name in PATHS:
        values.file(config.settings[name].get() or "")


def _raise(message: str) -> NoReturn:
    raise ValueError(message)


# What gunicorn is told by people, by systemd, and by itself when it takes its own place.
OF_GUNICORN = (
    Setting("GUNICORN_CMD_ARGS", "", arguments, "gunicorn's own arguments"),
    Setting("LISTEN_PID", "0", values.whole(0, 2**31), "systemd's"),
    Setting("LISTEN_FDS", "0", values.whole(0, 2**31), "systemd's"),
    Setting("GUNICORN_PID", "0", values.whole(0, 2**31), "gunicorn's"),
)


def main() -> None:
    try:
        for setting in OF_GUNICORN:
            setting.read(os.environ)
    except ConfigurationError as error:
        refuse(error)
    os.chdir(Path(__file__).resolve().parent)
    os.execv(sys.executable, COMMAND)  # noqa: S606


if __name__ == "__main__":
    main()
