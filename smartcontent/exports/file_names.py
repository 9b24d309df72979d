"""Names of files from titles: safe on every system, and readable on all."""

import re
from unicodedata import category
from urllib.parse import quote

from smartcontent.texts.folding import normalized

LONGEST = 120  # bytes of a name in UTF-8, without its suffix; some systems take no more than 143
_USUAL = "text"
_KEPT = " -_.,'()&+"  # beside letters, digits and their marks
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?= *(?:\.|$))", re.IGNORECASE)


def file_name(title: str, suffix: str) -> str:
    """The name of a file with this title, such as "Spring at the garden centre.docx"."""
    kept = "".join(sign if _is_kept(sign) else " " for sign in normalized(title[:1_000]))
    dotted = re.sub(r"\.{2,}", ".", " ".join(kept.split()))
    stem = _cut(dotted.strip(" .-")).strip(" .-")
    return _RESERVED.sub(r"\g<0>_", stem or _USUAL) + suffix


def _is_kept(sign: str) -> bool:
    """No emoji, no marks of direction, nothing that a shell or a drive has a meaning for."""
    return sign in _KEPT or category(sign)[0] in "LMN"


def _cut(stem: str) -> str:
    if len(stem.encode()) <= LONGEST:
        return stem
    head = stem.encode()[:LONGEST].decode(errors="ignore")
    while head and category(stem[len(head)])[0] == "M":  # it stands on the letter before
        head = head[:-1]
    return head.rpartition(" ")[0] or head


def content_disposition(name: str) -> str:
    """The header that has a browser save a file under this name (RFC 6266)."""
    plain = normalized(name, "NFKD").encode("ascii", "ignore").decode()
    stem, _, suffix = plain.rpartition(".")
    plain = f"{stem.strip(' .-') or _USUAL}.{suffix}"
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'
