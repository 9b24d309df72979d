"""Batches: many briefs submitted as one, from a table."""
