"""How models announce a text: "Sure! Here is your caption:", in the languages people write in."""

import re
from functools import cache

LONGEST = 160  # characters
# Punctuation, emoji and all that stands between "Sure" and "here is".
_PAUSE = r"(?=\s*[^\w\s:：])[^\w:：]+"
_END = r"\s*(?:[:：]|(?:です|ます)。|니다\.)"
# By language: how a model says yes, how it says "here is", and what it calls what it wrote. With
# "Sure! Here is your caption:" it speaks for itself; "Here is why:" and "Great gifts:" are copy.
_WORDS = {
    "en": (
        "sure|sure thing|certainly|of course|absolutely|great|perfect|okay|ok|got it|understood"
        "|no problem|(?:i(?:'d|’d| would) be )?(?:happy|glad) to(?: help)?|as (?:you )?requested",
        "here(?:'s|’s| is| are| you go| it is)|below is|this is (?:the|your|my)"
        "|i(?:'ve|’ve| have) (?:written|rewritten|revised|translated)",
        "text|versions?|variants?|variations?|drafts?|captions?|posts?|copy|ads?|newsletter"
        "|e-?mail|description|article|outline|press release|titles?|headlines?|translation"
        "|response|answer|output|options?|tweet",
    ),
    "de": (
        "gerne|natürlich|klar|selbstverständlich|na klar|sicher",
        "hier (?:ist|sind|kommt|eine?|der|die|das)|anbei(?: ist)?|nachfolgend(?: finden sie)?",
        r"\w*(?:beschreibung|mitteilung|beitrag|gliederung|anzeige|text|entwurf|übersetzung"
        r"|vorschlag|fassung|version|variante|unterschrift|newsletter|post)|e-?mail|titel|artikel",
    ),
    "fr": (
        "bien sûr|certainement|avec plaisir|d['’]accord|très bien|parfait|absolument",
        "voici|voilà|ci-dessous",
        "texte|légende|annonce|description|version|publication|article|plan|communiqué|post|titre"
        "|traduction|proposition|newsletter|lettre|e-?mail|courriel|fiche",
    ),
    "es": (
        "claro(?: que sí)?|por supuesto|con gusto|perfecto|de acuerdo|desde luego",
        "aquí (?:está|tienes|tiene|va)|a continuación|este es",
        "texto|publicación|descripción|anuncio|versión|leyenda|título|artículo|borrador|post"
        "|traducción|propuesta|boletín|newsletter|correo|comunicado|esquema",
    ),
    "it": (
        "certo|certamente|ecco fatto|volentieri|perfetto|va bene",
        "ecco|di seguito",
        "testo|didascalia|descrizione|annuncio|versione|post|articolo|comunicato|bozza|titolo"
        "|traduzione|proposta|newsletter|e-?mail|scaletta",
    ),
    "pt": (
        "claro|com certeza|certamente|perfeito|com prazer",
        "aqui (?:está|vai|tem)|segue|a seguir|abaixo está",
        "texto|legenda|descrição|anúncio|versão|publicação|post|artigo|rascunho|título|tradução"
        "|proposta|newsletter|boletim|e-?mail|comunicado|roteiro",
    ),
    "nl": (
        "zeker|natuurlijk|graag gedaan|prima|uiteraard",
        "hier (?:is|zijn|volgt)|hierbij|hieronder (?:staat|vind je|vindt u)",
        r"\w*(?:beschrijving|bericht|tekst|advertentie|vertaling|voorstel)|bijschrift|versie"
        "|nieuwsbrief|artikel|post|concept|e-?mail|titel",
    ),
    "pl": (
        "oczywiście|jasne|pewnie|z przyjemnością|dobrze",
        "oto|poniżej(?: znajduje się)?",
        "tekst|opis|post|podpis|ogłoszenie|wersja|artykuł|tytuł|tłumaczenie|propozycja|newsletter"
        "|wpis|e-?mail|reklama",
    ),
    "uk": (
        "звісно|звичайно|конечно|авжеж|будь ласка|с удовольствием",
        "ось|вот|нижче|ниже",
        "текст|опис|підпис|допис|пост|оголошення|стаття|варіант|описание|подпись|объявление"
        "|переклад|перевод|вариант|лист|письмо|статья|реклама|версія|версия",
    ),
    "tr": (
        "elbette|tabii(?: ki)?|memnuniyetle",
        "işte|aşağıda",
        r"metin|metni\w*|açıklama\w*|gönderi\w*|ilan|yazı\w*|başlık|çeviri\w*|bülten\w*|taslak\w*",
    ),
    "id": (
        "tentu(?: saja)?|baik|sudah tentu",
        "berikut(?: adalah| ini| ialah)?|ini dia",
        r"teks\w*|deskripsi\w*|caption|keterangan|postingan|iklan\w*|versi|artikel|judul"
        r"|terjemahan\w*|buletin|draf\w*",
    ),
    "ar": (
        "بالتأكيد|بالطبع|حسنًا|حسنا|بكل سرور",
        "إليك|إليكم|هذا هو|هذه هي|فيما يلي",
        "(?:ال)?(?:نص|وصف|منشور|إعلان|مقال|تعليق|ترجمة|نسخة|مسودة|رسالة|نشرة)",
    ),
    "sv, da, nb": (
        "självklart|visst|absolut|selvfølgelig|naturligvis|klart|javisst",
        "här (?:är|kommer)|her (?:er|kommer)",
        r"\w*(?:text(?:en)?|tekst(?:en)?|beskrivning(?:en)?|beskrivelsen?|inlägg(?:et)?"
        r"|innlegg(?:et)?|opslag(?:et)?|översättning(?:en)?|oversettelsen?|oversættelsen?)",
    ),
    "cs, sk": (
        "samozřejmě|jistě|samozrejme|iste",
        "zde je|tady je|tu je",
        "text|popis|příspěvek|príspevok|překlad|preklad|verze|verzia|návrh",
    ),
    "hu": ("természetesen|persze", "íme|itt (?:a|az|van)", r"\w*(?:szöveg|leírás|fordítás|poszt)"),
    "ro": ("desigur|sigur", "iată|mai jos", r"text\w*|descriere\w*|traducere\w*|postare\w*"),
    "fi": ("toki|tietysti", "tässä(?: on)?", r"\w*(?:teksti|kuvaus|käännös|julkaisu)"),
    "el": ("φυσικά|βεβαίως", "ορίστε|ακολουθεί|εδώ είναι", r"κείμεν\w*|περιγραφή|μετάφραση"),
    "he": ("בטח|כמובן", "הנה|להלן", "ה?(?:טקסט|תיאור|פוסט|תרגום)"),
    "bg, sr, hr, sl": (
        "разбира се|naravno|seveda|svakako",
        "ето|evo|ovde je|tukaj je|ово је",
        r"текст\w*|описание\w*|превод\w*|tekst\w*|opis\w*|besedilo|prevod\w*|objav\w*",
    ),
    "ca": ("per descomptat|és clar", "aquí (?:tens|té|està)", "text|descripció|traducció"),
    "fa": ("البته|حتماً|حتما", "این|در اینجا", r"متن\w*|توضیحات|ترجمه\w*|پست\w*"),
    "vi": ("chắc chắn(?: rồi)?|tất nhiên", "đây là|dưới đây là", "mô tả|văn bản|bài viết|bản dịch"),
}
_WORDS_WITHOUT_EDGES = {
    "hi": (
        "ज़रूर|बिल्कुल|जी हाँ|निश्चित रूप से",
        "यहाँ|यहां|यह रहा|ये रहा|नीचे",
        "कैप्शन|टेक्स्ट|पाठ|विवरण|पोस्ट|विज्ञापन|लेख|अनुवाद|ईमेल",
    ),
    "ja": (
        "もちろん(?:です)?|承知(?:いた)?しました|はい|かしこまりました|了解しました",
        "以下[はがにの]|こちら[はがに]",
        "本文|文章|説明|投稿|キャプション|メール|タイトル|プレスリリース|コピー|広告|翻訳|記事|文案"
        "|通り|ニュースレター",
    ),
    "ko": (
        "물론(?:입니다|이죠)?|네|알겠습니다|좋습니다",
        "다음은|아래는|여기",
        "캡션|설명|게시[물글]|광고|텍스트|초안|문구|보도자료|글입|제목|번역|뉴스레터|이메일|기사",
    ),
    "zh": (
        "[当當]然(?:可以)?|好的|[没沒][问問][题題]",
        "以下[是為为]|下面是|[这這]是|[这這][里裡]是",
        "文案|文章|正文|文本|描述|[说說]明|[标標][题題]|[简簡]介|帖子|[邮郵]件|大[纲綱]|新[闻聞]稿"
        "|[广廣]告|翻[译譯]|[译譯]文|版本|草稿",
    ),
    "th": ("แน่นอน|ได้เลย", "นี่คือ|ต่อไปนี้คือ", "ข้อความ|คำบรรยาย|คำอธิบาย|โพสต์|คำแปล"),
}
# A line that is a name alone, with what kind it is: "Revised version:", "Instagram caption:".
_KINDS = (
    "final|revised|rewritten|translated|new|short(?:er)?|longer|improved|edited|instagram|linkedin"
    "|facebook|twitter|product|ad|social media|blog"
)
_LABEL = re.compile(
    rf"(?:(?:{_KINDS}) ){{0,3}}(?:text|version|draft|caption|post|copy|description|translation"
    r"|response|answer|output|tweet)\s*:",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(r"^[^\w\n]*\w+(?: \w+)?[^\w\n:]*:[^\w\n]*$", re.MULTILINE)


def _remark_in(yes: str, here: str, it: str, edge: str) -> str:
    begins, names = f"(?:{here}){edge}", f"{edge}(?:{it}){edge}(?!-)"
    said = rf"(?:{begins}.*|.*{names}.*)"
    return rf"(?:{yes}){edge}(?:{_PAUSE}{said}?)?|{begins}(?:.*{names}.*)?"


# Made when the first text is done: to compile it takes as long as to import half of our modules.
@cache
def _remark() -> re.Pattern[str]:
    said = [_remark_in(*words, edge=r"\b") for words in _WORDS.values()]
    said += [_remark_in(*words, edge="") for words in _WORDS_WITHOUT_EDGES.values()]
    you_go = r"(?:(?:sure|certainly|of course|okay|ok)\b[^\w:]+)?here you (?:go|are)[.!]"
    return re.compile(f"(?:{'|'.join(said)}){_END}|{you_go}", re.IGNORECASE)


def is_remark(line: str) -> bool:
    """Whether a line says nothing but that a text comes."""
    return len(line) <= LONGEST and bool(_remark().fullmatch(_bare(line)))


def is_label(line: str, rest: str) -> bool:
    """Whether a line only names what follows, and is not the first of several such names."""
    is_name = len(line) <= LONGEST and _LABEL.fullmatch(_bare(line))
    return bool(is_name) and not _OTHER_LABEL.search(rest)


def _bare(line: str) -> str:
    return line.replace("*", "").lstrip("_#>¡¿ ").rstrip("_ ")
