"""What somebody looks for, and how each database is asked for it.

`tea "blue glass" -cup ket` wants "tea", both words of the phrase beside each other, a word that
begins with "ket", and no "cup".
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from smartcontent.texts.search.tokens import SIGNS, tokens

LONGEST = 200  # characters; what follows is not looked for
_MOST = 10  # phrases, and tokens of each: they are looked for in all texts of a user
_SIGNS = frozenset(SIGNS.values())
_SHORTEST_BEGINNING = 2  # characters; nearly every text has a word that begins with a given letter
_PART = re.compile(r'((?<!\S)-)?(?:["“”„«»]([^"“”„«»]*)(["“”„«»]?)|([^\s"“”„«»]+))')


class Phrase(NamedTuple):
    """Tokens that stand beside each other; the last may be the beginning of a word."""

    tokens: tuple[str, ...]
    is_beginning: bool = False


class Query(NamedTuple):
    """What is to be in a text, and what is not. It may be empty, and then finds nothing."""

    wanted: tuple[Phrase, ...] = ()
    unwanted: tuple[Phrase, ...] = ()


def query(typed: str) -> Query:
    """What was typed as a query; nothing that is typed is wrong."""
    found = list(_PART.finditer(typed[:LONGEST]))
    last = found[-1] if found else None
    phrases = [(part[1], _phrase(part, is_last=part is last)) for part in found]
    kept = list(dict.fromkeys(pair for pair in phrases if pair[1].tokens))[:_MOST]
    wanted = tuple(phrase for minus, phrase in kept if not minus)
    return Query(wanted, tuple(phrase for minus, phrase in kept if minus))


def _phrase(part: re.Match[str], is_last: bool) -> Phrase:
    # A quotation mark that is not closed yet is being typed.
    is_open = part[2] is None or not part[3]
    words = tuple(tokens(part[4] if part[2] is None else part[2])[:_MOST])
    if _SIGNS.issuperset(words):  # "salt & pepper" is "salt and pepper", too
        return Phrase(())
    is_begun = len(words[-1]) >= _SHORTEST_BEGINNING and words[-1] not in _SIGNS
    return Phrase(words, is_last and is_open and is_begun and not part[1])


def has_phrase(asked: Query) -> bool:
    """Whether it matters what stands beside each other."""
    return any(len(phrase.tokens) > 1 for phrase in asked.wanted + asked.unwanted)


def loosened(asked: Query) -> Query:
    """The same without what is asked of places: the words of phrases may stand anywhere."""
    wanted = [word for phrase in asked.wanted for word in _words(phrase)]
    unwanted = tuple(phrase for phrase in asked.unwanted if len(phrase.tokens) == 1)
    return Query(tuple(dict.fromkeys(wanted)), unwanted)


def _words(phrase: Phrase) -> Iterator[Phrase]:
    *others, last = phrase.tokens
    yield from (Phrase((token,)) for token in others)
    yield Phrase((last,), phrase.is_beginning)


def for_sqlite(asked: Query) -> str:
    """The query as FTS5's MATCH takes it; call it where something is wanted."""
    wanted = " AND ".join(_of_sqlite(asked.wanted))
    return " NOT ".join([f"({wanted})", *_of_sqlite(asked.unwanted)])


def _of_sqlite(phrases: Iterable[Phrase]) -> Iterator[str]:
    for phrase in phrases:
        yield f'"{" ".join(phrase.tokens)}"' + ("*" if phrase.is_beginning else "")


def for_postgresql(asked: Query) -> str:
    """The query as PostgreSQL's to_tsquery takes it; call it where something is wanted."""
    unwanted = [f"!({phrase})" for phrase in _of_postgresql(asked.unwanted)]
    return " & ".join([*(f"({phrase})" for phrase in _of_postgresql(asked.wanted)), *unwanted])


def _of_postgresql(phrases: Iterable[Phrase]) -> Iterator[str]:
    for phrase in phrases:
        words = [f"'{token}'" for token in phrase.tokens]
        yield " <-> ".join(words) + (":*" if phrase.is_beginning else "")
