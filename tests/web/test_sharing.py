"""A version shared by a link: read without an account, approved or sent back with a reason."""

import re
from datetime import timedelta

import pytest
from conftest import Visitor, both_databases
from sqlalchemy import func, select, update

from smartcontent.briefs.task import Deed, Task
from smartcontent.contents import ending, refining, sharing, versions
from smartcontent.models import Content, Review, Share, Status, User, now
from smartcontent.models.share import NAME_LONGEST, REASON_LONGEST
from smartcontent.stores.sql import db


@pytest.fixture
def written(content: Content) -> Content:
    """Ada's, with a text."""
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "# Tea\n\nIt is **blue**.")
    db.session.refresh(content)
    return content


def link_of(visitor: Visitor, content: Content, **more: object) -> str:
    form = {"number": content.current_number, "days": 7, **more}
    page = visitor.post(f"/contents/{content.id}/shares", form)
    assert page.status_code == 200, page.text
    return re.search(r'<code id="share-link"[^>]*>([^<]*)</code>', page.text)[1]


def say(visitor: Visitor, link: str, verdict: str = "approved", **more: str):
    return visitor.post(link, {"verdict": verdict, **more}, follow_redirects=True)


@both_databases
def test_version_is_read_without_an_account_and_approved(app, as_ada, written, visitor):
    link = link_of(as_ada, written)

    page = visitor.get(link)
    assert "It is <strong>blue</strong>." in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert written.topic not in page.text.replace("A teapot", "")
    said = say(visitor, link, name="Grace <b>", reason="Lovely\nand blue")
    assert "Thank you" in said.text

    shown = as_ada.get(f"/contents/{written.id}").text
    assert "Approved" in shown
    assert "Grace &lt;b&gt;" in shown
    assert "Lovely\nand blue" in shown


def test_what_is_said_stays_with_its_version(app, as_ada, written, visitor):
    link = link_of(as_ada, written)
    nothing = say(visitor, link, "changes")
    assert nothing.status_code == 422
    assert '<small id="reason-error" class="error">Say what' in nothing.text
    say(visitor, link, "changes", reason="Make it red")

    versions.save_edit(written, "A teapot", "It is red.")

    assert "It is <strong>blue</strong>." in visitor.get(link).text
    shown = as_ada.get(f"/contents/{written.id}").text
    assert re.search(
        r"Version 2, not the text above.*Changes wanted.*Make it red", shown, re.DOTALL
    )


def test_link_ends_when_it_is_revoked_or_expires_or_its_content_or_owner_goes(
    app, ada, as_ada, written, visitor
):
    link = link_of(as_ada, written)
    share = db.session.scalars(select(Share)).one()

    def is_open() -> bool:
        answers = {visitor.get(link).status_code, say(visitor, link).status_code}
        assert answers in ({200}, {404})
        return answers == {200}

    assert is_open()
    db.session.execute(update(Share).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert not is_open()
    db.session.execute(update(Share).values(expires_at=now() + timedelta(days=1)))
    ending.discard(written)
    assert not is_open()
    ending.restore(ada.id, written.id)
    db.session.get(User, ada.id).is_enabled = False
    db.session.commit()
    assert not is_open()
    db.session.get(User, ada.id).is_enabled = True
    db.session.commit()
    assert is_open()
    as_ada.post(f"/contents/{written.id}/shares/{share.id}/revoke")
    assert not is_open()
    assert "Approved" in as_ada.get(f"/contents/{written.id}").text


def test_only_the_hash_of_the_secret_is_kept(app, as_ada, written):
    secret = link_of(as_ada, written).rpartition("/")[2]

    share = db.session.scalars(select(Share)).one()

    assert len(secret) >= 43
    assert secret not in str(vars(share))


def test_nobody_else_shares_or_revokes_and_nothing_without_a_text_is_shared(
    app, ada, as_ada, as_bob, written
):
    path = f"/contents/{written.id}/shares"
    link_of(as_ada, written)
    share = db.session.scalars(select(Share)).one()

    assert as_bob.post(path, {"number": 2, "days": 7}).status_code == 404
    assert as_bob.post(f"{path}/{share.id}/revoke").status_code == 404
    assert as_ada.post(path, {"number": 1, "days": 7}).status_code == 409
    assert as_ada.post(path, {"number": 99, "days": 7}).status_code == 409
    assert "Choose when" in as_ada.post(path, {"number": 2, "days": 3650}).text
    assert db.session.scalars(select(Share)).one().is_open


def test_links_and_what_is_said_are_bounded(app, as_ada, written, visitor, monkeypatch):
    monkeypatch.setattr(sharing, "OPEN_MOST", 1)
    monkeypatch.setattr(sharing, "REVIEWS_MOST", 2)
    link = link_of(as_ada, written, days=90)
    more = {"number": 2, "days": 7}
    assert as_ada.post(f"/contents/{written.id}/shares", more).status_code == 409
    assert db.session.scalars(select(Share)).one().expires_at < now() + timedelta(days=91)

    answers = [say(visitor, link, reason=str(n)).status_code for n in range(12)]

    assert answers[:3] == [200, 200, 409]
    assert answers[-1] == 429
    assert db.session.scalar(select(func.count(Review.id))) == 2
    assert say(visitor, link, reason="x" * 50_000).status_code == 413


@pytest.mark.parametrize("letter", ["あ", "🫖"])
def test_reason_may_be_as_long_in_any_script(as_ada, written, visitor, letter):
    link = link_of(as_ada, written)

    said = say(visitor, link, "changes", name=letter * NAME_LONGEST, reason=letter * REASON_LONGEST)

    assert "Thank you" in said.text
    review = db.session.scalars(select(Review)).one()
    assert review.reason == letter * REASON_LONGEST


def test_what_is_said_by_all_links_of_a_content_is_bounded(as_ada, written, visitor, monkeypatch):
    monkeypatch.setattr(sharing, "ALL_REVIEWS_MOST", 2)
    links = [link_of(as_ada, written) for _ in range(3)]

    answers = [say(visitor, link, reason="Lovely") for link in links]

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert "tell whoever sent you the link" in answers[-1].text
    assert db.session.scalar(select(func.count(Review.id))) == 2


def test_links_that_ended_make_room_and_all_that_work_can_be_revoked(as_ada, written, monkeypatch):
    monkeypatch.setattr(sharing, "ENDED_MOST", 2)
    link_of(as_ada, written)
    for _ in range(4):
        link_of(as_ada, written)
        last = db.session.scalars(select(Share).order_by(Share.id.desc())).first()
        as_ada.post(f"/contents/{written.id}/shares/{last.id}/revoke")
    link_of(as_ada, written)

    shown = as_ada.get(f"/contents/{written.id}").text

    assert (shown.count("/revoke"), db.session.scalar(select(func.count(Share.id)))) == (2, 4)


def test_form_of_a_stranger_needs_the_token_of_a_page_of_ours(app, as_ada, written, visitor):
    link = link_of(as_ada, written)

    refused = visitor.client.post(link, data={"verdict": "approved"})

    assert refused.status_code == 400
    assert db.session.scalar(select(func.count(Review.id))) == 0


@pytest.mark.parametrize("verdict", ["", "perhaps"])
def test_answer_that_is_none_is_refused_with_what_was_typed(app, as_ada, written, visitor, verdict):
    answer = say(visitor, link_of(as_ada, written), verdict, reason="I wonder", name="Grace")

    assert answer.status_code == 422
    assert "Choose one" in answer.text
    assert "I wonder" in answer.text
    assert 'value="Grace"' in answer.text


def test_version_that_was_shared_is_the_last_to_make_room(app, as_ada, written, monkeypatch):
    link_of(as_ada, written)
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 3)
    for number in range(4):
        versions.save_edit(written, "A teapot", f"Text {number}")

    numbers = [version.number for version in written.versions()]

    assert 2 in numbers
    assert len(numbers) == 3


def test_rewritten_text_that_was_shared_is_not_let_go_for_another(as_ada, written, visitor):
    refining.ask_for(written, Task(Deed.REFINE, written.current_number, "shorter"))
    number = written.versions()[0].number
    written.version(number).move(Status.CANCELLED, text="Blue tea.")
    link = link_of(as_ada, written, number=number)
    for again in range(refining.REWRITES_KEPT + 2):
        as_ada.post(f"/contents/{written.id}/versions/{number}/another")
        db.session.expire_all()
        written.version(4 + again).move(Status.CANCELLED, text="Blue tea.")
        db.session.commit()
    as_ada.post(f"/contents/{written.id}/versions/{number}/another")

    kept = {version.number for version in written.versions()}

    assert kept == {1, 2, number, *range(6, 7 + refining.REWRITES_KEPT)}
    assert visitor.get(link).status_code == 200
