"""Templates that everybody has, for what marketers write week after week."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from smartcontent.briefs.template import Template


def _template(name: str, defaults: dict[str, str], **brief: Any) -> Template:
    its_id = uuid5(NAMESPACE_URL, f"smartcontent:template:{name}")
    return Template(name, brief, defaults, str(its_id))


_TEMPLATES = (
    _template(
        "Product for a shop", {"guarantee": "Two years", "readers": "People who buy it to keep it"},
        content_type="product_description", title="{product}",
        topic="{product}. What it is made of: {material}. What it can do: {facts}."
        " Guarantee: {guarantee}.",
        audience="{readers}", tone="warm", length="medium",
        keywords=["{product}"],
        instructions="Say what each fact means for the buyer. Do not mention a price.",
    ),
    _template(
        "Launch of a product", {"where": "on our website"},
        content_type="social_media_caption", title="Launch: {product}",
        topic="{product} is new, from {date}. What is new about it: {news}. To be had {where}.",
        tone="confident", length="medium", keywords=["{product}"],
        instructions="Begin with what is new, not with us. Three hashtags at most.",
    ),
    _template(
        "Offer with an end", {"condition": "No code needed"},
        content_type="ad_copy", title="{discount} on {what}",
        topic="{discount} on {what}, until {end}. {condition}.",
        tone="persuasive", length="short",
        instructions="Name the end of the offer. The call to action is: {action}. No exclamation"
        " marks.",
    ),
    _template(
        "Invitation to an event", {"price": "Free of charge", "seats": "Seats are limited"},
        content_type="email_newsletter", title="Invitation: {event}",
        topic="{event}, on {date} at {time}, {place}. What guests get from it: {reason}."
        " {price}. {seats}.",
        audience="{guests}", tone="friendly", length="medium",
        instructions="Ask the reader to sign up. Date, time and place stand together on lines of"
        " their own.",
    ),
    _template(
        "Monthly newsletter", {"closing": "Reply to this mail: we read every answer"},
        content_type="email_newsletter", title="Newsletter {month}",
        topic="What is new in {month}:\n{news}",
        audience="{readers}", tone="friendly", length="long",
        instructions="One short section for each piece of news, the most important first. End"
        " with: {closing}.",
    ),
    _template(
        "News for the press", {"about": "One sentence on who we are"},
        content_type="press_release", title="{company}: {news}",
        topic="{company}, {city}, {date}: {news}. Details: {details}. About the company: {about}.",
        audience="Newsrooms", tone="professional", length="medium",
        instructions="Leave a marked gap for a quotation by {speaker}.",
    ),
    _template(
        "Guide for a blog", {"mistakes": "the three most common mistakes"},
        content_type="blog_post_outline", title="How to {task}",
        topic="How to {task}: {steps}", audience="{readers}", tone="plain", length="medium",
        keywords=["{keyword}"], instructions="End with {mistakes}.",
    ),
    _template(
        "Page in a search engine", {"audience": "People who look for it by name"},
        content_type="seo_title_description", title="SEO: {page}",
        topic="The page {page}. What one finds there: {content}.",
        audience="{audience}", tone="plain", length="short", keywords=["{keyword}"],
        instructions="The keyword stands first in the title.",
    ),
)  # fmt: skip
BUILT_IN = {UUID(template.id): template for template in _TEMPLATES}
