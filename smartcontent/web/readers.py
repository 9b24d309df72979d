"""What is wrong, in the words of the one who reads it: who cannot mend it is given no command."""

from typing import Protocol

from flask_login import current_user

from smartcontent.models import Draft
from smartcontent.ollama.causes import Mender

_AFTERWARDS = {False: "we go on by ourselves", True: "tell your administrator, then retry"}


class Told(Protocol):
    """Something that was found, and who can do what its sentence asks for."""

    @property
    def sentence(self) -> str: ...

    @property
    def mender(self) -> Mender: ...


def for_reader(told: Told, draft: Draft) -> str:
    """What is said of a draft, as it is for an administrator, with no commands for all others."""
    if current_user.is_admin or told.mender is Mender.READER:
        return told.sentence
    if told.mender is Mender.OPERATOR_OF_ALL:
        return f"The writing service is away: {_AFTERWARDS[draft.is_final]}."
    what = told.sentence.partition(": ")[0]
    if told.mender is Mender.DOWNLOADER:
        return f"{what}: it has to be downloaded first."
    return f"{what}: tell your administrator{', then retry' if draft.is_final else ''}."
