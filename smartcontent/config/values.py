"""From the text of an environment variable to a value: each reader says what it wants instead.

A reader raises ValueError with the end of a sentence that begins with the setting's name.
"""

import ipaddress
import math
import os
import re
import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_HOST = re.compile(r"[a-z\d_]([a-z\d_.-]*[a-z\d_])?", re.ASCII | re.IGNORECASE)
_MODEL = re.compile(r"[a-z\d._:/@-]{1,200}", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(  # less than 292 years: more is none for Ollama, which refuses every text
    r"-?(\d{1,9}|(?=\d)(\d{1,6}(\.\d{1,9})?[hm]){0,2}(\d{1,9}(\.\d{1,9})?(ns|us|µs|ms|s))?)",
    re.ASCII,
)
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[\w.~-]+)+", re.ASCII)
_FILE_NAME_MOST = 255  # bytes, on every usual file system
_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}
# Every platform that writes variables for others leaves something around them now and then.
_QUOTES = "\"'"


def bare(text: str) -> str:
    """The text without blanks, line ends and quotes around it.

    Raises:
        ValueError: there is something inside that no value can have.
    """
    text = text.strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError("there is a line break or a control character in it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it is not UTF-8") from error
    return text


def model(text: str) -> str:
    """The name of an Ollama model, without signs that nobody sees; the database has room for it."""
    if not _MODEL.fullmatch(text):
        raise ValueError("it must be at most 200 letters, digits and . _ : / @ -")
    return text


def token(text: str) -> str:
    """Something that a header can hold."""
    if not text.isascii():
        raise ValueError("there is a sign in it that no header can have")
    if re.search(r"\s", text):
        raise ValueError("there is a blank in it")
    return text


def flag(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError("it must be 1 or 0")
    return text.lower() in _YES


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within bounds."""

    def read(text: str) -> int:
        number = _number(text)
        if not number.is_integer() or not least <= number <= most:
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(number)

    return read


def seconds(least: float, most: float = 86_400 * 366) -> Callable[[str], float]:
    """A reader of seconds within bounds, fractions allowed."""

    def read(text: str) -> float:
        number = _number(text)
        if not least <= number <= most:
            raise ValueError(f"it must be a number of seconds from {least:g} to {most:.0f}")
        return number

    return read


def _number(text: str) -> float:
    """The number, written as people write one; not one where it is anything else."""
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"it must be {', '.join(choices[:-1])} or {choices[-1]}")
        return text.lower()

    return read


def duration(text: str) -> str:
    """A time as Ollama takes it."""
    if not _DURATION.fullmatch(text):
        raise ValueError("it must be a time such as 10m, 1h30m, 300 (seconds) or -1 (for ever)")
    return text


def host(text: str) -> str:
    """A name or an address without a port; that of IPv6 without its brackets."""
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not is_host(inner):
        raise ValueError("it must be an address or a host name, without a port")
    return inner


def is_host(text: str) -> bool:
    """Whether something could be reached under this name or address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        is_number = not text.strip("0123456789.")
        return bool(_HOST.fullmatch(text)) and not is_number and ".." not in text
    return "%" not in text  # an address of one network card: URLs cannot hold it


def hosts(text: str) -> tuple[str, ...]:
    """Names divided by commas or blanks, in the form requests have them; .name for all below it."""
    return tuple(_trusted(each) for each in re.split(r"[,\s]+", text) if each)


def _trusted(text: str) -> str:
    below, known = re.fullmatch(r"(\*?\.)?(.*)", text.lower()).groups()  # type: ignore[union-attr]
    try:
        known = host(known.encode("idna").decode() if not known.isascii() else known)
    except ValueError as error:
        raise ValueError(
            f"{text} is no host name: write texts.example.org, or .example.org for all names below"
        ) from error
    return f".{known}" if below else known


def prefix(text: str) -> str:
    """The path of a sub-path installation, without a slash at its end; empty for none."""
    path = text.rstrip("/")
    if path and not _PATH.fullmatch(path):
        raise ValueError("it must be a path such as /smartcontent")
    return path


def file(text: str) -> str:
    """The path of a file, or of a folder of files, that is there."""
    if text and not can_be_read(text):
        raise ValueError("there is no such file, or we may not read it")
    return text


def certificates(text: str) -> str:
    """The path of a file with certificates, or of a folder of such."""
    if file(text) and not os.path.isdir(text):
        try:
            _read_certificates(text, os.stat(text).st_mtime_ns)
        except OSError as error:
            raise ValueError("there is no certificate in it") from error
    return text


@cache
def _read_certificates(path: str, _changed: int) -> None:
    """Read all that a system trusts, which takes long; two settings mostly name the same file."""
    ssl.create_default_context(cafile=path)


def can_be_read(path: str) -> bool:
    """Whether there is something at the path, which may be any text, for us to read."""
    return os.access(path, os.R_OK)


def new_file(text: str) -> str:
    """The path of a file that may be written."""
    if text and not os.access(Path(text).parent, os.W_OK | os.X_OK):
        raise ValueError("there is no folder of that name that we may write to")
    if os.path.isdir(text):
        raise ValueError("it is a folder: name a file")
    if len(os.fsencode(Path(text).name)) > _FILE_NAME_MOST:
        raise ValueError("its name is too long for a file")
    if os.path.exists(text) and not os.access(text, os.W_OK):
        raise ValueError("we may not write to it")
    return text


def ollama_host(text: str) -> str:
    """Any of Ollama's own forms of an address."""
    scheme, separator, rest = text.rpartition("://")
    if separator and scheme.lower() not in {"http", "https"}:
        raise ValueError(
            "it must be a host, with or without port, or begin with http:// or https://"
        )
    if re.search(r"[\s?#\\]", rest):
        raise ValueError("it must be a host or a URL, without blanks, ? and #")
    if not _names_a_host(rest.partition("/")[0].rpartition("@")[2]):
        raise ValueError("its host cannot be read: write HOST, HOST:PORT or [ADDRESS]:PORT")
    return text


def _names_a_host(location: str) -> bool:
    """Whether there is a host before the port; without one Ollama takes this machine."""
    if is_host(location.strip("[]")):
        return True
    name, colon, port = location.rpartition(":")
    name = (name if colon else port).strip("[]")
    return not name or not name.isascii() or is_host(name)
