"""How soon a submitted brief is answered, with Redis there, silent and away: a form, on SQLite.

make bench-submitting
"""

import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import NO_QUOTAS, SECRET, Valkey, make_user, upgrade  # noqa: E402
from processes import Browser, Processes  # noqa: E402

from smartcontent.app import create_app  # noqa: E402

BRIEFS = 12  # in each state of Redis


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
            **NO_QUOTAS,
        }
        upgrade(settings["DATABASE_URL"], folder)
        with create_app(**settings).app_context():
            make_user("ada@example.org", is_admin=True, is_founder=True)
        processes = Processes(settings, folder).start("web")
        try:
            browser = Browser(processes.url).sign_in("ada@example.org")
            there = _measure(browser, "Redis there")
            valkey.process.send_signal(signal.SIGSTOP)
            silent = _measure(browser, "Redis silent")
            valkey.kill()
            away = _measure(browser, "Redis away")
        finally:
            processes.stop()
            valkey.kill()
    print(f"silent : there {silent / there:.1f}, away : there {away / there:.1f}")


def _measure(browser: Browser, state: str) -> float:
    """The median of the answers in milliseconds; printed with the slowest."""
    took = sorted(_milliseconds(browser) for _ in range(BRIEFS))
    print(f"{state}: half of {BRIEFS} within {median(took):.0f} ms, the slowest {took[-1]:.0f} ms")
    return median(took)


def _milliseconds(browser: Browser) -> float:
    """For the page's token and the answer to the form."""
    began = time.perf_counter()
    browser.submit()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
