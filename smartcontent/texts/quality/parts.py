"""The parts of a text: sentences, words, paragraphs, and what is labelled in it."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from smartcontent.texts.folding import MARKS

LETTERS = rf"[^\W\d_]+(?:[{MARKS}][^\W\d_]*)*+"
WORD = re.compile(rf"{LETTERS}(?:['’‘-]{LETTERS})*")
Span = tuple[int, int]
_ENDS = re.compile(
    r"[.!?…。！？।؟\n](?:(?<=\n)|(?<=[。！？।؟])[。！？।؟]*"
    r"|(?<=[.!?…])(?<![.!?…]{2})[.!?…]*[\"'”’»)\]*_]*(?=\s|$))"
)
_MARKS = re.compile(r"[\s>#*_~`•+-]*(?:\d{1,2}[.)] )?[\s*_]*")
_ITEM = re.compile(r"^[ ]*[-*+•] +(.+)$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+)$|^\*\*([^*\n]+)\*\*$", re.MULTILINE)
_LABELS = {
    "title": "seo[- ]titles?|titles?|meta[- ]titles?|titel|seo-titel|titre|título|titolo|tytuł"
    "|заголовок|başlık|judul"
    "|タイトル|제목|标题|العنوان|शीर्षक",
    "description": "(?:meta[- ])?descriptions?|(?:meta-?)?beschreibung|descripción|descrizione"
    "|descrição"
    "|(?:meta-?)?beschrijving|opis|опис|açıklama|deskripsi|説明|설명|描述|الوصف|विवरण",
    "subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|konu|subjek|件名"
    "|제목|主题|الموضوع|विषय",
    "preview": "preview|vorschau|aperçu|vista previa|anteprima|prévia|voorbeeld|podgląd|önizleme"
    "|pratinjau|プレビュー|미리보기|预览|معاينة",
}


def sentences(text: str) -> Iterator[Span]:
    """Where each sentence with a word in it stands, without the marks before it."""
    start = 0
    for end in [*(found.end() for found in _ENDS.finditer(text)), len(text)]:
        marks = _MARKS.match(text, start, end)
        begin = marks.end() if marks else start
        stop = begin + len(text[begin:end].rstrip())
        if WORD.search(text, begin, stop):
            yield begin, stop
        start = end


def paragraphs(text: str) -> Iterator[Span]:
    """Where each paragraph stands, lists and headings included."""
    for found in re.finditer(r"[^\n]+(?:\n(?!\n)[^\n]*)*", text):
        if found[0].strip():
            yield found.span()


class Parts:
    """The text's words, sentences and paragraphs, found once."""

    def __init__(self, text: str) -> None:
        self.sentences: list[Span] = list(sentences(text))
        self.paragraphs: list[Span] = list(paragraphs(text))
        found = list(WORD.finditer(text))
        self.words: list[str] = [word[0] for word in found]
        self.folded: list[str] = [word.casefold() for word in self.words]
        self._starts: list[int] = [word.start() for word in found]

    def words_in(self, span: Span) -> slice:
        """Which of the words stand there."""
        return slice(*(bisect_left(self._starts, place) for place in span))

    def span(self, words: slice) -> Span:
        """Where these words stand."""
        last = words.stop - 1
        return self._starts[words.start], self._starts[last] + len(self.words[last])


def parts_called(name: str, text: str) -> list[str]:
    """What stands in the text under a limit's name for its part."""
    if name == "text":
        return [text.strip()]
    if name == "items":
        return [item.strip() for item in _ITEM.findall(text)]
    if name == "heading":
        return [(a.rstrip("#") or b).strip() for a, b in _HEADING.findall(text)[:1]]
    if name == "headline":
        return [line.strip(" *#_") for line in text.strip().splitlines()[:1]]
    if name == "sentences":
        return _below_the_headline(text)
    return _labelled(_LABELS[name], text)


def _below_the_headline(text: str) -> list[str]:
    _, _, rest = text.strip().partition("\n")
    return [rest[start:end].strip(" *_") for start, end in sentences(rest)]


def _labelled(label: str, text: str) -> list[str]:
    said = re.findall(rf"^[ >*_#-]*+(?:{label})[ *_]*[:：][ *_]*(.+)$", text, re.I | re.M)
    return [part.strip(" *_") for part in said]
