"""Templates that a user may fill: built-in ones, one's own, and those that others share."""

from uuid import UUID

from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.briefs.template import Template
from smartcontent.models.template import KeptTemplate


def seen_by(user_id: int, its_id: UUID) -> Template | None:
    """One that the user may fill; None also where it is somebody else's and not shared."""
    if its_id in BUILT_IN:
        return BUILT_IN[its_id]
    kept = KeptTemplate.find(user_id, its_id)
    return kept.template if kept else None


def names(user_id: int) -> list[tuple[str, str]]:
    """Ids and names of all that the user may fill, those that people made first."""
    kept = [(str(its_id), name) for its_id, name in KeptTemplate.names(user_id)]
    return [*kept, *((template.id, template.name) for template in BUILT_IN.values())]
