"""How a text feels, from VADER's lexicon of English words; no model is asked."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from string import punctuation
from typing import NamedTuple

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

# VADER's time grows with the square of a sentence's length. How a text feels shows in its first
# pages, and in the beginning of what has no full stop for a page.
TEXT_SCORED = 10_000
SENTENCE_SCORED = 500
SENTENCES_SCORED = 1_000  # of ten characters each: what has more is no prose


class Sentiment(NamedTuple):
    """A score from -1 (negative) to 1 (positive), and its label."""

    score: float
    label: str


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def sentiment_of(text: str, language: str) -> Sentiment | None:
    """The mean over the text's sentences; None where the lexicon cannot tell.

    VADER scores sentences: over a whole article its sum saturates at ±1. It knows English only.
    The thresholds of ±0.05 are the ones its authors give.
    """
    if not language.startswith("en"):
        return None
    parts = islice(_sentences(text), SENTENCES_SCORED)
    scores = [_score(part) for part in parts]
    if not scores:
        return None
    score = sum(scores) / len(scores)
    label = "positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral"
    return Sentiment(round(score, 3), label)


def _score(sentence: str) -> float:
    """None of the lexicon's words, and no emoji, which it reads as words: nothing to be scored."""
    words = {form for word in sentence.lower().split() for form in (word, word.strip(punctuation))}
    known = _analyzer()
    if known.lexicon.keys().isdisjoint(words) and known.emojis.keys().isdisjoint(sentence):
        return 0.0
    return float(known.polarity_scores(sentence)["compound"])


def _sentences(text: str) -> Iterator[str]:
    for part in re.split(r"[.!?\n]+", text[:TEXT_SCORED]):
        if re.search(r"\w", part[:SENTENCE_SCORED]):
            yield part[:SENTENCE_SCORED]
