"""The quality card of a text: what is computed without a model and without a network."""

from smartcontent.texts.quality.card import Asked, Card, card

__all__ = ["Asked", "Card", "card"]
