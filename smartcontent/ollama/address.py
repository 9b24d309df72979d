"""Where Ollama answers, and when two model names mean the same Ollama model."""

import ipaddress
import re

from smartcontent.ollama.errors import failure

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def base_url(host: str) -> str:
    """The URL to connect to, from any form of OLLAMA_HOST, as Ollama itself reads it.

    Without a scheme the port is 11434, with one it is the scheme's own; an address a server
    binds to (0.0.0.0, ::) becomes loopback. User and password before an @ are kept.

    Raises:
        OllamaError: cause `address`, for what no server can be found with.
    """
    text = host.strip().strip("\"'").strip()
    if text == "ollama.com":
        text = "https://ollama.com"
    scheme, separator, rest = text.rpartition("://")
    scheme = scheme.lower() or "http"
    default_port = _DEFAULT_PORTS.get(scheme, "") if separator else "11434"
    location, _, path = rest.partition("/")
    credentials, at, hostport = location.rpartition("@")
    name, port = _split(hostport)
    if not default_port or not _can_be_reached(name):
        raise failure("address", {"server": without_credentials(text)})
    if ":" in name:
        name = f"[{name}]"
    url = f"{scheme}://{credentials}{at}{name}:{_valid(port) or default_port}/{path}"
    return url.rstrip("/")


def _split(hostport: str) -> tuple[str, str]:
    """Host and port; a bare IPv6 address has colons but no port."""
    try:
        return _connectable(str(ipaddress.ip_address(hostport.strip("[]")))), ""
    except ValueError:
        pass
    name, colon, port = hostport.rpartition(":")
    if not colon:
        name, port = hostport, ""
    return _connectable(name.strip("[]")), port


def _can_be_reached(name: str) -> bool:
    if ":" not in name:
        return not re.search(r"[\s/?#\[\]\\]", name)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _connectable(name: str) -> str:
    return _LOOPBACK.get(name, name)


def _valid(port: str) -> str:
    # Ollama warns about a port it cannot read and takes the default; so do we.
    return port if port.isascii() and port.isdigit() and int(port) <= 65535 else ""


def without_credentials(url: str) -> str:
    """The URL as it may stand in a message or a log."""
    return re.sub(r"^(\w+://)?.*@", r"\1", url, flags=re.DOTALL)


def canonical(model: str) -> str:
    """The name under which Ollama would store it: lower case, tagged, no default registry."""
    name = model.strip().lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
