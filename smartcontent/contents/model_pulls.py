"""Having a model downloaded to the Ollama server, and who may ask for it."""

from smartcontent.models import User
from smartcontent.models.download import Download
from smartcontent.ollama.configured import is_usual


class ForAdministrators(Exception):
    """Only an administrator may ask for this model; the text is for people."""


def want_model(model: str, user: User) -> None:
    """Have a model downloaded to the Ollama server: the drafts that need it wait for it.

    Raises:
        ForAdministrators: it is not the usual one, and the user is none of them.
    """
    # Anybody's brief may name any model, and each takes gigabytes of the server's disk.
    if not is_usual(model) and not user.is_admin:
        raise ForAdministrators(f"Ask an administrator to download {model}.")
    Download.want(model)
