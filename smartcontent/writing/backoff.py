"""How long a draft waits for its next attempt."""

from datetime import timedelta

from smartcontent.models import Draft

AWAY = "unreachable"  # the cause of an Ollama out of reach


def backoff(failures: int) -> timedelta:
    """The pause after so many failures: 2, 8, 32 s, then two minutes."""
    return timedelta(seconds=min(2 * 4 ** (failures - 1), 120))


def while_away(tries: int) -> timedelta:
    """The pause after so many tries at an Ollama out of reach: the same, a minute at most."""
    return min(backoff(tries), timedelta(minutes=1))


def tries_away(draft: Draft) -> int:
    """How many attempts in a row have not reached Ollama, of a draft that is not claimed yet.

    They are counted for themselves: one that waits for a download has hundreds of attempts.
    """
    tries = (draft.error_values or {}).get("tries")
    return tries if draft.error_cause == AWAY and isinstance(tries, int) else 0
