"""Brief in, messages out: pure functions, and one template file per content type beside them."""

import math
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from smartcontent.briefs.brief import Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES
from smartcontent.briefs.voice import Voice
from smartcontent.texts.counting import wanted_size

# Tokens a word takes: common tokenizers were made for English and cut other scripts finely.
_TOKENS_A_WORD = {"en": 1.5, "hi": 5.0, "ar": 4.0, "uk": 4.0, "ja": 3.0, "ko": 4.0, "zh-Hans": 2.5}
_TOKENS_A_WORD_ELSEWHERE = 2.2

# What looks like a chat template's own mark, <|im_end|> or [INST], would end the user's turn:
# llama.cpp reads such marks as tokens wherever they stand. All that are taken out of an answer.
_IN_BRACKETS = r"g?[A-Z_]+|(?:BEGIN|END) FINAL RESPONSE|end of text|think(?:ing)?|thought|reasoning"
_CHAT_MARK = re.compile(rf"[<＜](?=[|｜/A-Za-z_]|0x)|◁(?=/?\w)|\[(?=\||/?(?:{_IN_BRACKETS})\])")


def without_chat_marks(text: str) -> str:
    """The text with every mark of a chat broken, so that a model reads it as text."""
    return _CHAT_MARK.sub(r"\g<0> ", text)


def quoted(text: str) -> str:
    """The user's words with a ">" before every line, so that none can pass for one of ours."""
    lines = without_chat_marks(text).splitlines() or [""]
    return "\n".join(f"> {line}".rstrip() for line in lines)


# What comes out is Markdown for a model, not HTML for a browser.
_templates = Environment(  # noqa: S701
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["quoted"] = quoted


def messages_for(brief: Brief) -> list[dict[str, str]]:
    """The chat that asks for the brief's text: rules, one worked example, the brief.

    The example is in English, so only English texts get it: small models would copy its language.
    """
    parts = {"system": "system", "example": "user", "example_text": "assistant", "brief": "user"}
    if brief.language != "en":
        parts = {"system": "system", "brief": "user"}
    return [{"role": role, "content": _render(part, brief)} for part, role in parts.items()]


def _render(part: str, brief: Brief) -> str:
    template = _templates.get_template(f"{brief.content_type}.md.j2")
    return template.render(
        part=part,
        brief=brief,
        kind=CONTENT_TYPES[brief.content_type],
        language=LANGUAGES[brief.language],
        wanted_length=_wanted_length(brief),
    ).strip()


def how_it_sounds(voice: Voice) -> str:
    """What whoever rewrites a text is told of the brand's voice; without its samples."""
    template: Any = _templates.get_template("voice.md.j2").module
    return str(template.sounds_like(voice)).strip()


def _wanted_length(brief: Brief) -> str:
    return str(wanted_size(brief.content_type, brief.length, brief.language))


def options_for(brief: Brief) -> dict[str, Any]:
    """Ollama's options for the brief; num_ctx and the user's own settings are the caller's.

    Found by trial with a model of 135 million parameters: cooler, it falls into loops; warmer, it
    wanders off. Larger models do well with the same.
    """
    _, most = CONTENT_TYPES[brief.content_type].words[brief.length]
    tokens_a_word = _TOKENS_A_WORD.get(brief.language, _TOKENS_A_WORD_ELSEWHERE)
    return {
        # Half as much again, and the Markdown: a limit for runaways, not what sets the length.
        "num_predict": math.ceil(1.5 * most * tokens_a_word) + 64,
        "temperature": 0.5,
        "top_p": 0.9,
        "min_p": 0.05,
        "repeat_penalty": 1.05,
    }


def estimated_tokens(messages: list[dict[str, str]]) -> int:
    """How many tokens the messages take at most, without asking a model; rather too many."""
    return sum(_estimated(message["content"]) for message in messages)


def _estimated(text: str) -> int:
    plain = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode()) - plain
    # The chat template adds a few tokens of its own to each message.
    return math.ceil(plain / 3.3 + other_bytes / 1.7) + 8
