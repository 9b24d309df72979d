"""Work that grows with a text is done beside the loop that serves everybody, where there is one.

The web process says how; in every other process it is simply done.
"""

from collections.abc import Callable
from typing import Any

Way = Callable[..., Any]
AT_ONCE = 2_500  # characters: shorter work is done sooner than handed over


def _here(work: Callable[..., Any], *args: object) -> Any:
    return work(*args)


_way: list[Way] = [_here]


def by(way: Way) -> None:
    """Have this process do such work this way."""
    _way[:] = [way]


def beside(work: Callable[..., Any], text: str, *args: object) -> Any:
    """Do the work of a text, which must need neither a request nor a store.

    Others may be waited for: no transaction should be open.
    """
    way = _here if len(text) <= AT_ONCE else _way[0]
    return way(work, text, *args)
