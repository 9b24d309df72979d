"""How a text feels, from VADER's lexicon of English words; no model is asked."""

import re
from functools import cache
from typing import NamedTuple

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


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
    sentences = [part for part in re.split(r"[.!?\n]+\s*", text) if re.search(r"\w", part)]
    if not sentences or not language.startswith("en"):
        return None
    score = sum(_analyzer().polarity_scores(s)["compound"] for s in sentences) / len(sentences)
    label = "positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral"
    return Sentiment(round(score, 3), label)
