"""How easily a text reads: a formula made for its language, or LIX where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from smartcontent.texts.quality.syllables import syllables

WORDS_LEAST = 100  # of a caption the formulas say nothing
_LONG = 6  # letters; LIX counts the words with more


@dataclass(frozen=True)
class Formula:
    """A score from words a sentence and syllables a word; higher is easier."""

    name: str
    constant: float
    a_sentence: float
    a_word: float


FORMULAS = {
    "en": Formula("Flesch", 206.835, 1.015, 84.6),
    "de": Formula("Amstad", 180.0, 1.0, 58.5),
    "es": Formula("Fernández-Huerta", 206.84, 1.02, 60.0),
    "fr": Formula("Kandel-Moles", 207.0, 1.015, 73.6),
}
LIX_LANGUAGES = frozenset({"it", "pt", "nl", "pl", "uk", "tr", "id"})
# From which score it reads so; LIX runs the other way.
_EASE = ((80, "very easy"), (60, "easy"), (45, "fairly hard"), (30, "hard"))
_LIX = ((30, "very easy"), (40, "easy"), (50, "fairly hard"), (60, "hard"))


@dataclass(frozen=True)
class Grade:
    """A formula, what it gives, and how that reads."""

    formula: str
    value: float
    reads: str


def grade(words: Sequence[str], sentences: int, language: str) -> Grade | None:
    """None for less than a hundred words, and where no formula fits the language."""
    if len(words) < WORDS_LEAST or not sentences:
        return None
    a_sentence = len(words) / sentences
    if formula := FORMULAS.get(language):
        a_word = sum(syllables(word, language) for word in words) / len(words)
        value = formula.constant - formula.a_sentence * a_sentence - formula.a_word * a_word
        reads = next((reads for least, reads in _EASE if value >= least), "very hard")
        return Grade(formula.name, round(value, 1), reads)
    if language in LIX_LANGUAGES:
        value = a_sentence + 100 * sum(len(word) > _LONG for word in words) / len(words)
        reads = next((reads for most, reads in _LIX if value < most), "very hard")
        return Grade("LIX", round(value, 1), reads)
    return None
