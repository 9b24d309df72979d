"""What is wrong, in the words of the one who reads it: who cannot mend it is given no command."""

import re

from flask_login import current_user

from smartcontent.models import Draft

# Whoever writes the texts cannot be reached, or is not there.
_AWAY = re.compile(r"\bat https?://|OLLAMA_HOST|[Nn]o worker|Nobody can write")
# What only somebody with the server can do.
_BY_OPERATORS = re.compile(r"`|[A-Z]_[A-Z]|whoever runs|internet|update Ollama|disk")

_AFTERWARDS = {False: "we go on by ourselves", True: "tell your administrator, then retry"}


def for_reader(sentence: str, draft: Draft) -> str:
    """What is said of a draft, as it is for an administrator, with no commands for all others."""
    what, _, remedy = sentence.partition(": ")
    is_away = _AWAY.search(sentence)
    if current_user.is_admin or not (is_away or _BY_OPERATORS.search(remedy)):
        return sentence
    if is_away:
        return f"The writing service is away: {_AFTERWARDS[draft.is_final]}."
    if remedy.startswith("download it here"):
        return f"{what}: it has to be downloaded first."
    return f"{what}: tell your administrator{', then retry' if draft.is_final else ''}."
