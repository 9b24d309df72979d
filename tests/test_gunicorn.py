"""What gunicorn itself believes of a request, before the product sees it: nothing."""

import http.client
from collections.abc import Iterator

import pytest
from patience import PATIENCE

CLAIMS = [
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Protocol", "ssl"),
    ("X-Forwarded-Ssl", "on"),
    ("SCRIPT_NAME", "/sign"),
    ("PATH_INFO", "/nowhere"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "/evil"),
]


@pytest.fixture
def connection(web, founder) -> Iterator[http.client.HTTPConnection]:
    """To the web process from this machine, as a proxy's would be, and no proxy is trusted."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)
    yield connection
    connection.close()


@pytest.mark.parametrize(("name", "value"), CLAIMS)
def test_claim_of_an_untrusted_neighbour_changes_nothing(connection, name: str, value: str):
    connection.request("GET", "/sign-in", headers={name: value})
    answer = connection.getresponse()
    page = answer.read().decode()

    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert 'src="/static/app.js"' in page
    assert "evil" not in page
