"""Much work in portions, so that others go on between two of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def portions(items: Iterable[T], size: Callable[[T], int], at_once: int) -> Iterator[list[T]]:
    """The items in order, each portion full at the first that brings it to a size of `at_once`."""
    portion, left = list[T](), at_once
    for item in items:
        portion.append(item)
        left -= size(item)
        if left <= 0:
            yield portion
            portion, left = [], at_once
    if portion:
        yield portion
