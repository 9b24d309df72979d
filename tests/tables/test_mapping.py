"""Which column is which field of a brief."""

import time

import pytest

from smartcontent.tables.mapping import chosen, guess
from smartcontent.tables.table import LONGEST_HEADING

FIELDS = (
    "title", "topic", "audience", "content_type", "tone", "length", "language", "keywords",
    "instructions",
)  # fmt: skip


HEADINGS = """\
title;topic;audience;content_type;tone;length;language;keywords;instructions
TITLE;TOPIC;AUDIENCE;CONTENT TYPE;TONE;LENGTH;LANGUAGE;KEYWORDS;INSTRUCTIONS
Title;Topic *;Target audience;contentType;Tone of voice;Size;Lang;Key-words;Notes
Titel;Thema;Zielgruppe;Textart;Tonalität;Länge;Sprache;Stichwörter;Hinweise
Überschrift;Produkt;Leser;Typ;TON;Umfang;sprache;Schlagworte;Anmerkungen
Titre;Sujet;Public cible;Type de contenu;Ton;Longueur;Langue;Mots-clés;Consignes
TITRE;THÈME;CIBLE;GENRE;TONALITE;TAILLE;LANGUE;MOTS CLES;REMARQUES
Título;Tema;Público;Tipo;Tono;Longitud;Idioma;Palabras clave;Instrucciones
"""


@pytest.mark.parametrize("headings", HEADINGS.splitlines())
def test_headings_of_each_language_are_understood(headings):
    assert guess(headings.split(";")) == dict(zip(headings.split(";"), FIELDS, strict=True))


def test_a_name_comes_before_a_heading_that_only_has_one_in_it():
    assert guess(["Topic of the newsletter", "Topic", "Product URL"]) == {"Topic": "topic"}


def test_of_a_longer_heading_its_words_are_understood():
    assert guess(["The audience (who?)", "SKU"]) == {"The audience (who?)": "audience"}


def test_what_is_not_understood_is_left_to_people():
    assert guess(["SKU", "Column C", "", "Preis", "Artikelnummer"]) == {}


@pytest.mark.parametrize("typed", ["de", "DE", "german", "Deutsch ", "deutsch"])
def test_a_choice_is_known_by_its_key_and_by_its_names(typed):
    assert chosen(typed, {"en": ("English",), "de": ("German", "Deutsch")}) == "de"


@pytest.mark.parametrize("typed", ["", "d", "Klingon", "-"])
def test_a_choice_that_is_none_is_not_guessed(typed):
    assert chosen(typed, {"en": ("English",), "de": ("German", "Deutsch")}) is None


@pytest.mark.parametrize("unit", ["A b ", "aB", "ａ ", "字", "á "])
def test_a_hundred_of_the_longest_headings_are_looked_at_in_a_moment(unit):
    most = LONGEST_HEADING - 3
    headings = [f"{(unit * most)[:most]}{number}" for number in range(99)]
    begun = time.thread_time()

    assert guess([*headings, "Tone of voice"]) == {"Tone of voice": "tone"}
    assert time.thread_time() - begun < 1  # 0.03 on a quiet machine; word by word, 4
