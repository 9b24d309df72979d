"""All that is a person's as one ZIP, to be read by people, and taken in by any installation."""

FORMAT, VERSION = "smartcontent", 1
HEAD = "smartcontent.json"
CONTENTS = "contents/"
README = """This is what was yours in Smart Content.

Each folder in "contents" is one text: "content.json" has its brief, and each version is a file of
Markdown, "1.md" and so on, with what is known of it beside it in JSON. "smartcontent.json" has your
voices, templates, series and saved views.

To have it in Smart Content again: Account, Your data, Take in.
"""
