"""What `make install` shows of pip."""

import os
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
from conftest import wait_until

from smartcontent.local import install
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


def test_nothing_goes_on_after_ctrl_c(tmp_path, monkeypatch, capsys):
    def interrupted():
        yield "Collecting flask"
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    before = threading.active_count()

    with pytest.raises(KeyboardInterrupt):
        Progress(tmp_path).follow(interrupted())

    assert threading.active_count() <= before  # one of another test may end meanwhile


def test_progress_goes_on_where_pip_removes_a_folder_meanwhile(tmp_path, monkeypatch, capsys):
    def gone(*_):
        raise FileNotFoundError

    def lines():
        yield "Downloading xllamacpp-1.whl (33.8 MB)"
        wait_until(lambda: "xllamacpp: 0.0 MB of 33.8 MB" in capsys.readouterr().out)

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(Path, "rglob", gone)
    Progress(tmp_path).follow(lines())


def test_pip_may_speak_in_any_encoding(tmp_path):
    (tmp_path / "pip.py").write_text("import os; os.write(1, b'Sch\\xf6n\\n'); os._exit(1)")
    settings = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"}

    shown = subprocess.run(
        [sys.executable, install.__file__, "x"], env=settings, capture_output=True
    )

    assert (shown.stdout.splitlines()[-1:], shown.stderr) == ([b"Sch\\xf6n"], b"")


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
