"""Runs a module of this package without the product: python smartcontent/local/apart.py local.

Importing `smartcontent` imports all of Flask and SQLAlchemy, seconds that the first page of
`make run` would wait for twice. Here it is a package of the same folder with nothing in it.
"""

import runpy
import sys
from pathlib import Path
from types import ModuleType


def leave_the_product_out() -> None:
    """Have `smartcontent` stand for its folder from now on, and not for what importing it does."""
    hollow = ModuleType("smartcontent")
    hollow.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["smartcontent"] = hollow


if __name__ == "__main__":
    del sys.path[0]  # this folder: its modules would hide those of others
    leave_the_product_out()
    del sys.argv[0]
    runpy.run_module(f"smartcontent.{sys.argv[0]}", run_name="__main__", alter_sys=True)
