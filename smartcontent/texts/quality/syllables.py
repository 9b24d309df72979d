"""How many syllables a word has, by its vowels; about right over a text, which is what counts."""

import re

from smartcontent.texts.remembering import remembered

# What is one syllable, longest first; what is silent at the end of a word.
_NUCLEI = {
    "en": re.compile(r"i(?=[aou](?!u))(?<![tscgx]i)|e(?=a$)|[aeiouy]+?(?=ing$)|[aeiouyéèö]+"),
    "de": re.compile(r"ei|ai|au|eu|äu|ie|aa|ee|oo|ey|ay|[aeiouyäöüé]"),
    "fr": re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+?(?=[éèëï])|[aeiouyàâäéèêëîïôöùûüœæ]+"),
    "es": re.compile(r"[iuü]?[aeoáéóíú][iuy]?(?![íú])|[iuü][iu]|[iuüy]"),
}
_SILENT = {
    "en": re.compile(r"(?<=[^aeiouy])(?<![^aeiouy]l)(?:e|es(?<![szxcg]es)(?<!hes)|ed(?<![td]ed))$"),
    "fr": re.compile(r"(?<=[^aeiouyéè])(?:e|es)$|(?<=[éiu])es?$|(?<=[^aeiouym])ent$"),
}
_NOTHING = re.compile("(?!)")


@remembered(50_000)
def syllables(word: str, language: str) -> int:
    """At least one, whatever the word."""
    folded = word.lower()
    sounded = _SILENT.get(language, _NOTHING).sub("", folded)
    return max(1, len(_NUCLEI[language].findall(sounded[:100])))
