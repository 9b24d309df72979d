"""The two stores' URLs: what can be reached with them, said before anything tries to."""

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .values import can_be_read, is_host, new_file

_REDIS_OPTIONS = {"client_name", "db", "password", "protocol", "username"}
_TLS_FILES = {"ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"}
_TLS_OPTIONS = _TLS_FILES | {"ssl_cert_reqs", "ssl_check_hostname"}
# What may follow the ? of PostgreSQL's, by libpq's names.
_POSTGRESQL_NUMBERS = {
    *("connect_timeout", "keepalives", "keepalives_count", "keepalives_idle"),
    *("keepalives_interval", "port", "tcp_user_timeout"),
}
_BINDING = ("disable", "prefer", "require")
_PROTOCOLS = ("3.0", "3.2", "latest")
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_POSTGRESQL_CHOICES = {
    "channel_binding": _BINDING,
    "gssencmode": _BINDING,
    "load_balance_hosts": ("disable", "random"),
    "max_protocol_version": _PROTOCOLS,
    "min_protocol_version": _PROTOCOLS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "sslcertmode": ("disable", "allow", "require"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (
        *("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    ),
}
_POSTGRESQL_FILES = {"sslcert", "sslcrl", "sslkey", "sslrootcert"}
_POSTGRESQL_OPTIONS = (
    _POSTGRESQL_NUMBERS
    | _POSTGRESQL_FILES
    | {
        *_POSTGRESQL_CHOICES,
        *("application_name", "client_encoding", "dbname", "fallback_application_name"),
        *("gssdelegation", "gsslib", "host", "hostaddr", "krbsrvname", "options", "passfile"),
        *(
            "password",
            "require_auth",
            "requirepeer",
            "service",
            "sslcrldir",
            "sslpassword",
            "sslsni",
        ),
        "user",
    }
)
_PORT = "a port is a number from 1 to 65535"
# Whatever driver a platform names, ours is psycopg 3.
_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_OF_SQLITE = b"SQLite format 3\0"  # how each of its files begins


def database(text: str) -> str:
    """SQLite's or PostgreSQL's URL as SQLAlchemy takes it; empty stays empty."""
    if not text:
        return ""
    _refuse_control_characters(text)
    if text.startswith("sqlite:///") and not _is_in_memory(text):
        if "?" in text:
            raise ValueError("a file of SQLite has no options; a ? in its path is written %3F")
        if (path := unquote(text.removeprefix("sqlite:///"))).startswith("/"):
            _check_file(Path(new_file(path)))
        return text
    if not _POSTGRESQL.match(text):
        raise ValueError("it must be postgresql://USER:PASSWORD@HOST/NAME or sqlite:////PATH")
    parts = _split(text)
    if "@" in (parts.password or ""):  # the driver's host would begin in the password, and be told
        raise ValueError("a @ in a password is written %40")
    _check_server(parts)
    _check_postgresql_options(parts)
    return _POSTGRESQL.sub("postgresql+psycopg://", text, count=1)


def _check_file(path: Path) -> None:
    """Look at what is there; a database that is not there yet is made."""
    if not path.exists():
        return
    if not path.is_file() or not can_be_read(str(path)):
        raise ValueError("its path names no file that we may read")
    with path.open("rb") as file:
        if file.read(len(_OF_SQLITE)) not in (b"", _OF_SQLITE):
            raise ValueError("its path names a file that is no database of SQLite")


def _check_postgresql_options(parts: SplitResult) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _POSTGRESQL_OPTIONS:
            _refuse_a_password(parts)
            raise ValueError(f"PostgreSQL knows no option {name}: leave out what others need")
        if name in _POSTGRESQL_NUMBERS and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise ValueError(f"{name} must be a whole number")
        if name == "port" and not 0 < int(value) < 65536:
            raise ValueError(_PORT)
        if value not in (choices := _POSTGRESQL_CHOICES.get(name, (value,))):
            raise ValueError(f"{name} is {', '.join(choices)}")
        if name in _POSTGRESQL_FILES and value != "system" and not can_be_read(value):
            raise ValueError(f"{name} names no file")


def _is_in_memory(text: str) -> bool:
    """Whether every process would have a database of its own."""
    path = text.removeprefix("sqlite:///").partition("?")[0]
    return not path or ":memory:" in path


def redis(text: str) -> str:
    """The URL of one Redis server, over TCP, TLS or a socket."""
    _refuse_control_characters(text)
    parts = _split(text)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(
            "it must begin with redis://, rediss:// (TLS) or unix:// (a socket), and name one "
            "server: neither Sentinel nor a cluster"
        )
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ValueError("it must name the socket's file, as in unix:///run/redis/redis.sock")
    else:
        _check_server(parts)
        _check_database_number(parts.path.strip("/"))
    _check_redis_options(parts)
    return parts.scheme + text[len(parts.scheme) :]  # redis-py knows it in small letters alone


def _check_redis_options(parts: SplitResult) -> None:
    allowed = _REDIS_OPTIONS | (_TLS_OPTIONS if parts.scheme == "rediss" else set())
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
            _refuse_a_password(parts)
            raise ValueError(f"there is no option {name}: it may have {', '.join(sorted(allowed))}")
        if name == "db":
            _check_database_number(value)
        if name == "protocol" and value not in {"2", "3"}:
            raise ValueError("the protocol is 2 or 3")
        if name == "ssl_cert_reqs" and value not in {"none", "optional", "required"}:
            raise ValueError("ssl_cert_reqs is none, optional or required")
        if name in _TLS_FILES and not can_be_read(value):
            raise ValueError(f"{name} names no file")


def _check_database_number(text: str) -> None:
    if text and not re.fullmatch(r"\d{1,5}", text, re.ASCII):
        raise ValueError("what follows the host must be the number of a database, as in /0")


def _refuse_control_characters(text: str) -> None:
    if re.search(r"[\x00-\x1f]", unquote(text)):  # a driver cuts it off at the first %00
        raise ValueError("there is a line break or a control character in it")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(
            "its host or port cannot be read: a port is a number from 1 to 65535, an address of "
            "IPv6 stands in [brackets], and : / @ # in a password are written %3A %2F %40 %23"
        ) from error
    return parts


def _refuse_a_password(parts: SplitResult) -> None:
    """Where a ? in it made it an option, whose name would be told."""
    if "@" in parts.query and "@" not in parts.netloc:
        raise ValueError("a ? in a password is written %3F")


def _check_server(parts: SplitResult) -> None:
    if parts.port == 0:
        raise ValueError(_PORT)
    if parts.fragment:
        raise ValueError("a # in a password is written %23")
    # Without a host PostgreSQL's own socket is meant, or the one its options name.
    if parts.hostname and not all(map(is_host, parts.hostname.split(","))):
        raise ValueError("its host cannot be read")
