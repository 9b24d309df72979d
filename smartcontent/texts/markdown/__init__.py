"""A model's Markdown as HTML: as people mean it, and never anything that runs."""

from smartcontent.texts.markdown.bounds import LONGEST
from smartcontent.texts.markdown.html import AS_TYPED, to_html, to_text

__all__ = ["AS_TYPED", "LONGEST", "to_html", "to_text"]
