"""What administrators see."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the administrators' pages."""
