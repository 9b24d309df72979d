"""Smart Content: briefs in, marketing texts out, written in the background by a local model."""
