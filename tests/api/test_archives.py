"""The archive of an account, as scripts have it."""

import io

from smartcontent.contents import ending

FORM = "multipart/form-data"


def test_api_has_the_same(script, bobs_script, content):
    ending.cancel(content.current)
    away = script.get("/account/archive")
    parts = {"file": (io.BytesIO(away.data), "ada.zip")}

    taken = bobs_script.call("POST", "/account/archive", data=parts, content_type=FORM)

    none = dict.fromkeys(("voices", "templates", "series", "views", "already_there"), 0)
    assert taken.json == {"contents": 1, **none}
    assert [each["title"] for each in bobs_script.get("/contents").json["items"]] == ["A teapot"]
    refused = bobs_script.call("POST", "/account/archive", data={}, content_type=FORM)
    assert refused.status_code == 422
    assert "Choose the ZIP, or the Markdown" in refused.json["detail"]
    assert bobs_script.post("/account/archive", {}).status_code == 415
    parts = {"file": (io.BytesIO(away.data), "x" * 20_000)}
    refused = bobs_script.call("POST", "/account/archive", data=parts, content_type=FORM)
    assert refused.status_code == 400
