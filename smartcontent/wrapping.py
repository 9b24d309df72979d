"""Takes off what a model wraps around a finished text: an opening remark, a fence, quotes."""

import re

REMARK_LONGEST = 160  # characters
# "Sure! Here is your caption:" and the like; that alone is a remark, "Here is why:" is copy.
_EAGER = (
    r"(?:sure|certainly|of course|absolutely|great|okay|ok|gerne|natürlich|klar|bien sûr|claro"
    r"|certo)\b[^\n]*"
)
_HERE = (
    r"(?:here(?:'s| is| are|’s)|below is|this is|hier (?:ist|sind|is)|voici|aquí (?:está|tienes"
    r"|tiene)|ecco|aqui está)"
)
_IT = (
    r"(?:text|version|draft|caption|post|copy|ads?|newsletter|e-?mail|description|article|outline"
    r"|press release|title|entwurf|fassung|beschreibung|beitrag|pressemitteilung|anzeige|texte"
    r"|légende|annonce|texto|descripción|anuncio|testo|descrizione|annuncio|descrição|tekst"
    r"|beschrijving)"
)
_ASIAN = r"(?:以下は|以下是|以下為|こちらが|这是|다음은)[^\n]*"
_REMARK = re.compile(
    rf"(?:{_EAGER}|{_HERE}\b[^\n]*\b{_IT}\b[^\n]*|{_ASIAN})[:：]\s*\n", re.IGNORECASE
)
_FENCE = re.compile(r"```[a-z]*[ \t]*\n(.*)\n```", re.DOTALL | re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』"}


def unwrapped(text: str) -> tuple[str, str]:
    """The text alone, and what was wrapped around it; both as they are where nothing was."""
    taken = []
    inner = text.strip()
    while step := _without_remark(inner) or _without_fence(inner) or _without_quotes(inner):
        inner, removed = step
        taken.append(removed)
    return (inner if taken else text), "\n".join(taken)


def _without_remark(text: str) -> tuple[str, str] | None:
    first, _, rest = text.partition("\n")
    is_remark = len(first) <= REMARK_LONGEST and _REMARK.fullmatch(first.replace("*", "") + "\n")
    return (rest.strip(), first) if is_remark and rest.strip() else None


def _without_fence(text: str) -> tuple[str, str] | None:
    fenced = _FENCE.fullmatch(text)
    if fenced is None or "\n```" in fenced[1] or not fenced[1].strip():
        return None
    return fenced[1].strip(), "``` … ```"


def _without_quotes(text: str) -> tuple[str, str] | None:
    opening, inner, closing = text[:1], text[1:-1], text[-1:]
    if _QUOTES.get(opening) != closing or not inner.strip() or {opening, closing} & set(inner):
        return None
    return inner.strip(), f"{opening} … {closing}"
