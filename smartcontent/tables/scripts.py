"""Texts of before Unicode in a script of their own: told by how usual what they would say is.

Short tables have too little for statistics of bytes. Their letters tell: Chinese read as Korean has
syllables that hardly any Korean word has, Cyrillic in a wrong table changes case within words.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple
from unicodedata import category

_KANJI = frozenset(
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金入学高円子外下来気小山話女書先名川水男西"
    "電校語土木聞食車何南万毎白天読友休会同事自社発者地業方新場員立開手力問代明動京目通言理体主題意不"
    "作用度強公持野以思家世多正安心界教文元重近画海売知道集別物使品計特私始運台広住無有少料工建空急送"
    "切転足楽起着店質試早味写字音注帰古買図週室風紙黒花春赤青館屋色秋夏駅旅服飲飯冬昼茶商対象件価格客"
)
_HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日"
    "意无力与长把机民第公工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体美相见利什二等产或"
    "新制身果加西月合回特代内信表化老给世位次度门常先海通教原东提立及比解水名真各入口条平系气题活更女变"
    "何电数安少报结反受目太量感建务做接场件计管期市直金指区保社便空展科书白达光放强思设式色路记南品住类求"
    "据边交规取格术共确传观清今让带导运标众称价语言键词红蓝茶玻璃喜欢爱季促销活轻春夏秋冬"
)
_HANZI_OF_BIG5 = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日"
    "意無力與長把機民第公工使情明性知全三又關點正業外將兩高間由問很最重並物手應向頭文體美相見利什二等產或"
    "新制身果加西月合回特代內信表化老給世位次度門常先海通教原東提立及比解水名真各入口條平系氣題活更女變"
    "何電數安少報結反受目太量感建務做接場件計管期市直金指區保社便空展科書白達光放強思設式色路記南品住類求"
    "據邊交規取格術共確傳觀清今讓帶導運標眾稱價語言鍵詞紅藍茶玻璃喜歡愛季促銷輕春夏秋冬壺"
)
_HANGUL = frozenset(
    "이다는을의에가고지도로한은사자를하기리대시인정어해스라서그아나부전보수일제장원유주여구성상소조과만들게면"
    "중동우실비선니안무적계세문경모발생미관용년있것할내요차분위때출국및건간신물방없음재공회행두름목글품잔람"
    "명언격체길키워드독저객좋파란젊할"
)
_LEAST = 0.6  # on average
_RUN = 3  # bytes of letters side by side: Latin languages have no such accents


class _Script(NamedTuple):
    """How usual a letter of it is, from -2 to 2; whether blanks part it from Latin letters."""

    usual: Callable[[str], float]
    has_blanks: bool = True


def _alphabet(often: str, usual: str, seldom: str) -> Callable[[str], float]:
    known = dict[str, float]()
    for letters, mark in ((often, 2), (usual, 0.8), (seldom, -0.4)):
        known |= dict.fromkeys(letters.upper(), 0.75 * mark) | dict.fromkeys(letters, mark)
    return lambda sign: known.get(sign, -2)


def _japanese(sign: str) -> float:
    if "ぁ" <= sign <= "ん" or "ァ" <= sign <= "ー" or sign in "、。「」・々":
        return 2
    return 0.1 if "ｦ" <= sign <= "ﾟ" else _of(_KANJI, sign, "shift_jis", b"\x98\x72")


def _of(common: frozenset[str], sign: str, encoding: str, last: bytes) -> float:
    """A Chinese character: one of the commonest, of the commoner half of its set, or rare."""
    if sign in common:
        return 2
    if "\uff01" <= sign <= "\uff5e" or sign in "、。「」《》“”…—・　":
        return 1
    there = sign.encode(encoding, "ignore")
    return (0.7 if there <= last else -1.5) if sign >= "\u3400" and len(there) == 2 else -2


def _korean(sign: str) -> float:
    if sign in _HANGUL:
        return 2
    is_usual = "가" <= sign <= "힣" and sign.encode("euc_kr", "ignore")
    return 0.5 if is_usual else -1.5


_CYRILLIC = _Script(_alphabet("оеаинтсрвлкм", "дпуяыьгзбчйхжшію", "цщэфъёїєґўђјљњћџ"))
_JAPANESE = _Script(_japanese, has_blanks=False)
_SCRIPTS: Mapping[str, _Script] = {
    "cp1251": _CYRILLIC,
    "cp932": _JAPANESE,
    "gb18030": _Script(lambda sign: _of(_HANZI, sign, "gb2312", b"\xd7\xff"), has_blanks=False),
    "cp949": _Script(_korean),
    "big5": _Script(lambda sign: _of(_HANZI_OF_BIG5, sign, "big5", b"\xc6\x7e"), has_blanks=False),
    "cp1253": _Script(_alphabet("αοιετσνηυρςίό", "πκμλδγωάέήύώθχ", "φβζξψϊϋΐΰ")),
    "cp1255": _Script(_alphabet("יוהלאמרתבשנ", "םדכעחקפצ", "גסטזןךףץ")),
    "cp1256": _Script(_alphabet("اليمنتروبةعدسفهأ", "حجقكشصطخزإض", "ءآؤئثذظغىپچژگ،؟")),
    "cp874": _Script(_alphabet("านรอกเงมยลวดทสตะปบคหแจพชข้่ี", "ไใโถซผัิุู็ึืำธณญฟศษภ์", "ฝฐฆฌฎฏฑฒฬฮฤๆฯ๊๋")),
    "koi8_r": _CYRILLIC,
    "euc_jp": _JAPANESE,
    "cp866": _CYRILLIC,
}  # fmt: skip
_LAST, _NEVER_LAST = frozenset("ςםןךףץ"), "σ"  # letters that only end words; that never does
WIDE = {"cp932", "gb18030", "cp949", "big5", "euc_jp"}  # of two bytes and more a letter
_RARE, _RARER = {"koi8_r", "euc_jp", "cp866"}, 0.2


def script_of(data: bytes) -> str | None:
    """The encoding in which the bytes say most in a script of their own; None: in no such one."""
    marks = {encoding: _mark(data, encoding) for encoding in _SCRIPTS}
    best = max(marks, key=lambda encoding: marks[encoding])
    return best if marks[best] >= _LEAST else None


def _mark(data: bytes, encoding: str) -> float:
    """How usual the text would be, on average of its bytes that are no ASCII."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return -2
    script = _SCRIPTS[encoding]
    size = 2 if encoding in WIDE else 1
    signs = [sign for sign in text if not sign.isascii()]
    mark = sum(map(script.usual, signs)) * size
    mark -= sum(_oddness(a, b, script) for a, b in pairwise(text))
    longest = max(map(len, re.findall(r"[^\x00-\x7f]+", text)), default=0) * size
    return mark / (len(signs) * size) - _RARER * (encoding in _RARE) if longest >= _RUN else -2


def _oddness(a: str, b: str, script: _Script) -> float:
    """How odd two signs are one after the other: of two scripts, "aB", a mark on nothing."""
    if a.isascii() and b.isascii():
        return 0
    if category(b) == "Mn" and (a.isascii() or not _is_in_words(a)):
        return 3
    if not (_is_in_words(a) and _is_in_words(b)):
        return 3 if a == _NEVER_LAST else 0
    if a.isascii() != b.isascii():
        return 3 if script.has_blanks else 2.5
    return 3 if a in _LAST or (a.islower() and b.isupper()) else 0


def _is_in_words(sign: str) -> bool:
    return sign.isalpha() if sign.isascii() else category(sign)[0] in "LMN"
