"""A body that names a template: what the template says stands for what was not sent."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from smartcontent.briefs.template import THROUGH, Template
from smartcontent.contents import templates
from smartcontent.fields import read
from smartcontent.web.api.access import user_id
from smartcontent.web.api.call import not_accepted
from smartcontent.web.problems import Problem


def through_template(sent: dict[str, Any]) -> dict[str, Any]:
    """The body with the filled brief of the template it names, if it names one.

    Raises:
        Problem: there is no such template for the user (404), or a blank is left (422).
    """
    own = {name: value for name, value in sent.items() if value is not None}
    brief = _filled(sent)
    return sent if brief is None else brief | own


def brief_through_template(sent: dict[str, Any]) -> dict[str, Any]:
    """The same of a body whose brief stands in a field of its own.

    Raises:
        Problem: there is no such template for the user (404), or a blank is left (422).
    """
    brief, own = _filled(sent), sent.get("brief")
    if brief is None or not isinstance(own, dict | None):
        return sent
    return sent | {"brief": brief | (own or {})}


def _filled(sent: Mapping[str, Any]) -> dict[str, Any] | None:
    template = chosen_template(sent)
    if template is None:
        return None
    brief, errors = template.filled(sent.get("values") or {})
    if errors:
        raise not_accepted({f"values.{name}": said for name, said in errors.items()})
    return brief


def chosen_template(sent: Mapping[str, Any]) -> Template | None:
    """The template that a body names.

    Raises:
        Problem: it is not there, or not for the user (404); or what was sent is no id (422).
    """
    named, errors = read(THROUGH, sent)
    if errors:
        raise not_accepted(errors)
    if "template_id" not in named:
        return None
    template = templates.seen_by(user_id(), UUID(named["template_id"]))
    if template is None:
        sentence = "Template_id must be the id of a template of yours, or of a shared one."
        raise Problem(404, sentence, {"template_id": [sentence]})
    return template
