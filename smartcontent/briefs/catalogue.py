"""What a marketer can choose from: content types with their examples, tones, lengths, languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, eq=False)
class ContentType:
    """One kind of text: how many words each length means, and a brief that shows it off."""

    slug: str
    label: str
    description: str
    default_length: str
    words: Mapping[str, tuple[int, int]]
    example: Mapping[str, Any]


class Language(NamedTuple):
    """A language by its English name and by the name its speakers use."""

    name: str
    own_name: str


LENGTHS = {"short": "Short", "medium": "Medium", "long": "Long"}
TONES = {
    "friendly": "Friendly", "professional": "Professional", "playful": "Playful",
    "persuasive": "Persuasive", "warm": "Warm", "formal": "Formal", "witty": "Witty",
    "confident": "Confident", "inspiring": "Inspiring", "plain": "Plain and factual",
}  # fmt: skip
LANGUAGES = {
    "en": Language("English", "English"),
    "es": Language("Spanish", "Español"),
    "fr": Language("French", "Français"),
    "de": Language("German", "Deutsch"),
    "it": Language("Italian", "Italiano"),
    "pt": Language("Portuguese", "Português"),
    "nl": Language("Dutch", "Nederlands"),
    "pl": Language("Polish", "Polski"),
    "uk": Language("Ukrainian", "Українська"),
    "tr": Language("Turkish", "Türkçe"),
    "ar": Language("Arabic", "العربية"),
    "hi": Language("Hindi", "हिन्दी"),
    "id": Language("Indonesian", "Bahasa Indonesia"),
    "ja": Language("Japanese", "日本語"),
    "ko": Language("Korean", "한국어"),
    "zh-Hans": Language("Chinese (simplified)", "简体中文"),
}


def _type(
    slug: str, label: str, description: str, words: Sequence[tuple[int, int]], **example: Any
) -> ContentType:
    return ContentType(
        slug=slug,
        label=label,
        description=description,
        default_length=example["length"],
        words=dict(zip(LENGTHS, words, strict=True)),
        example={"content_type": slug, "language": "en", **example},
    )


_TYPES = (
    _type(
        "blog_post_outline", "Blog post outline",
        "A working title and the sections to write, each with its points.",
        ((120, 200), (200, 350), (350, 600)),
        topic="How to brew better pour-over coffee at home: water, grind, pouring and patience",
        audience="Beginners who just bought their first dripper",
        tone="friendly", length="medium",
        keywords=["pour-over coffee", "grind size", "water temperature"],
        instructions="Five sections. End with a short list of common mistakes.",
    ),
    _type(
        "product_description", "Product description",
        "A headline, what the product does for its buyer, and its facts as a list.",
        ((40, 80), (80, 150), (150, 300)),
        topic="Mira, a gooseneck kettle: 0.9 litres, brushed steel, keeps the chosen temperature"
        " for 30 minutes, walnut handle, two-year guarantee",
        audience="People who care about their morning coffee",
        tone="warm", length="medium",
        keywords=["gooseneck kettle", "pour-over"],
        instructions="Name the guarantee. Do not mention a price.",
    ),
    _type(
        "social_media_caption", "Social media caption",
        "A few lines to stand beside a picture, with hashtags.",
        ((10, 25), (25, 60), (60, 120)),
        topic="Our bakery's new courtyard opens on Saturday at 9; lemonade is free for the first"
        " 50 guests",
        audience="Neighbours with small children",
        tone="playful", length="short",
        keywords=["courtyard", "Saturday"],
        instructions="One emoji at most, three hashtags.",
    ),
    _type(
        "email_newsletter", "Email newsletter",
        "A subject line, a preview text and the mail itself, with one thing to do.",
        ((80, 150), (150, 300), (300, 500)),
        topic="Spring at the garden centre: 20 % off all hand tools until Sunday, and a free"
        " pruning class on Friday at 17:00",
        audience="Subscribers who garden at the weekend",
        tone="friendly", length="medium",
        keywords=["pruning class", "hand tools"],
        instructions="Ask the reader to book a seat in the class.",
    ),
    _type(
        "ad_copy", "Ad copy",
        "A headline, a few lines and a call to action.",
        ((15, 30), (30, 60), (60, 120)),
        topic="A bicycle mechanic who comes to your door: repairs on the spot, evenings too,"
        " booked online in a minute",
        audience="Commuters who have no time for a workshop",
        tone="confident", length="short",
        keywords=["bike repair", "at your door"],
        instructions="The call to action is: Book a visit.",
    ),
    _type(
        "press_release", "Press release",
        "Headline, lead, details and a note about the company, ready for a newsroom.",
        ((150, 250), (250, 400), (400, 600)),
        topic="Northwind Cargo Bikes opens a repair school in Leeds on 3 May: a twelve-week course,"
        " 24 places a year, no fees for people out of work",
        audience="Local and cycling press",
        tone="professional", length="medium",
        keywords=["repair school", "cargo bikes"],
        instructions="Leave a marked gap for a quotation by the founder.",
    ),
    _type(
        "seo_title_description", "SEO title and description",
        "The title and the description a search engine shows for a page.",
        ((20, 35), (40, 70), (60, 105)),
        topic="The shop page for hand-dyed merino yarn: 42 colours, dyed in small batches, samples"
        " by post",
        audience="Knitters looking for unusual colours",
        tone="plain", length="short",
        keywords=["hand-dyed yarn", "merino"],
        instructions="Do not use the word “best”.",
    ),
)  # fmt: skip
CONTENT_TYPES = {kind.slug: kind for kind in _TYPES}
