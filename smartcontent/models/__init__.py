"""What is stored, and the rules of the product about it."""

from smartcontent.models.accounts import ApiToken, User
from smartcontent.models.columns import now
from smartcontent.models.content import Content
from smartcontent.models.draft import FINAL, UNFINISHED, Draft, Origin, Status
from smartcontent.models.repair import Repair, RepairKind

__all__ = [
    "FINAL",
    "UNFINISHED",
    "ApiToken",
    "Content",
    "Draft",
    "Origin",
    "Repair",
    "RepairKind",
    "Status",
    "User",
    "now",
]
