"""How often passwords, invitations and tokens are guessed; on the oldest Redis, too."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import PASSWORD, Visitor

from smartcontent.accounts import passwords
from smartcontent.models import ApiToken
from smartcontent.models.accounts import hash_password
from smartcontent.stores.redis import redis
from smartcontent.web.guesses import AT_ONE_ACCOUNT, BY_STRANGERS
from smartcontent.web.limiter import Limit, count, network, take_back

THREE = Limit("three", most=3, seconds=60)
WRONG = "not the password"
# What a count may be by mistake, and how many seconds it lasts.
GARBLED = {"no number": (b"\xff", 900), "without an end": (999,), "ending in years": (999, 10**8)}
NEW = {"password": "a long new password", "password_again": "a long new password"}


def guess(visitor: Visitor, email: str, password: str = WRONG, address: str = "127.0.0.1"):
    return visitor.post(
        "/sign-in",
        {"email": email, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    )


def assert_too_often(answer, at_most: int) -> None:
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= at_most


def break_redis(app, valkey, how: str) -> None:
    if how == "away":
        app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
        redis.init_app(app)
    elif how == "refuses":
        valkey.client.acl_setuser("default", enabled=True, commands=["-evalsha", "-eval"])
    else:
        count(AT_ONE_ACCOUNT, "127.0.0.1", "ada@example.org")
        (key,) = valkey.client.keys("smartcontent:limit:*")
        valkey.client.set(key, *GARBLED[how])


@pytest.fixture
def broken(request, app, valkey):
    """A Redis that cannot be counted in, and why."""
    break_redis(app, valkey, request.param)
    yield request.param
    valkey.client.acl_setuser("default", enabled=True, commands=["+@all"])


@pytest.mark.oldest_redis
def test_no_more_than_the_limit_get_through_at_once(app):
    def one(_: int) -> int:
        with app.app_context():
            return count(THREE, "somebody")

    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(one, range(20)))

    assert waits.count(0) == 3
    assert all(0 < wait <= 60 for wait in waits if wait)


@pytest.mark.oldest_redis
def test_what_is_taken_back_may_be_done_again(app):
    waits = [count(THREE, "somebody") for _ in range(3)]
    take_back(THREE, "somebody")

    assert [*waits, count(THREE, "somebody"), count(THREE, "somebody") > 0] == [0, 0, 0, 0, True]


@pytest.mark.oldest_redis
def test_every_count_ends(app, valkey):
    count(THREE, "somebody")

    (key,) = valkey.client.keys("smartcontent:limit:*")
    assert 0 < valkey.client.ttl(key) <= 60


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:49152", "192.0.2.7"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("unknown-49152", ""),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("/run/smartcontent.sock", "/run/smartcontent.sock"),
    ],
)
def test_visitor_is_an_address_of_ipv4_or_a_network_of_ipv6(address, key):
    assert network(address) == key


@pytest.mark.oldest_redis
def test_guessing_a_password_is_stopped_after_ten_tries(visitor, ada):
    answers = [guess(visitor, ada.email) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert_too_often(answers[-1], 900)
    assert "quarter of an hour" in answers[-1].text
    assert guess(visitor, ada.email, PASSWORD).status_code == 429


def test_guesser_does_not_get_round_it_within_a_network(visitor, ada):
    addresses = [f"2001:db8::{number:x}" for number in range(1, 12)]
    answers = [guess(visitor, ada.email, address=address).status_code for address in addresses]

    assert answers == [422] * 10 + [429]


def test_others_and_other_accounts_are_not_stopped_with_the_guesser(visitor, ada, bob):
    for _ in range(11):
        guess(visitor, ada.email)

    assert guess(visitor, bob.email, PASSWORD).status_code == 303
    assert guess(visitor, ada.email, PASSWORD, "192.0.2.7").status_code in (302, 303)


@pytest.mark.oldest_redis
@pytest.mark.parametrize("broken", ["away", "refuses", *GARBLED], indirect=True)
def test_limit_holds_whatever_is_wrong_with_redis(visitor, ada, broken):
    answers = [guess(visitor, ada.email).status_code for _ in range(11)]

    assert answers == [422] * 10 + [429]
    assert guess(visitor, ada.email, PASSWORD, "192.0.2.7").status_code == 303


@pytest.fixture
def few_strangers(monkeypatch):
    """A limit that few guesses reach."""
    monkeypatch.setattr(
        "smartcontent.web.guesses.BY_STRANGERS", Limit("few", most=5, seconds=BY_STRANGERS.seconds)
    )


@pytest.mark.parametrize("rubbish", [b"\xff", b"1.5", b"nan", b"", b"-9", b"9" * 30])
def test_people_sign_in_whatever_stands_in_the_place_of_a_count(visitor, ada, valkey, rubbish):
    guess(visitor, ada.email)
    for key in valkey.client.keys("smartcontent:limit:*"):
        valkey.client.set(key, rubbish)

    assert guess(visitor, ada.email, PASSWORD).status_code == 303


@pytest.mark.oldest_redis
def test_account_that_many_guess_at_is_slow_for_them(visitor, ada, few_strangers):
    answers = [
        guess(visitor, ada.email, address=f"192.0.2.{host}")
        for host in range(1, 5)
        for _ in range(3)
    ]

    codes = [answer.status_code for answer in answers]
    assert codes == [422] * 8 + [429] + [422] + [429] * 2
    assert_too_often(answers[-1], 3600)


def test_owner_is_not_kept_out_by_those_who_guess(app, visitor, ada, few_strangers):
    own_browser = Visitor(app)
    assert guess(own_browser, ada.email, PASSWORD, "198.51.100.1").status_code == 303
    own_browser.post("/sign-out")
    for host in range(1, 8):
        guess(visitor, ada.email, address=f"192.0.2.{host}")
        guess(visitor, ada.email, address=f"192.0.2.{host}")
    for _ in range(11):
        guess(visitor, ada.email, address="198.51.100.1")

    mistyped = guess(own_browser, ada.email, "mistyped once", "198.51.100.1")
    assert mistyped.status_code == 422
    assert guess(own_browser, ada.email, PASSWORD, "198.51.100.1").status_code == 303
    assert guess(Visitor(app), ada.email, PASSWORD, "203.0.113.9").status_code == 303


def test_made_up_accounts_do_not_fill_redis(visitor, ada, valkey, monkeypatch):
    """Each is remembered for a day; when there is no room, no text is written any more."""
    few = Limit("few", most=5, seconds=86400)
    monkeypatch.setattr("smartcontent.web.guesses.FIRST_IN_ALL", few)

    answers = [
        guess(visitor, f"{host}@example.org", address=f"192.0.2.{host}") for host in range(1, 12)
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert len(valkey.client.keys("smartcontent:limit:first-guesses/*")) == 5
    # To try again and again takes no other's place.
    valkey.client.flushall()
    for _ in range(9):
        guess(visitor, "1@example.org", address="192.0.2.1")
    guess(visitor, "2@example.org", address="192.0.2.2")
    assert len(valkey.client.keys("smartcontent:limit:first-guesses/*")) == 2


def test_owner_of_many_new_browsers_is_not_taken_for_strangers(app, ada, few_strangers):
    answers = [guess(Visitor(app), ada.email, PASSWORD).status_code for _ in range(8)]

    assert answers == [303] * 8


def test_browser_that_one_account_knows_is_a_stranger_to_another(app, ada, bob):
    visitor = Visitor(app)
    guess(visitor, bob.email, PASSWORD)
    visitor.post("/sign-out")

    answers = [guess(visitor, ada.email, address=f"192.0.2.{host}") for host in range(1, 12)]
    assert {answer.status_code for answer in answers} == {422}
    for _ in range(10):
        guess(visitor, ada.email)
    assert guess(visitor, ada.email).status_code == 429


def test_new_password_is_known_to_no_browser_that_signed_in_with_the_one_before(app, ada):
    collected = [Visitor(app) for _ in range(3)]
    assert [guess(visitor, ada.email, PASSWORD).status_code for visitor in collected] == [303] * 3
    passwords.change(ada, hash_password(NEW["password"]), revokes_tokens=True)

    answers = [guess(visitor, ada.email).status_code for visitor in collected * 4]

    assert answers == [422] * 10 + [429] * 2


def test_browser_in_which_the_password_was_changed_stays_known(app, as_ada, ada, few_strangers):
    assert as_ada.post("/account/password", {"password_now": PASSWORD, **NEW}).status_code == 303
    as_ada.post("/sign-out")
    answers = [guess(Visitor(app), ada.email).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]

    assert guess(as_ada, ada.email, NEW["password"]).status_code == 303


def test_office_that_signs_in_is_not_taken_for_a_guesser(app, ada):
    answers = [guess(Visitor(app), ada.email, PASSWORD).status_code for _ in range(12)]

    assert answers == [303] * 12


def test_present_password_is_not_guessed_from_a_session_by_either_door(as_ada, ada):
    def try_at(door: str, password: str):
        fields = {"password_now": password, **NEW} if door == "password" else {"name": "script"}
        return as_ada.post(f"/account/{door}", {"password": password} | fields)

    guesses = [try_at(door, WRONG) for door in ("password", "tokens") * 5]

    assert [answer.status_code for answer in guesses] == [422] * 10
    for door in ("password", "tokens"):
        assert_too_often(try_at(door, PASSWORD), 900)


def test_invitations_are_not_guessed(app, visitor, founder):
    answers = [visitor.get(f"/sign-up?invitation=x{number}") for number in range(31)]

    assert [answer.status_code for answer in answers] == [403] * 30 + [429]
    assert_too_often(answers[-1], 900)


def test_wrong_tokens_are_refused_and_a_right_one_works(app, ada):
    _, secret = ApiToken.issue(ada, "script")
    client = app.test_client()

    def ask(token: str):
        return client.get("/api/v1/contents", headers={"Authorization": f"Bearer {token}"})

    answers = [ask(f"sc_{number}") for number in range(61)]

    assert [answer.status_code for answer in answers] == [401] * 60 + [429]
    assert_too_often(answers[-1], 60)
    assert "wait a minute" in answers[-1].json["detail"]
    assert ask(secret).status_code == 200
