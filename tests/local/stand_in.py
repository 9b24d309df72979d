"""A stack of stand-in processes under the real supervisor: python stand_in.py HOME SCENARIO.

Each process leaves a file named after its number, by which a test can look whether it has ended.
"""

import os
import sys
from pathlib import Path
from typing import Any

from smartcontent.local import supervisor as supervising
from smartcontent.local.home import owned
from smartcontent.local.log import Log
from smartcontent.local.supervisor import Part, Supervisor, stop_on_signals
from smartcontent.local.tether import end_with_make

_START = """
import os, signal, subprocess, sys, time
def end(*_):
    print("ends"); sys.exit(0)
def here(pid=os.getpid()):
    open(str(pid), "w").close()
"""
_STEADY = "signal.signal(signal.SIGTERM, end); print('starts'); here(); time.sleep(600)"
_STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN); here(); time.sleep(600)"
_PARENT = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("parent", "w").write(str(os.getpid()))
here(child.pid); here(); time.sleep(600)
"""
_DYING = "here(); sys.exit(3)"
_KILLED = "here(); os.kill(os.getpid(), 9)"
_ONCE = "time.sleep(0.3); print('migrated')"


def _is_here(pid: int) -> bool:
    return (Path(sys.argv[1]) / str(pid)).exists()


def _part(name: str, code: str, **more: Any) -> Part:
    return Part(name, (sys.executable, "-u", "-c", _START + code), ready=_is_here, **more)


_BASE = _part("redis", _STEADY, round=2)
_WEB = _part("web", _STEADY, hello="ready")
SCENARIOS = {
    "steady": [_BASE, _WEB],
    "stubborn": [
        _part("redis", _STUBBORN, round=2),
        _part("model", _STUBBORN, round=1),
        _part("worker", _STUBBORN),
        _WEB,
    ],
    "patient": [_part("redis", _STUBBORN, round=2), _WEB],
    "parent": [_BASE, _part("worker", _PARENT), _WEB],
    "dying": [_BASE, _WEB, _part("worker", _DYING)],
    "killed": [_BASE, _WEB, _part("worker", _KILLED)],
    "migrated": [_BASE, _part("migrate", _ONCE, once=True), _WEB],
    "wanting": [
        _BASE,
        Part(
            "scheduler",
            (sys.executable, "-u", "-c", _START + _STEADY),
            ready=lambda _pid: (Path(sys.argv[1]) / "model").exists(),
            hello="complete",
            until_then="No text can be written yet.",
        ),
    ],
    "not_migrated": [_BASE, _part("migrate", _DYING, once=True), _WEB],
}


def main() -> int:
    end_with_make()
    home, scenario = Path(sys.argv[1]), sys.argv[2]
    supervising.LAST_WORDS_SECONDS = supervising.STILL_SECONDS = 600.0
    if scenario != "stubborn":  # what ends when it is asked to may take its time
        supervising.GRACE_SECONDS = (600.0, 600.0, 600.0)
    if scenario == "wanting":
        supervising.STILL_SECONDS = supervising._LOOK_LATER_SECONDS = 0.1
    with owned(home):
        supervisor = Supervisor(Log(sys.stdout), os.environ, home)
        stop_on_signals(supervisor)
        return supervisor.run(SCENARIOS[scenario])


if __name__ == "__main__":
    sys.exit(main())
