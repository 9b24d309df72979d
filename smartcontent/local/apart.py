"""Runs a module of this package without the product: python smartcontent/local/apart.py local.

Importing `smartcontent` imports all of Flask and SQLAlchemy, seconds that the first page of
`make run` would wait for twice. Here the package is `local`, beside the product.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # Last, so that no module of the product hides one of the standard library.
    sys.path[:] = [*sys.path[1:], str(Path(__file__).resolve().parents[1])]
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
