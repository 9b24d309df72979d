"""How many words, and how long they take to read."""

import re

_DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORDS_A_MINUTE, _CHARACTERS_A_MINUTE = 230, 500  # the latter of scripts without blanks


def words_of(text: str) -> int:
    """As everywhere else: what stands between blanks."""
    return len(text.split())


def reading_seconds(text: str) -> int:
    """How long a reader takes."""
    dense = len(_DENSE.findall(text))
    words = words_of(_DENSE.sub(" ", text))
    return round(60 * (words / _WORDS_A_MINUTE + dense / _CHARACTERS_A_MINUTE))
