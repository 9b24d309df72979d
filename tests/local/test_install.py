"""What `make install` shows of pip."""

from io import StringIO
from pathlib import Path

import pytest

from smartcontent.local.install import Progress

PIP = """\
Looking in links: /somewhere
Collecting flask==3.1.3
  Downloading flask-3.1.3-py3-none-any.whl (103 kB)
Requirement already satisfied: click in ./lib
  Downloading https://files.example/xllamacpp-2026.10.11549-cp310-abi3-manylinux.whl (33.8 MB)
Installing collected packages: flask, xllamacpp
"""


def test_only_what_takes_long_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Progress(tmp_path).follow(StringIO(PIP))

    assert capsys.readouterr().out == "downloading xllamacpp (33.8 MB)\ninstalling\n"


@pytest.mark.parametrize(
    "said",
    [
        "after connection broken by 'NewConnectionError(\"Connection(host='pypi.org', port=443)",
        "after connection broken by 'ProxyError('Cannot connect to proxy.', …)': /simple/flask/",
        "after connection broken by 'ReadTimeoutError(…host='pypi.org'…): Read timed out.",
        "ConnectionResetError(104, 'Connection reset by peer')",
        "[Errno -3] Temporary failure in name resolution",
    ],
)
def test_missing_connection_is_one_sentence_without_what_pip_says(tmp_path, capsys, said):
    progress = Progress(tmp_path)
    progress.follow(StringIO(f"WARNING: Retrying {said}\nERROR: No matching distribution found\n"))

    progress.explain()

    shown = capsys.readouterr().out
    assert shown.startswith("The packages could not be downloaded")
    assert shown.count("\n") == 1
    assert "ERROR" not in shown
    assert (" from pypi.org:" in shown) == ("pypi" in said)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("connection broken by 'SSLError(SSLCertVerificationError(1, …))'", "export PIP_CERT"),
        ("ERROR: Could not find a version of flask==3.1.3 (from versions: none)", "sign in first"),
        ("ERROR: … an OSError: [Errno 28] No space left on device", "the disk is full"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence_that_says_what_to_do(
    tmp_path, capsys, said, advice
):
    progress = Progress(tmp_path)
    progress.follow(StringIO(f"{PIP}{said}\nERROR: (from versions: none)\n"))

    progress.explain()

    *_, shown, end = capsys.readouterr().out.split("\n")
    assert advice in shown
    assert (shown.startswith("The packages could not be downloaded"), end) == (True, "")


def test_failure_shows_what_pip_said_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(tmp_path)
    progress.follow(StringIO("Collecting nothing\nERROR: No matching distribution found\n"))

    progress.explain()

    assert "ERROR: No matching distribution found" in capsys.readouterr().out
