"""A line of a history in words, and as scripts read it."""

from collections.abc import Callable, Mapping
from typing import Any

from smartcontent.contents.history.reading import READER, Line
from smartcontent.doors import Door
from smartcontent.models.history import What
from smartcontent.models.moments import iso

# Who has done it, as the one who reads it is called, and where.
_BY: Mapping[str | None, str] = {
    Door.PAGE: "you, on a page",
    Door.API: "you, by the API",
    Door.COMMAND: "an administrator, by a command",
    Door.ARCHIVE: "",
    Door.SYSTEM: "",
    READER: "a reader",
    None: "",  # from before it was written down
}
_PLAIN: Mapping[What, str] = {
    What.HELD: "Put on hold",
    What.RELEASED: "Released",
    What.STARTED: "Started at once",
    What.TAKEN_BACK: "Taken back",
    What.TITLED: "Called “{title}”",
    What.FAVOURED: "Made a favourite",
    What.UNFAVOURED: "No favourite any more",
    What.CHOSEN: "Version {number} made the current one",
    What.ACCEPTED: "The suggestion of version {number} accepted",
    What.REMOVED: "Version {number} deleted",
    What.MADE_ROOM: "Version {number} let go, to make room for a newer one",
    What.DISMISSED: "A finding of the quality card dismissed",
    What.SHOWN_AGAIN: "Dismissed findings shown again",
    What.TRASHED: "Moved to the trash",
    What.RESTORED: "Taken out of the trash",
    What.TAKEN_IN: "Taken in from an archive",
    What.EDITED: "Version {number} edited by hand",
    What.FAILED: "Version {number} failed: {error}",
    What.STOPPED: "Version {number} stopped",
    What.SHARED: "Version {number} shared by a link",
    What.REVOKED: "The link to version {number} revoked",
    What.APPROVED: "Version {number} approved",
    What.CHANGES_ASKED: "Changes to version {number} asked for",
}
_FIELDS = {"content_type": "type", "voice": "voice", "material": "material"}


def sentence(line: Line) -> str:
    """What was done, without who and when."""
    said = _SAID[line.what](line.details) if line.what in _SAID else _plain(line)
    others = line.details.get("among", 1) - 1
    return f"{said}, with {others:,} other{'s' if others > 1 else ''}" if others else said


def by(line: Line) -> str:
    """Who has done it; empty where nobody has."""
    said, name = _BY.get(line.door, ""), line.details.get("name")
    return f"{name}, {said}" if name else said  # which a reader has chosen, and may be anybody's


def as_json(line: Line) -> dict[str, Any]:
    """A line as scripts read it."""
    return {
        "at": iso(line.at),
        "what": line.what,
        "door": line.door,
        "by": by(line) or None,
        "sentence": sentence(line),
        "details": dict(line.details),
    }


def _plain(line: Line) -> str:
    return _PLAIN[line.what].format_map(line.details)


def _submitted(details: Mapping[str, Any]) -> str:
    if row := details.get("row"):
        return f"Submitted with a batch, from its row {row:,}"
    if details.get("series"):
        return "Made by its series"
    if number := details.get("made_from"):
        return f"Submitted, made from version {number} of another text"
    number = details.get("versions")
    return f"Submitted, {number} versions of it" if number else "Submitted"


def _asked_for(details: Mapping[str, Any]) -> str:
    number, of = details["number"], details.get("of")
    match details.get("do"):
        case "refine":
            return f"Version {number} asked for: version {of} {_refined(details)}"
        case "continue":
            return f"Version {number} asked for: the rest of version {of}"
        case "reproduce":
            return f"Version {number} asked for: version {of} once more"
    return f"Version {number} asked for"


def _refined(details: Mapping[str, Any]) -> str:
    how = details.get("how", "custom")
    return "by an instruction" if how == "custom" else f"to be rewritten ({how})"


def _written(details: Mapping[str, Any]) -> str:
    said = f"Version {details['number']} written"
    if details.get("model"):
        said += f" by {details['model']}"
    failures = details.get("failures")
    if failures:
        said += f", after {failures} failed attempt{'s' if failures != 1 else ''}"
    return said


def _brief_changed(details: Mapping[str, Any]) -> str:
    names = [_FIELDS.get(name, name) for name in details.get("fields", ())]
    return f"Brief changed: {', '.join(names)}" if names else "Brief changed"


def _put_off(details: Mapping[str, Any]) -> str:
    return f"Due at another time: {details['due_at'][:16].replace('T', ' ')} UTC"


def _tags(done: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda details: f"{done} {', '.join(f'“{tag}”' for tag in details.get('tags', ()))}"


_SAID: Mapping[What, Callable[[Mapping[str, Any]], str]] = {
    What.SUBMITTED: _submitted,
    What.ASKED_FOR: _asked_for,
    What.WRITTEN: _written,
    What.BRIEF_CHANGED: _brief_changed,
    What.PUT_OFF: _put_off,
    What.TAGGED: _tags("Tagged"),
    What.UNTAGGED: _tags("No longer tagged"),
}
