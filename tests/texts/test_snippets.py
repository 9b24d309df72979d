"""The piece of a text that shows why it was found."""

from costs import assert_takes_less
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcontent.texts.search import snippets
from smartcontent.texts.search.query import Query, query
from smartcontent.texts.search.snippets import LENGTH, LONGEST, Part, best_part, hits

FILLING = "lorem ipsum dolor " * 40


def snippet(text: str, asked: Query) -> str:
    return snippets.snippet(Part(text, hits(text, asked)))


def test_what_was_found_is_marked_in_the_text_as_it_was_written():
    assert (
        snippet("Ein Souffle\u0301, ﬁne!", query("soufflé fin"))
        == "Ein [[Souffle\u0301]], [[ﬁne]]!"
    )


def test_the_piece_is_the_one_with_most_of_the_query():
    text = f"tea {FILLING} tea cup {FILLING} tea"

    assert "[[tea]] [[cup]]" in snippet(text, query("tea cup"))


def test_a_piece_begins_and_ends_at_words_and_says_where_text_was_left_out():
    found = snippet(f"{FILLING}teapot\n\n{FILLING}", query("teapot"))

    assert (found[0], found[-1]) == ("…", "…")
    assert set(found.strip("…").split()) == {"lorem", "ipsum", "dolor", "[[teapot]]"}


def test_where_nothing_is_found_it_is_the_beginning():
    assert snippet(FILLING, query("absent")).startswith("lorem ipsum")


def test_phrases_that_share_a_word_are_marked_as_one():
    assert snippet("blue glass pot", query('"blue glass" "glass pot"')) == "[[blue glass pot]]"


@given(st.text(st.sampled_from("ab \n\u0301京é")), st.text(st.sampled_from('ab "京é')))
def test_without_its_marks_a_short_text_is_itself(text, typed):
    found = snippet(text, query(typed))

    assert "".join(found.replace("[[", "").replace("]]", "").split()) == "".join(text.split())


@settings(max_examples=20)
@given(st.text(st.sampled_from("ab \n京é"), min_size=300, max_size=600))
def test_a_snippet_is_short(text):
    assert len(snippet(text, query("ab 京")).replace("[[", "").replace("]]", "")) <= LENGTH + 2


def test_the_worst_query_for_a_long_text_takes_no_long_time():
    assert_takes_less(10, lambda: snippet("a " * 20_000, query('"' + "a " * 90 + 'b"')))


def test_of_a_text_as_only_archives_bring_the_beginning_is_looked_through():
    beginning = "好" * (LONGEST - 10)

    assert best_part(f"{beginning} zebra", query("zebra"))
    assert best_part(f"{beginning * 5} zebra", query("zebra")) is None
    assert_takes_less(2, lambda: best_part(beginning * 8, query("zebra")))
