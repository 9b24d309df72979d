"""What every answer carries, whoever made it: a page, a file, the API, a stream, an error."""

import pytest

from smartcontent.models import ApiToken


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/static/app.js", "/nowhere", "/healthz", "/api/v1/contents", "/api/v1/nowhere"),
        *("/admin/rq/", "/metrics", "/account", "/events", "/api/v1/events"),
    ],
)
def test_no_other_site_may_embed_an_answer_and_none_may_ask_for_devices(as_ada, ada, path: str):
    headers = {"Authorization": f"Bearer {ApiToken.issue(ada, 'x')[1]}"}

    answer = as_ada.get(path, headers=headers, buffered=False)
    answer.close()

    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = answer.headers["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
