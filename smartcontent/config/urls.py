"""The two stores' URLs: what can be reached with them, said before anything tries to."""

import re
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
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_POSTGRESQL_OPTIONS = _POSTGRESQL_NUMBERS | {
    *("application_name", "channel_binding", "client_encoding", "dbname"),
    *("fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr"),
    *("krbsrvname", "load_balance_hosts", "max_protocol_version", "min_protocol_version"),
    *("options", "passfile", "password", "require_auth", "requirepeer", "service"),
    *("ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcrl"),
    *("sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslpassword", "sslrootcert", "sslsni"),
    *("target_session_attrs", "user"),
}
# Whatever driver a platform names, ours is psycopg 3.
_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?://")


def database(text: str) -> str:
    """SQLite's or PostgreSQL's URL as SQLAlchemy takes it; empty stays empty."""
    if not text:
        return ""
    if text.startswith("sqlite:///") and not _is_in_memory(text):
        if "?" in text:
            raise ValueError("a file of SQLite has no options; a ? in its path is written %3F")
        if (path := unquote(text.removeprefix("sqlite:///"))).startswith("/"):
            new_file(path)
        return text
    if not _POSTGRESQL.match(text):
        raise ValueError("it must be postgresql://USER:PASSWORD@HOST/NAME or sqlite:////PATH")
    parts = _split(text)
    _check_server(parts)
    _check_postgresql_options(parts)
    return _POSTGRESQL.sub("postgresql+psycopg://", text, count=1)


def _check_postgresql_options(parts: SplitResult) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _POSTGRESQL_OPTIONS:
            raise ValueError(f"PostgreSQL knows no option {name}: leave out what others need")
        if name in _POSTGRESQL_NUMBERS and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise ValueError(f"{name} must be a whole number")
        if name == "sslmode" and value not in _SSL_MODES:
            raise ValueError(f"sslmode is {', '.join(_SSL_MODES)}")
        if name == "sslrootcert" and value != "system" and not can_be_read(value):
            raise ValueError("sslrootcert names no file")


def _is_in_memory(text: str) -> bool:
    """Whether every process would have a database of its own."""
    path = text.removeprefix("sqlite:///").partition("?")[0]
    return not path or ":memory:" in path


def redis(text: str) -> str:
    """The URL of one Redis server, over TCP, TLS or a socket."""
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
    return text


def _check_redis_options(parts: SplitResult) -> None:
    allowed = _REDIS_OPTIONS | (_TLS_OPTIONS if parts.scheme == "rediss" else set())
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
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


def _check_server(parts: SplitResult) -> None:
    if parts.port == 0:
        raise ValueError("a port is a number from 1 to 65535")
    if parts.fragment:
        raise ValueError("a # in a password is written %23")
    # Without a host PostgreSQL's own socket is meant, or the one its options name.
    if parts.hostname and not all(map(is_host, parts.hostname.split(","))):
        raise ValueError("its host cannot be read")
