"""What is stored, and the rules of the product about it."""

from smartcontent.models.accounts import ApiToken, User
from smartcontent.models.asking import Asking
from smartcontent.models.batch import Batch
from smartcontent.models.bulk import BulkAct, BulkStep
from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.history import HistoryLine, What
from smartcontent.models.moments import now
from smartcontent.models.reading_ahead import Reading
from smartcontent.models.repair import Repair, RepairKind
from smartcontent.models.saved_view import SavedView
from smartcontent.models.series import Series
from smartcontent.models.share import Review, Share, Verdict
from smartcontent.models.status import FINAL, UNFINISHED, Origin, Status
from smartcontent.models.tag import Tag
from smartcontent.models.template import KeptTemplate
from smartcontent.models.unsaved import UnsavedEdit
from smartcontent.models.voice import KeptVoice

__all__ = [
    "FINAL",
    "UNFINISHED",
    "ApiToken",
    "Asking",
    "Batch",
    "BulkAct",
    "BulkStep",
    "Content",
    "Draft",
    "HistoryLine",
    "KeptTemplate",
    "KeptVoice",
    "Origin",
    "Reading",
    "Repair",
    "RepairKind",
    "Review",
    "SavedView",
    "Series",
    "Share",
    "Status",
    "Tag",
    "UnsavedEdit",
    "User",
    "Verdict",
    "What",
    "now",
]
