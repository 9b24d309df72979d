"""What is installed is what was locked: every file is checked by its hash before it may run."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

LOCKS = sorted(ROOT.glob("requirements*.txt"))
INSTALL = ROOT / "smartcontent" / "local" / "install.py"
UNCHECKED = re.compile(r"\bpip install (?!.*--require-hashes)\S.*-r ")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_its_hashes(lock: Path):
    requirements = re.split(r"\n(?! )", lock.read_text().strip())

    assert lock.with_suffix(".in").exists()
    for requirement in requirements:
        assert re.match(r"[\w.-]+==[\w.]+ ", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement


def test_make_installs_nothing_unchecked():
    targets = [".venv/.installed", ".venv/.installed-dev"]
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", *targets],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    installs = [line for line in shown.stdout.splitlines() if "install.py" in line]

    assert len(installs) == 3
    assert all("--require-hashes" in line for line in installs)


def test_neither_the_image_nor_the_documents_install_unchecked():
    documents = [ROOT / "Dockerfile", ROOT / "README.md", *ROOT.glob("docs/*.md")]
    texts = [document.read_text().replace("\\\n", "") for document in documents]

    assert [line for text in texts for line in text.splitlines() if UNCHECKED.search(line)] == []


@pytest.mark.parametrize("lock", ["harmless==1", "harmless==1 --hash=sha256:" + "0" * 64])
def test_package_that_is_not_the_locked_one_is_not_installed(lock: str, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "harmless-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("harmless.py", "")
        wheel.writestr("harmless-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: harmless\n")
    (tmp_path / "lock.txt").write_text(f"{lock}\n")
    arguments = ["--require-hashes", "--no-index", "--find-links", tmp_path, "--target", tmp_path]

    done = subprocess.run(
        [sys.executable, INSTALL, *arguments, "-r", tmp_path / "lock.txt"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "hash" in done.stdout.lower()
    assert not (tmp_path / "harmless.py").exists()
