"""flask contents bulk and flask tags: the acts of the pages, for whoever runs the house."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest
from conftest import BRIEF

from smartcontent.contents import ending, saved_views, submitting, tagging, versions
from smartcontent.models import Content, Status
from smartcontent.models.listing import Filters, list_contents
from smartcontent.stores.sql import db


@pytest.fixture
def three(ada, bob) -> list[Content]:
    """Ada's, of which the first has a text and a tag; one of Bob's beside them."""
    contents = [submitting.submit(ada.id, BRIEF, title) for title in ("Pot 1", "Pot 2", "Cup")]
    submitting.submit(bob.id, BRIEF, "Pot of Bob's")
    ending.cancel(contents[0].current)
    versions.save_edit(contents[0], "Pot 1", "Tea.")
    tagging.keep(contents[0], {"tags": ["Spring"]})
    return contents


def shown(user, **filters: object) -> list[str]:
    db.session.rollback()
    return [each.title for each in list_contents(user.id, Filters(**filters, sort="title")).items]


def test_all_that_match_are_counted_tagged_and_untagged_again(flask, ada, bob, three):
    tag = ("contents", "bulk", ada.email, "tag", "--tag", "tea")
    assert flask(*tag, "--q", "pot", "--dry-run").stdout == "2 match; nothing is done.\n"
    assert shown(ada, tag="tea") == []

    done = flask(*tag, "--q", "pot")

    assert (done.stdout, shown(ada, tag="tea")) == ("2 of 2 changed.\n", ["Pot 1", "Pot 2"])
    assert shown(bob, tag="tea") == []
    act = done.stderr.split()[3].strip("`")
    assert flask("contents", "undo", act).stdout == "2 of 2 changed.\n"
    assert shown(ada, tag="tea") == []
    assert "undone already" in flask("contents", "undo", act).stderr
    assert "There is no act x" in flask("contents", "undo", "x").stderr


def test_acts_need_a_filter_or_all(flask, ada, three):
    refused = flask("contents", "bulk", ada.email, "trash")
    assert (refused.exit_code, "--all means everything" in refused.stderr) == (1, True)
    assert len(shown(ada)) == 3

    told = json.loads(flask("contents", "bulk", ada.email, "cancel", "--all", "--json").stdout)
    assert (told["total"], told["changed"], told["left"]) == (3, 2, {"idle": 1})
    flask(
        "contents",
        "bulk",
        ada.email,
        "retry",
        "--status",
        "cancelled",
        "--type",
        BRIEF.content_type,
    )
    assert {each.current.status for each in three[1:]} == {Status.PENDING}
    flask("contents", "bulk", ada.email, "trash", "--tagged", "spring")
    assert shown(ada) == ["Cup", "Pot 2"]
    flask("contents", "bulk", ada.email, "restore", "--all")
    assert len(shown(ada)) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("trash", "--status", "burnt"), "status must be one of pending"),
        (("trash", "--since", "Monday"), "since must be a day such as"),
        (("tag", "--all"), "--tag comes with tag or untag."),
        (("trash", "--all", "--tag", "x"), "--tag comes with tag or untag."),
        (("tag", "--all", "--tag", "a,b"), "Tag must be one tag"),
        (("trash", "--view", "Tea"), "The user has no view Tea."),
    ],
)
def test_what_cannot_be_is_said(flask, ada, three, options, said):
    refused = flask("contents", "bulk", ada.email, *options)

    assert (refused.exit_code, said in refused.stderr, len(shown(ada))) == (1, True, 3)


def test_view_names_what_is_exported(flask, ada, three):
    saved_views.keep(ada.id, "Été", {"q": "pot"})

    packed = flask("contents", "bulk", ada.email, "export", "--view", "été").stdout_bytes

    [name] = ZipFile(BytesIO(packed)).namelist()
    assert name.endswith("Pot 1.md")
    saved_views.keep(ada.id, "Old", {"q": "pot", "tag": "gone"})
    lost = flask("contents", "bulk", ada.email, "trash", "--view", "Old")
    assert (lost.exit_code, "is not all there" in lost.stderr) == (1, True)


def test_tags_are_listed_renamed_and_merged(flask, ada, bob, three):
    tagging.keep(three[1], {"tags": ["shop"]})
    tagging.keep(three[2], {"tags": ["shop", "Spring"]})

    listed = json.loads(flask("tags", "list", ada.email, "--json").stdout)
    assert listed == [{"name": "shop", "contents": 2}, {"name": "Spring", "contents": 2}]
    renamed = flask("tags", "rename", ada.email, "SHOP", "store")
    assert renamed.stdout == "The tag is called store now.\n"
    taken = flask("tags", "rename", ada.email, "store", "spring")
    assert (taken.exit_code, "`tags merge` does it" in taken.stderr) == (1, True)
    merged = flask("tags", "merge", ada.email, "store", "spring")
    assert merged.stdout == "Spring is on 3 contents now.\n"
    assert flask("tags", "list", ada.email).stdout.splitlines()[1:] == ["3         Spring"]
    assert "has no tag store" in flask("tags", "merge", ada.email, "store", "spring").stderr
    assert "Both are the same" in flask("tags", "merge", ada.email, "spring", "SPRING").stderr
    assert "has no tag" in flask("tags", "rename", bob.email, "spring", "x").stderr
