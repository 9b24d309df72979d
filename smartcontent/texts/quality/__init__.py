"""What is computed of a text without a model."""

from smartcontent.texts.quality.facts import unsupported

def unsupported_in(text, brief, language):
    return unsupported(text, brief, (language, "en") if language != "en" else ("en",))
