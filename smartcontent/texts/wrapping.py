"""Takes off what a model wraps around a finished text: an opening remark, a fence, quotes."""

import re
from functools import cache

REMARK_LONGEST = 160  # characters
LAYERS_MOST = 8  # models write two or three; each that comes off is a copy of the text
_PAUSE = r"\s*[!,.…！，。、،।]+\s*"
_END = r"\s*(?:[:：]|(?:です|ます)。|니다\.)"
# By language: how a model says yes, how it says "here is", and what it calls what it wrote. With
# "Sure! Here is your caption:" it speaks for itself; "Here is why:" and "Great gifts:" are copy.
_WORDS = {
    "en": (
        "sure|sure thing|certainly|of course|absolutely|great|okay|ok",
        "here(?:'s|’s| is| are| you go| it is)|below is|this is (?:the|your|my)"
        "|i(?:'ve|’ve| have) written",
        "text|versions?|draft|captions?|posts?|copy|ads?|newsletter|e-?mail|description|article"
        "|outline|press release|titles?",
    ),
    "de": (
        "gerne|natürlich|klar|selbstverständlich",
        "hier (?:ist|sind|kommt)",
        r"\w*(?:beschreibung|mitteilung|beitrag|gliederung)|text|version|entwurf|fassung|anzeige"
        "|bildunterschrift|post|newsletter|titel",
    ),
    "fr": (
        "bien sûr|certainement|avec plaisir",
        "voici|voilà",
        "texte|légende|annonce|description|version|publication|article|plan|communiqué|post|titre",
    ),
    "es": (
        "claro(?: que sí)?|por supuesto|con gusto",
        "aquí (?:está|tienes|tiene|va)",
        "texto|publicación|descripción|anuncio|versión|leyenda|título|artículo|borrador|post",
    ),
    "it": (
        "certo|certamente|ecco fatto",
        "ecco",
        "testo|didascalia|descrizione|annuncio|versione|post|articolo|comunicato|bozza|titolo",
    ),
    "pt": (
        "claro|com certeza|certamente",
        "aqui (?:está|vai|tem)|segue",
        "texto|legenda|descrição|anúncio|versão|publicação|post|artigo|rascunho|título",
    ),
    "nl": (
        "zeker|natuurlijk",
        "hier (?:is|zijn)",
        r"\w*beschrijving|\w*bericht|tekst|bijschrift|advertentie|versie|nieuwsbrief|artikel|post",
    ),
    "pl": ("oczywiście|jasne", "oto", "tekst|opis|post|podpis|ogłoszenie|wersja|artykuł|tytuł"),
    "uk": (
        "звісно|звичайно|конечно",
        "ось|вот",
        "текст|опис|підпис|допис|пост|оголошення|стаття|варіант|описание|подпись|объявление",
    ),
    "tr": (
        "elbette|tabii(?: ki)?",
        "işte",
        r"metin|metni\w*|açıklama\w*|gönderi\w*|ilan|yazı|başlık",
    ),
    "id": (
        "tentu(?: saja)?|baik",
        "berikut(?: adalah| ini)?",
        r"teks|deskripsi\w*|caption|keterangan|postingan|iklan|versi|artikel|judul",
    ),
    "ar": (
        "بالتأكيد|بالطبع",
        "إليك|إليكم|هذا هو|فيما يلي",
        "(?:ال)?(?:نص|وصف|منشور|إعلان|مقال|تعليق)",
    ),
}
_WORDS_WITHOUT_EDGES = {
    "hi": ("ज़रूर|बिल्कुल", "यहाँ|यहां|यह रहा", "कैप्शन|टेक्स्ट|पाठ|विवरण|पोस्ट|विज्ञापन|लेख"),
    "ja": (
        "もちろん(?:です)?|承知しました|はい",
        "以下[はがに]|こちら[はがに]",
        "本文|文章|説明|投稿|キャプション|メール|タイトル|プレスリリース|コピー|広告",
    ),
    "ko": (
        "물론(?:입니다|이죠)?|네|알겠습니다",
        "다음은|아래는|여기",
        "캡션|설명|게시[물글]|광고|텍스트|초안|문구|보도자료|글입|제목",
    ),
    "zh": (
        "当然(?:可以)?|好的|没问题",
        "以下[是為为]|下面是|这是|这里是",
        "文案|文章|正文|文本|描述|说明|标题|简介|帖子|邮件|大纲|新闻稿|广告",
    ),
}


def _remark_in(yes: str, here: str, it: str, edge: str) -> str:
    begins, names = f"(?:{here}){edge}", f"{edge}(?:{it}){edge}(?!-)"
    said = rf"(?:{begins}.*|.*{names}.*)"
    return rf"(?:{yes}){edge}(?:{_PAUSE}{said}?)?|{begins}(?:.*{names}.*)?"


# Made when the first text is done: to compile it takes as long as to import half of our modules.
@cache
def _remark() -> re.Pattern[str]:
    said = [_remark_in(*words, edge=r"\b") for words in _WORDS.values()]
    said += [_remark_in(*words, edge="") for words in _WORDS_WITHOUT_EDGES.values()]
    return re.compile(f"(?:{'|'.join(said)}){_END}", re.IGNORECASE)


_OFFER = r"(?:let me know|feel free|would you like|i hope|hope this|if you).{0,200}"
# "Let me know if you have questions" is how letters end; this is how models do.
_CHANGES = re.compile(
    r"\b(?:chang|adjust|revis|tweak|edit|modif|refin|rewrit|different|another|variation)", re.I
)
_RULES = re.compile(
    rf"(-{{3}}|\*{{3}}|_{{3}})\n(.*?)(?:\n\1(?:\s+{_OFFER})?)?", re.DOTALL | re.IGNORECASE
)
_FENCE = re.compile(rf"(`{{3,}}|~{{3,}})[\w-]*[ \t]*\n(.*)\n\1(?:\s+({_OFFER}))?", re.S | re.I)
_TAGS = re.compile(r"<(answer|response|output|result|final|final_answer)>(.*)</\1>", re.S | re.I)
_QUOTES = (
    ('**"', '"**'), ("**“", "”**"), ('"""', '"""'), ('"', '"'), ("“", "”"), ("„", "“"), ("„", "”"),
    ("”", "”"), ("‘", "’"), ("'", "'"), ("«", "»"), ("»", "«"), ("‹", "›"), ("「", "」"),
    ("『", "』"), ("＂", "＂"),
)  # fmt: skip


def unwrapped(text: str) -> tuple[str, str]:
    """The text alone, and what was wrapped around it; both as they are where nothing was."""
    taken = []
    inner = text.strip()
    for _ in range(LAYERS_MOST):
        step = next(filter(None, (without(inner) for without in _STEPS)), None)
        if step is None:
            break
        inner, removed = step
        taken.append(removed)
    return (inner if taken else text), "\n".join(taken)


def _without_remark(text: str) -> tuple[str, str] | None:
    first, _, rest = text.partition("\n")
    if not rest.strip() or not _is_remark(first):
        return None
    ruled = _RULES.fullmatch(rest.strip())
    if ruled:
        return ruled[2].strip(), first
    text, offer = _without_offer(rest.strip())
    return text, f"{first}\n{offer}" if offer else first


def _without_offer(text: str) -> tuple[str, str]:
    """A text that began with a remark, without the last paragraph where it offers changes."""
    before, _, last = text.rpartition("\n\n")
    if not before.strip() or not _CHANGES.search(last[:REMARK_LONGEST]):
        return text, ""
    if len(last) > REMARK_LONGEST or not re.fullmatch(_OFFER, last, re.IGNORECASE):
        return text, ""
    return before.strip().removesuffix("\n---").strip(), last


def _without_remark_before_quotes(text: str) -> tuple[str, str] | None:
    """`Here is your caption: "…"` on one line."""
    said = re.match(r"[^\n:：]*[:：]", text[:REMARK_LONGEST])
    if said is None or not _is_remark(said[0]):
        return None
    rest = text[said.end() :].strip()
    return (rest, said[0]) if _without_quotes(rest) else None


def _is_remark(line: str) -> bool:
    return len(line) <= REMARK_LONGEST and bool(_remark().fullmatch(line.replace("*", "").strip()))


def _without_fence(text: str) -> tuple[str, str] | None:
    fenced = _FENCE.fullmatch(text)
    if fenced is None or f"\n{fenced[1]}" in fenced[2] or not fenced[2].strip():
        return None
    around = f"{fenced[1]} … {fenced[1]}"
    return fenced[2].strip(), f"{around}\n{fenced[3]}" if fenced[3] else around


def _without_tags(text: str) -> tuple[str, str] | None:
    tagged = _TAGS.fullmatch(text)
    if tagged is None or f"</{tagged[1]}>" in tagged[2] or not tagged[2].strip():
        return None
    return tagged[2].strip(), f"<{tagged[1]}>"


def _without_quotes(text: str) -> tuple[str, str] | None:
    for opening, closing in _QUOTES:
        inner = text[len(opening) : -len(closing)]
        is_around = text.startswith(opening) and text.endswith(closing) and inner.strip()
        if is_around and opening not in inner and closing not in inner:
            return inner.strip(), f"{opening} … {closing}"
    return None


_STEPS = (
    _without_remark,
    _without_remark_before_quotes,
    _without_fence,
    _without_tags,
    _without_quotes,
)
