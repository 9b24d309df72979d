"""How long a draft waits for its next attempt."""

from datetime import timedelta


def backoff(failures: int) -> timedelta:
    """The pause after so many failures: 2, 8, 32 s, then two minutes."""
    return timedelta(seconds=min(2 * 4 ** (failures - 1), 120))


def while_away(tries: int) -> timedelta:
    """The pause after so many tries at an Ollama out of reach: the same, a minute at most."""
    return min(backoff(tries), timedelta(minutes=1))
