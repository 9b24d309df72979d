"""How well "not in your brief" finds what a brief does not hold, on texts labelled by hand.

    make bench-facts

One line a kind, for the texts that the rules were made with and for those that were held back;
fails where a precision or recall is below its aim. Then what the whole card costs, by language:
milliseconds of CPU for 1,000 words, of which many more are facts here than in a usual text.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from smartcontent.texts.quality import Asked, card  # noqa: E402
from smartcontent.texts.quality.facts import compared  # noqa: E402

MARK = re.compile(r"\{([a-z]+):([^{}]+)\}")
AIMS = {"name": (0.8, 0.0)}
USUAL_AIM = (0.95, 0.98)
WORDS, TIMES = 1_000, 10
PARTS = {
    "the rules were made with": "facts",
    "held back until the rules were made": "facts/held",
    "in the manner of models, held back in the same way": "facts/last",
    "written last, before the last rules": "facts/unseen",
}


class Labelled(NamedTuple):
    """One text: its language, its brief, and the spans that the brief does not hold."""

    language: str
    brief: str
    text: str
    labels: list[tuple[str, int, int]]


def labelled(folder: Path) -> Iterator[Labelled]:
    for path in sorted(folder.glob("??.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            what, _, said = line.partition(": ")
            if what == "brief":
                brief = said
            elif what == "text":
                yield Labelled(path.stem, brief, *_without_marks(said.replace("\\n", "\n")))


def _without_marks(said: str) -> tuple[str, list[tuple[str, int, int]]]:
    text, labels, at = "", [], 0
    for mark in MARK.finditer(said):
        text += said[at : mark.start()]
        labels.append((mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        at = mark.end()
    return text + said[at:], labels


def judge(texts: list[Labelled], show: bool) -> bool:
    right, flagged, found, wanted = Counter(), Counter(), Counter(), Counter()
    for case in texts:
        asked = Asked(topic=case.brief, language=case.language)
        said, _ = compared(case.text, asked.texts, asked.topic, asked.languages)
        for one in said:
            hit = any(one.start < end and start < one.end for _, start, end in case.labels)
            flagged[one.kind] += 1
            right[one.kind] += hit
            if show and not hit:
                print(f"  wrongly {one.kind} {one.text!r} in {case.language} {case.text!r}")
        for kind, start, end in case.labels:
            hit = any(one.start < end and start < one.end for one in said)
            wanted[kind] += 1
            found[kind] += hit
            if show and not hit:
                print(f"  missed {kind} {case.text[start:end]!r} in {case.language} {case.text!r}")
    return _report(right, flagged, found, wanted)


def _report(right: Counter, flagged: Counter, found: Counter, wanted: Counter) -> bool:
    facts = set(wanted | flagged) - {"name"}
    for counts in (right, flagged, found, wanted):
        counts["all but names"] = sum(counts[kind] for kind in facts)
    reached = True
    for kind in [*sorted(facts), "all but names", "name"]:
        precision = right[kind] / flagged[kind] if flagged[kind] else 1.0
        recall = found[kind] / wanted[kind] if wanted[kind] else 1.0
        aim = AIMS.get(kind, USUAL_AIM)
        missed = kind in ("all but names", "name") and (precision < aim[0] or recall < aim[1])
        reached = reached and not missed
        print(
            f"{kind:14} precision {precision:.3f} of {flagged[kind]:3}"
            f"   recall {recall:.3f} of {wanted[kind]:3}{'   BELOW THE AIM' if missed else ''}"
        )
    return reached


def cost(texts: list[Labelled]) -> None:
    for language in sorted({case.language for case in texts}):
        cases = [case for case in texts if case.language == language]
        words = "\n\n".join(case.text for case in cases).split(" ")[:WORDS]
        topic = "\n".join(case.brief for case in cases)[:2_000]
        asked = Asked(topic, language, "product_description", "medium", ("tea", "pot"))
        took = []
        for number in range(TIMES):
            began = time.process_time()
            card(f"{' '.join(words)} {number}", asked)
            took.append(1_000 * (time.process_time() - began))
        print(
            f"card of {WORDS:,} words, {language}: {min(took):.0f} ms, the first {took[0]:.0f} ms"
        )


def main() -> None:
    show = "--show" in sys.argv
    reached, everything = True, []
    for name, folder in PARTS.items():
        texts = list(labelled(ROOT / "bench" / folder))
        print(f"{len(texts)} texts {name}")
        reached &= judge(texts, show)
        everything += texts
    cost(everything)
    sys.exit(not reached)


if __name__ == "__main__":
    main()
