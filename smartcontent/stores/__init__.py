"""The two stores, and all that is particular about their drivers."""
