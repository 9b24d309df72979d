"""What a model reads for a batch: 20 product descriptions one after another, in two orders.

Of each prompt it reads what follows the part that is the same as in the one before. Beside our
order, in which what does not change comes first, stands the one with the brief before the worked
example; each with the same wishes for all texts, and with wishes of their own. On the built-in demo
model in this process, which says how many tokens it knew. With room for one word: what is written
costs the same in any order.

    make bench-batch
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from smartcontent.briefs.brief import Brief  # noqa: E402
from smartcontent.local.model import Model  # noqa: E402
from smartcontent.local.model_file import DEMO_NAME, ModelFile, demo_path  # noqa: E402
from smartcontent.prompts import messages_for  # noqa: E402

TEXTS = 20
Messages = list[dict[str, str]]
GOODS = ("teapot", "kettle", "cup", "bowl", "vase")
MATERIALS = ("blue glass", "brushed steel", "grey stoneware", "walnut")


def briefs(own_wishes: bool) -> list[Brief]:
    """As rows of a table: topic, readers and keywords of their own."""
    return [_brief(number, own_wishes) for number in range(TEXTS)]


def _brief(number: int, own_wishes: bool) -> Brief:
    thing, material = GOODS[number % len(GOODS)], MATERIALS[number % len(MATERIALS)]
    brief = Brief(
        "product_description",
        f"Number {number + 10}, a {thing} of {material}: {number + 3} decilitres, made by hand",
        audience=f"People who collect {thing}s",
        keywords=(thing, material),
        instructions="Name the guarantee of two years. Do not mention a price.",
    )
    wishes = f"{number + 2} sentences about the {thing}. {brief.instructions}"
    return replace(brief, instructions=wishes) if own_wishes else brief


def brief_first(messages: Messages) -> Messages:
    """The same with all but the topic in front of the worked example."""
    system, *example, request = messages
    what, rest = request["content"].split("\n", 1)
    details, topic = rest.split("Topic:\n", 1)
    return [
        system | {"content": f"{system['content']}\n\n{details.strip()}"},
        *example,
        request | {"content": f"{what} Topic:\n{topic}"},
    ]


ORDERS: dict[str, Callable[[Messages], Messages]] = {
    "the brief before the example": brief_first,
    "what does not change first": lambda messages: messages,
}


def read(model: Model, messages: Messages) -> tuple[int, int]:
    """Tokens that were read, and tokens there are."""
    timings: dict[str, Any] = {}

    def take(chunk: dict[str, Any]) -> bool:
        timings.update(chunk.get("timings", {}))
        return False

    model.write({"messages": messages, "n_predict": 1, "seed": 1}, take)
    return int(timings["prompt_n"]), int(timings["prompt_n"] + timings["cache_n"])


def batch(model: Model, own_wishes: bool, order: Callable[[Messages], Messages]) -> str:
    began = time.monotonic()
    counts = [read(model, order(messages_for(brief))) for brief in briefs(own_wishes)]
    seconds = time.monotonic() - began
    were_read, there = (sum(column) for column in zip(*counts, strict=True))
    return f"{were_read:>8,}{there:>10,}{were_read / there:>8.0%}{seconds:>9.1f}"


def main() -> None:
    path = demo_path()
    assert path, "the built-in model is not installed: run `make install`"
    model = Model(ModelFile(path, DEMO_NAME))
    model.load(lambda percent: None)
    print(f"{f'{TEXTS} product descriptions':<44}{'read':>8}{'tokens':>10}{'':>8}{'seconds':>9}")
    for own_wishes in (False, True):
        for name, order in ORDERS.items():
            # What another batch left in the cache is not this one's.
            read(model, [{"role": "user", "content": "Tea."}])
            wishes = "own wishes" if own_wishes else "same wishes"
            print(f"{f'{name}, {wishes}':<44}{batch(model, own_wishes, order)}", flush=True)


if __name__ == "__main__":
    main()
