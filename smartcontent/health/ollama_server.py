"""Does Ollama answer, and has it the model that writes?"""

from flask import current_app

from smartcontent.health.finding import Finding, degraded, down, ok
from smartcontent.ollama import OllamaError
from smartcontent.ollama.configured import ollama
from smartcontent.progress.readiness import Stage, last_found


def check_ollama() -> Finding:
    """The server answers and has the configured Ollama model, or gets it at the moment."""
    model = current_app.config["OLLAMA_MODEL"]
    try:
        has_model = ollama().has_model(model)
    except OllamaError as error:
        return down(*_parts(str(error)))
    if not has_model:
        return _missing(model)
    if current_app.config["SMARTCONTENT_DEMO_MODEL"]:
        return ok(f"the built-in demo model {model} writes; OLLAMA_HOST names a better one")
    return ok(f"the model {model} is there")


def _parts(sentence: str) -> tuple[str, str]:
    """Cause and remedy: Ollama's sentences say what happened, and after the colon what to do."""
    cause, _, remedy = sentence.rstrip(".").partition(": ")
    return cause, remedy.removesuffix(", then retry")


def _missing(model: str) -> Finding:
    found = last_found(model)
    if found and found.stage is Stage.PULLING:
        cause, remedy = _parts(found.sentence)
        usual = "wait: the scheduler's log shows how far it is"
        return degraded(cause.partition("; ")[0], remedy or usual)
    if found and found.stage is Stage.PROBLEM:
        return down(*_parts(found.sentence))
    if current_app.config["OLLAMA_PULL"]:
        return down(
            f"the model {model} is not on the Ollama server, and nobody downloads it",
            "start a scheduler with `python scheduler.py`",
        )
    return down(f"the model {model} is not on the Ollama server", f"run `ollama pull {model}`")
