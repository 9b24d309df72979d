"""How long something takes or is away, in words: on pages, in commands and in the API alike.

The pages' script has the same words, in static/clock.js.
"""

from math import ceil

_UNITS = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def exactly(seconds: float) -> str:
    """In the two largest units that are needed: "28 days 8 h", "3 min 5 s", "2 h"."""
    rest = max(0, round(seconds))
    parts = []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        parts.append(_counted(count, unit) if count else "")
    first = next((place for place, part in enumerate(parts) if part), -1)
    return " ".join(filter(None, parts[first:][:2])) or "0 s"


def counted_down(seconds: float) -> str:
    """What is left, as a clock shows it that counts down to nothing: "12:05", "0:01", "0:00"."""
    minutes, rest = divmod(max(0, ceil(seconds)), 60)
    return f"{minutes}:{rest:02}"


def roughly(seconds: float) -> str:
    """A guess, no more exact than guesses are: "a moment", "about 40 s", "about 28 days"."""
    if seconds < 3:
        return "a moment"
    unit, length = next(each for each in _UNITS if seconds >= 1.5 * each[1])
    step = 5 if unit == "s" and seconds >= 20 else 1
    return f"about {_counted(int(seconds / length / step + 0.5) * step, unit)}"


def measured(seconds: float, places: int = 1) -> str:
    """What was measured: to so many places below a minute, and then in words."""
    return f"{seconds:.{places}f} s" if seconds < 60 else exactly(seconds)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''}"
