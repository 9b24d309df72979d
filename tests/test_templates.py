"""Templates can be read."""

from conftest import ROOT

LONGEST = 160  # characters


def test_no_line_of_a_template_is_too_long_to_read():
    too_long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)}"
        for path in (ROOT / "smartcontent" / "templates").rglob("*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST
    ]

    assert too_long == []
