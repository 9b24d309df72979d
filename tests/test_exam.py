"""The writing exam: what it asks for, how it marks, and that a text is written but once."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "bench"))

from exams.briefs import WORDINGS, papers
from exams.demands import demands_on
from exams.marking import ALL, Marks, Share, fell, read_baseline, write_baseline
from exams.writing import Text, written

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.ollama import Ollama
from smartcontent.prompts import messages_for

GOOD = """**Shirts at the door**

Too tired for the laundry? We fetch your shirts, wash them, and bring them back within 24 hours, \
ironed by hand.

**Book a visit**"""


@pytest.fixture
def paper():
    """The one about the laundry."""
    return next(each for each in papers({"en"}, False) if each.brief.content_type == "ad_copy")


def missed(paper, text, **more) -> set[str]:
    whole = {"taken_out": "", "around": "", "ended": "stop", "stats": {}} | more
    found = demands_on(Text("", paper.name, text, **whole), paper)
    return {kind for kind, _, is_met in found if not is_met}


def test_all_types_languages_wordings_and_seeds_are_asked_for():
    small, full = papers(set(), False), papers(set(), True)

    assert len(small) >= 60
    assert {each.brief.content_type for each in small[:7]} == set(CONTENT_TYPES)
    assert len({each.brief.language for each in small[:7]}) == 5
    assert len(full) == len({(each.name, each.brief.topic) for each in full}) == 7 * 5 * 9
    assert {each.name for each in small} < {each.name for each in full}
    topics = {each.brief.topic for each in full if each.name.startswith("ad_copy en")}
    assert len(topics) == WORDINGS


def test_a_text_that_does_all_it_was_asked_for_has_missed_nothing(paper):
    assert missed(paper, GOOD) == set()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("length", ("ironed by hand", "ironed by hand" + " and folded with care" * 3)),
        ("structure", ("**Book a visit**", "Book a visit.")),
        ("keyword", ("ironed by hand", "pressed well")),
        ("forbidden word", ("Too tired", "The best shirts! Too tired")),
        ("language", (GOOD, "Wir holen die Hemden und bringen sie an die Tür, in der Nacht.")),
        ("no placeholder", ("24 hours", "24 hours, [Your Name]")),
        ("no chat mark", ("24 hours", "24 hours <|im_end|>")),
        ("number of the brief", ("24 hours", "12 hours")),
        ("no preamble", ("**Shirts", "Sure, here is the ad:\n**Shirts")),
        ("no echo", ("Too tired", "short lessons by telephone, every day, without homework. Too")),
    ],
)
def test_each_demand_that_is_missed_is_seen(paper, kind, change):
    assert kind in missed(paper, GOOD.replace(*change))


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("finished", {"ended": "length"}),
        ("finished", {"ended": "repeating"}),
        ("no preamble", {"around": "Sure, here is your ad:"}),
        ("no chat mark", {"taken_out": "<think>Hm.</think>"}),
    ],
)
def test_what_the_product_takes_off_a_text_does_not_hide_it(paper, kind, how):
    assert missed(paper, GOOD, **how) == {kind}


def test_the_customers_own_words_are_no_echo(paper):
    assert "no echo" not in missed(paper, paper.brief.topic)


def test_marks_are_shares_with_their_intervals_held_against_a_baseline(paper, tmp_path):
    marks = Marks()
    for text in (GOOD, GOOD, GOOD.replace("**Book a visit**", "Book.")):
        marks.count(demands_on(Text("", "", text, "", "", "stop", {}), paper), "en")
    shares = marks.shares

    assert (shares[ALL], shares["structure"]) == (Share(2, 3), Share(8, 9))
    assert list(shares)[-3:] == ["demands in en", "demands", ALL]
    assert marks.missed.most_common(1)[0][0].startswith("structure ad_copy: a call to action")
    assert [round(each, 3) for each in Share(8, 10).interval] == [0.49, 0.943]  # Wilson's
    write_baseline(tmp_path / "baseline.json", "a", shares)
    write_baseline(tmp_path / "baseline.json", "b", {})
    assert read_baseline(tmp_path / "baseline.json", "a") == shares
    assert read_baseline(tmp_path / "none.json", "a") == {}
    assert fell(Share(4, 10), Share(80, 100))
    assert not fell(Share(75, 100), Share(80, 100))


def test_a_text_is_written_once_with_the_products_own_request(ollama, paper, tmp_path):
    ollama.says("Sure, here is your ad:\n", "Tea is warm.")
    kept, client = tmp_path / "texts.jsonl", Ollama(ollama.url)

    [first] = written([paper], "llama3.2", client, kept)
    [again] = written([paper], "llama3.2", client, kept)

    assert first == again
    assert (first.text, first.around) == ("Tea is warm.", "Sure, here is your ad:")
    [request] = ollama.texts
    assert request.json["messages"] == messages_for(paper.brief)
    assert request.json["options"]["seed"] == paper.seed


def test_a_text_that_was_not_finished_is_kept_with_the_cause(ollama, paper, tmp_path):
    ollama.says(*["Tea is warm and " * 5] * 40)

    [text] = written([paper], "llama3.2", Ollama(ollama.url), tmp_path / "texts.jsonl")

    assert text.ended == "repeating"
    assert text.text.startswith("Tea is warm")
