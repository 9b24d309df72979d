"""Signs of our own that stand in a text while cmark reads it: to cmark they are letters.

They are of Unicode's private use area, so no text has them.
"""

import re

LESS_THAN = "\ue000"
GLUE = "\ue001"  # nothing: it keeps a mark apart from what stands beside it
INLINE, BLOCK, END = "\ue002", "\ue003", "\ue004"  # around the number of a tag
ANY = "\ue000-\ue004"
_FOREIGN = re.compile(f"[\0{ANY}]")


def without_signs(text: str) -> str:
    """The text without what would be taken for a sign of ours, and without what no HTML has."""
    return _FOREIGN.sub("", text)
