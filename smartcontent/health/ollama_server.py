"""Does Ollama answer, and has it the model that writes?"""

from flask import current_app

from smartcontent import writing
from smartcontent.health.finding import Finding, down, ok
from smartcontent.ollama import OllamaError


def check_ollama() -> Finding:
    """The server answers and has the configured Ollama model."""
    model = current_app.config["OLLAMA_MODEL"]
    try:
        has_model = writing.ollama().has_model(model)
    except OllamaError as error:
        # Its sentences say what happened, and after the colon what to do.
        cause, _, remedy = str(error).rstrip(".").partition(": ")
        return down(cause, remedy.removesuffix(", then retry"))
    if not has_model:
        return down(f"the model {model} is not on the Ollama server", f"run `ollama pull {model}`")
    if current_app.config["SMARTCONTENT_DEMO_MODEL"]:
        return ok(f"the built-in demo model {model} writes; OLLAMA_HOST names a better one")
    return ok(f"the model {model} is there")
