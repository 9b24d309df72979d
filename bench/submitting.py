"""How soon a submitted brief is answered: the form of a real web process, on SQLite.

make bench-submitting
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import SECRET, Valkey, make_user, upgrade  # noqa: E402
from processes import Browser, Processes  # noqa: E402

from smartcontent import create_app  # noqa: E402

BRIEFS = 25  # fewer than one person may submit in a minute


def main() -> None:
    """Print how long the answers took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valkey = Valkey(folder)
        settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
            "REDIS_URL": valkey.url,
            "OLLAMA_HOST": "127.0.0.1:1",
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": name,
        }
        upgrade(settings["DATABASE_URL"], folder)
        with create_app(**settings).app_context():
            make_user("ada@example.org", is_admin=True, is_founder=True)
        processes = Processes(settings, folder).start("web")
        try:
            browser = Browser(processes.url).sign_in("ada@example.org")
            took = sorted(_milliseconds(browser) for _ in range(BRIEFS))
        finally:
            processes.stop()
            valkey.kill()
    print(f"{BRIEFS} briefs: half within {median(took):.0f} ms, the slowest {took[-1]:.0f} ms")


def _milliseconds(browser: Browser) -> float:
    """For the page's token and the answer to the form."""
    began = time.perf_counter()
    browser.submit()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
