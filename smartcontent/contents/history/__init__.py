"""The history of a content: who did what, when, by which door."""
