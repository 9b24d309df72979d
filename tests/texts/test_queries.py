"""What is typed into the search, asked of SQLite's FTS5 as of people's own texts."""

import sqlite3
from contextlib import closing
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from smartcontent.texts.search import snippets
from smartcontent.texts.search.query import Phrase, for_postgresql, for_sqlite, query
from smartcontent.texts.search.snippets import best_part, hits, snippet
from smartcontent.texts.search.tokens import searchable

TEXTS = {
    "souffle": "A Soufflé in blue glass, with a kettle",
    "tower": "東京タワーへ行く",
    "tea": "A cup of tea; don't spill the pour-over",
    "cup": "ガラスのcup, 보온병은 3.5 l",
    "hindi": "हिन्दी में चाय",
    "names": "Our C++ and C# code (.NET), Disney+ and Kettle™ ads: ask R&D, for the 50+",
    "plain": "A net of 50 mugs, option C; r-d, Disney, salt & pepper",
    "domains": "See shop.example.de, ASP.NET and Dr. Oetker; d. h. on 10. Mai",
    "digits": "٣ أكواب في 2½ دقيقة, пам\u02bcять",
}


@pytest.fixture(scope="module")
def index():
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE found USING fts5"
            "(name UNINDEXED, words, tokenize='unicode61 remove_diacritics 0', prefix='2 3')"
        )
        rows = [(name, searchable(text)) for name, text in TEXTS.items()]
        database.executemany("INSERT INTO found VALUES (?, ?)", rows)
        yield database


FOUND = [
    ("souff", {"souffle"}),
    ("SOUFFLE\u0301", {"souffle"}),
    ("kett glass", set()),  # only the last word is being typed
    ("glass kett", {"souffle"}),
    ("京タ", {"tower"}),
    ("タワー", {"tower"}),
    ("タ京", set()),
    ("カ\u3099ラス", {"cup"}),
    ("온병", {"cup"}),
    ("हिन्दी", {"hindi"}),
    ("हिन", {"hindi"}),
    ('"cup of tea"', {"tea"}),
    ("„cup of tea“", {"tea"}),
    ('"tea cup"', set()),
    ('"cup of te', {"tea"}),
    ('"cup of te"', set()),
    ("tea cup", {"tea"}),
    ("cup -tea", {"cup"}),
    ('cup -"of tea"', {"cup"}),
    ('-"of tea" cup', {"cup"}),
    ("pour-over", {"tea"}),
    ("over-pour", set()),
    ("don’t", {"tea"}),
    ("3.5", {"cup"}),
    ("C++", {"names"}),
    ("c+", {"names"}),
    ("C#", {"names"}),
    ("C", {"names", "plain"}),
    (".NET", {"names", "domains"}),
    ("net", {"names", "plain", "domains"}),
    (".de", {"domains"}),
    ("R&D", {"names"}),
    ('"r & d"', {"names"}),
    ("Disney+", {"names"}),
    ("Disney", {"names", "plain"}),
    ("50+", {"names"}),
    ("“c++ and c#”", {"names"}),
    ("“c and c”", set()),
    ("option -c++", {"plain"}),
    ("kettle ads", {"names"}),
    ("salt & pepper", {"plain"}),
    ("pepper & salt", {"plain"}),
    ("example.de", {"domains"}),
    ("d.h.", {"domains"}),
    ("10.Mai", {"domains"}),
    ("3 أكواب", {"digits"}),
    ("۳ أكواب", {"digits"}),
    ("2 1/2", {"digits"}),
    ("пам'ять", {"digits"}),
    ("NOT cup OR", set()),
    ("absent", set()),
]


@pytest.mark.parametrize(("typed", "expected"), FOUND)
def test_a_search_finds_what_was_meant(index, typed, expected):
    found = index.execute("SELECT name FROM found WHERE found MATCH ?", [for_sqlite(query(typed))])

    assert {name for (name,) in found} == expected


def test_postgresql_finds_the_same(postgresql):
    asked = text("SELECT to_tsvector('simple', :words) @@ to_tsquery('simple', :query)")
    engine = create_engine(postgresql)

    with engine.connect() as database:
        for typed, expected in FOUND:
            query_of_it = for_postgresql(query(typed))
            found = {
                name
                for name, words in TEXTS.items()
                if database.scalar(asked, {"words": searchable(words), "query": query_of_it})
            }
            assert (typed, found) == (typed, expected)
    engine.dispose()


@pytest.mark.parametrize(("typed", "expected"), FOUND)
def test_what_is_found_is_what_is_marked(typed, expected):
    asked = query(typed)

    for name in expected:
        assert {hit.phrase for hit in hits(TEXTS[name], asked)} == set(range(len(asked.wanted)))
        assert "[[" in snippet(best_part(TEXTS[name], asked))


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\"'-*:()&|!<>^~ \\")))
def test_nothing_that_is_typed_breaks_a_search(typed):
    asked = query(typed)

    if asked.wanted:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE VIRTUAL TABLE found USING fts5(words)")
            database.execute("SELECT * FROM found WHERE found MATCH ?", [for_sqlite(asked)])


def test_postgresql_is_asked_for_the_same():
    assert (
        for_postgresql(query('"blue glass" -cup ket'))
        == "('blue' <-> 'glass') & ('ket':*) & !('cup')"
    )


@pytest.mark.parametrize("typed", ["", " ", '"', '""', "-", "- -", "🫖", '-""', "&", "+ #"])
def test_a_query_of_nothing_wants_nothing(typed):
    assert query(typed) == ((), ())


def test_what_is_only_unwanted_is_known():
    assert query("-tea") == ((), (Phrase(("tea",)),))


def test_a_single_letter_is_the_beginning_of_too_many_words():
    assert query("t").wanted == (Phrase(("t",)),)
    assert query("te").wanted == (Phrase(("te",), is_beginning=True),)


def test_a_query_is_bounded():
    assert len(query(" ".join(map(str, range(100)))).wanted) == 10
    assert query('"' + "a " * 98 + 'b"').wanted == (Phrase(("a",) * 10),)
    assert query("a" * 100_000).wanted == (Phrase(("a" * 64,), is_beginning=True),)


WRITTEN = [*"тйéßıæ½²ſ -_…ﬁ\xad\u0301\u200b\u0640", "Tea", "blue", "e\u0301", "и\u0306", "a" * 64]
WRITTEN += [*"+#&.⁺㏂™"]
TYPED = ["tea", '"tea blue"', '"e ss', "te", "й", "1", '"blue blue"', "a" * 64]
TYPED += ["tea+", "tea#+", ".blue", "tea.blue", "tea&", '"tea+ blue"', "a.m"]


@given(
    st.lists(st.sampled_from(WRITTEN), max_size=30), st.lists(st.sampled_from(TYPED), max_size=4)
)
def test_words_are_found_where_tokens_are(written, typed):
    text, asked = "".join(written), query(" ".join(typed))

    with patch.object(snippets, "as_words", return_value=None):
        among_tokens = hits(text, asked)

    assert hits(text, asked) == among_tokens


@pytest.mark.parametrize(
    ("text", "typed", "places"),
    [
        ("甲甲甲乙", "甲甲 甲乙", [(0, 2), (1, 3), (2, 4)]),
        ("甲乙", "乙甲 丙", []),
        ("a㍿b", '"株式会社 b"', [(1, 3)]),  # one character, four tokens
        ("甲 teapots", "甲 teap", [(0, 1), (2, 9)]),
        ("甲 teapots", '甲 "teap"', [(0, 1)]),
        ("甲 tea", "", []),
    ],
)
def test_phrases_are_found_among_characters_that_each_are_a_token(text, typed, places):
    assert [(hit.start, hit.end) for hit in hits(text, query(typed))] == places


def test_a_text_of_words_is_not_taken_apart_to_be_marked(monkeypatch):
    monkeypatch.setattr(snippets, "placed_tokens", None)

    assert len(hits("The soufflé, the Straße; the чай " * 100, query('"the souffle" чай'))) == 200
