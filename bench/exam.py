"""The writing exam: what a model makes of our prompts, by demands that need no judge.

    make exam                                  # 70 texts by the built-in demo model: has a baseline
    make exam MODEL=llama3.2                   # by a model of OLLAMA_HOST
    make exam FULL=1                           # all 315: three wordings and three seeds each
    make exam BRIEFS=20 LANGUAGES=en,de        # fewer
    make exam BRIEFS=35                        # one of each type and language: has a baseline
    make exam FULL=1 LANGUAGES=en              # all of one language: has a baseline

Prints how many of the demands were met, by kind and by language, with a 95 % interval, beside the
baseline in bench/exams/baseline.json, where that has one of the same selection; fails where a share
fell below the interval of that. SAVE=1 makes what was found the new baseline. The texts are kept in
the file TEXTS: what was written with the same request is not written again, so that checks can be
changed without the model.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from exams.briefs import Paper, papers  # noqa: E402
from exams.demands import demands_on  # noqa: E402
from exams.marking import Marks, Share, fell, read_baseline, write_baseline  # noqa: E402
from exams.writing import written  # noqa: E402
from parts.demo_model import demo_model  # noqa: E402

from smartcontent.ollama import Ollama  # noqa: E402

BASELINE = ROOT / "bench" / "exams" / "baseline.json"
WORST = 8  # demands that are named, of those that were missed most


@contextmanager
def chosen_model() -> Iterator[tuple[str, str]]:
    """The model that was named, at its server; else the demo model at one of its own."""
    model = os.environ.get("MODEL")
    if model:
        yield os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434", model
    else:
        with demo_model() as found:
            yield found


def chosen_papers() -> list[Paper]:
    languages = set(filter(None, os.environ.get("LANGUAGES", "").split(",")))
    found = papers(languages, bool(os.environ.get("FULL")))
    return found[: int(os.environ.get("BRIEFS") or len(found))]


def selection_of(chosen: list[Paper], model: str) -> str:
    """What has to be alike in two exams that are compared."""
    languages = sorted({paper.brief.language for paper in chosen})
    return f"{model}, {len(chosen)} texts, {' '.join(languages)}"


def marked(chosen: list[Paper], url: str, model: str) -> Marks:
    name = model.replace("/", "-").replace(":", "-")
    kept = Path(os.environ.get("TEXTS") or ROOT / "instance" / "exam" / f"{name}.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    marks = Marks()
    texts = written(chosen, model, Ollama(url), kept)
    for number, (paper, text) in enumerate(zip(chosen, texts, strict=True), 1):
        marks.count(demands_on(text, paper), paper.brief.language)
        print(f"\r{number} of {len(chosen)}: {paper.name:<60}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"The texts are in {kept}.")
    return marks


def table(shares: Mapping[str, Share], baseline: Mapping[str, Share]) -> Iterator[str]:
    yield f"{'':<22}{'met':>5}{'':>10}{'share':>6}   {'95 %':<14}{'baseline':>8}"
    for kind, share in shares.items():
        before = baseline.get(kind)
        beside = f"{before.value:>8.1%}" if before else ""
        if before and fell(share, before):
            beside += "   fell"
        yield f"{kind:<22}{share!s:<37}{beside}".rstrip()


def main() -> None:
    with chosen_model() as (url, model):
        chosen = chosen_papers()
        marks = marked(chosen, url, model)
    selection = selection_of(chosen, model)
    baseline = read_baseline(BASELINE, selection)
    print(selection, "" if baseline else "(there is no baseline for these)")
    print(*table(marks.shares, baseline), sep="\n")
    print("Missed most:")
    for name, times in marks.missed.most_common(WORST):
        print(f"{times:>6}   {name}")
    if os.environ.get("SAVE"):
        write_baseline(BASELINE, selection, marks.shares)
    if any(fell(share, baseline[kind]) for kind, share in marks.shares.items() if kind in baseline):
        sys.exit("A share fell below the interval of its baseline.")


if __name__ == "__main__":
    main()
