"""One act on many contents: on some by their ids, or on all that match, step by step."""
