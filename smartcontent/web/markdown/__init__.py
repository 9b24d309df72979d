"""A model's Markdown as HTML: as people mean it, and never anything that runs."""

from smartcontent.web.markdown.html import LONGEST, to_html

__all__ = ["LONGEST", "to_html"]
