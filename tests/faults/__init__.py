"""What happens to drafts when processes, stores and connections fail: real ones, really broken."""

import pytest

on_both = pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)
long_on_postgresql = pytest.mark.parametrize(
    "site", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
on_postgresql = pytest.mark.parametrize("site", ["postgresql"], indirect=True)
