"""What figures may mean: "1.900" is 1900 to some, 1.9 to others."""

import re
from decimal import Decimal

from smartcontent.texts.remembering import remembered

# Grouped by threes or not, with decimals or not; vulgar fractions stand for themselves.
NUMERAL = r"(?:\d{1,3}(?:[ ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,']\d+)*[½¼¾]?|[½¼¾]|\d+ ?[½¼¾])"
_VULGAR = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_POINT_IS_DECIMAL = {"en", "ja", "ko", "zh-Hans", "hi", "ar"}
_GROUPS = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*")


@remembered(10_000)
def values(said: str, language: str) -> frozenset[Decimal]:
    """What the numeral means to readers of the language."""
    vulgar = _VULGAR.get(said[-1])
    if vulgar is not None:
        whole = said[:-1].strip()
        return frozenset(vulgar + value for value in (values(whole, language) if whole else {0}))
    separators = set(said) & set(".,")
    if len(separators) == 2:
        last = max(said.rfind("."), said.rfind(","))
        return _number(".".join(re.sub(r"\D", "", part) for part in (said[:last], said[last:])))
    thousands = "," if language in _POINT_IS_DECIMAL else "."
    grouped = _GROUPS.fullmatch(said)
    if grouped and (grouped[1] in f"{thousands} '" or said.count(grouped[1]) > 1):
        return _number(re.sub(r"\D", "", said))
    return _number(re.sub("[ ']", "", said).replace(",", "."))


def _number(digits: str) -> frozenset[Decimal]:
    if digits.count(".") > 1 or len(digits) > 30:  # a version, or no number that people read
        return frozenset()
    return frozenset({Decimal(digits).normalize()})
