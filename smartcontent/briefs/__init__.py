"""What a marketer can ask for, and how it is read and checked."""

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.briefs.form import Brief, BriefForm, title_from, too_long, with_plain_line_ends
from smartcontent.briefs.from_json import Errors, brief_from_json, settings_from_json

__all__ = [
    "CONTENT_TYPES",
    "LANGUAGES",
    "LENGTHS",
    "TONES",
    "Brief",
    "BriefForm",
    "Errors",
    "brief_from_json",
    "settings_from_json",
    "title_from",
    "too_long",
    "with_plain_line_ends",
]
