"""Briefs that come again by a rule."""
