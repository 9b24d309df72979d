"""Which column of somebody's table is which field of a brief, by what it is called."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from smartcontent.texts.remembering import remembered
from smartcontent.texts.search.tokens import tokens

# In English, German, French and Spanish; the earlier a name, the surer it is.
_NAMES: Mapping[str, Sequence[str]] = {
    "title": ("title", "titel", "titre", "título", "name", "nom", "nombre", "überschrift"),
    "topic": (
        "topic", "thema", "sujet", "tema", "thème", "subject", "product name", "about", "brief",
        "product", "produkt", "produit", "producto", "asunto", "description", "beschreibung",
        "descripción", "artikel", "product description", "produktbeschreibung", "produktname",
        "artículo", "article",
    ),
    "audience": (
        "audience", "zielgruppe", "public", "audiencia", "público", "target group", "public cible",
        "público objetivo", "target audience", "readers", "leser", "cible", "lecteurs", "lectores",
        "destinatarios", "customers", "kunden", "clients", "clientes",
    ),
    "content_type": (
        "content type", "inhaltstyp", "type de contenu", "tipo de contenido", "type", "typ", "art",
        "textart", "texttyp", "textsorte", "format", "formato", "tipo", "kind", "genre",
    ),
    "tone": (
        "tone", "tonalität", "ton", "tono", "tonfall", "tone of voice", "tonalité", "stil", "style",
        "estilo",
    ),
    "length": (
        "length", "länge", "longueur", "longitud", "size", "umfang", "textlänge", "taille",
        "extensión", "largo",
    ),
    "language": ("language", "sprache", "langue", "idioma", "lang", "lengua", "locale"),
    "keywords": (
        "keywords", "schlüsselwörter", "mots clés", "palabras clave", "keyword", "stichwörter",
        "schlagwörter", "suchbegriffe", "key words", "mots clefs", "mot clé", "palabra clave",
        "stichworte", "schlagworte", "seo keywords", "keyphrase",
    ),
    "instructions": (
        "instructions", "anweisungen", "consignes", "instrucciones", "notes", "hinweise",
        "anweisung", "anmerkungen", "notizen", "bemerkungen", "remarques", "notas",
        "comments", "kommentar", "details", "indicaciones", "observaciones",
        "further instructions", "vorgaben",
    ),
}  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def guess(headings: Iterable[str], blanks: Sequence[str] = ()) -> dict[str, str]:
    """Of the headings that are understood, each one's field; no field is given twice.

    A heading that is the name of a blank is that blank, `{product}`; one that is a name of a field
    comes before one that only has such a name in it.
    """
    named = {heading: _named(heading) for heading in headings}
    whole = {heading: {words} for heading, words in named.items()}
    parts = {heading: _parts(words) for heading, words in named.items()}
    found = _blanks_in(named, blanks)
    for known in (whole, parts):
        for field, name in _surest_first():
            fitting = (h for h, names in known.items() if h not in found and name in names)
            heading = next(fitting, None)
            if heading is not None and field not in found.values():
                found[heading] = field
    return {heading: found[heading] for heading in named if heading in found}


def _blanks_in(named: Mapping[str, tuple[str, ...]], blanks: Sequence[str]) -> dict[str, str]:
    wanted = {_named(blank): f"{{{blank}}}" for blank in blanks}
    first = {wanted[w]: heading for heading, w in [*named.items()][::-1] if w in wanted}
    return {heading: blank for blank, heading in first.items()}


@cache
def _surest_first() -> list[tuple[str, tuple[str, ...]]]:
    ranked = [(rank, f, n) for f, names in _NAMES.items() for rank, n in enumerate(names)]
    ranked.sort(key=lambda each: each[0])
    return [(field, _named(name)) for _, field, name in ranked]


@remembered(1_000)
def _named(heading: str) -> tuple[str, ...]:
    """Its words without case, accents and signs: "contentType", "Content-Type *" are the same."""
    return tuple(tokens(_HUMP.sub(" ", heading).replace("_", " ")))


def _parts(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Every row of words in it that is no longer than a name."""
    sizes = range(1, max(len(name) for _, name in _surest_first()) + 1)
    return {words[place : place + size] for place in range(len(words)) for size in sizes}


def chosen(typed: str, choices: Mapping[str, Sequence[str]]) -> str | None:
    """The choice that somebody means, by its key or by one of its names; None where none is."""
    words = _named(typed)
    keys = (key for key, names in choices.items() if words in map(_named, (key, *names)))
    return next(keys, None) if words else None
