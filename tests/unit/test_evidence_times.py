"""Clocks and expiries: signed distances at the log's time, and forms of exp."""

from datetime import UTC, datetime, timedelta

import pytest

from authlens.diagnosis.evidence_times import clock, expiry, is_reversed, moment, of_request, whole_offset
from authlens.model import CheckVerdict, Token, TokenForm
from tests.unit.helpers.refusals import ISSUER, NOW, decoded, failure, table


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def test_the_distance_is_measured_at_the_messages_own_time() -> None:
    """The record's time may be the collector's; the library prints the one it compared with."""
    said = {"valid_to": NOW - timedelta(hours=2), "current_time": NOW - timedelta(hours=1)}
    assert clock("expired", failure(fields=said), 300)["clock.distance_s"] == 3600


def test_the_records_time_serves_where_the_message_shows_none() -> None:
    """A token's exp and the record's time are enough."""
    row = clock("expired", failure(fields={"exp": seconds(NOW) - 345}), 300)
    assert (row["clock.distance_s"], row["clock.beyond_s"]) == (345, 45)


def test_a_token_that_is_too_early_has_its_distance_to_nbf() -> None:
    """Positive distances are beyond the limit on both sides."""
    row = clock("not-yet-valid", failure("IDX10222", fields={"nbf": seconds(NOW) + 9}), 300)
    assert (row["clock.distance_s"], row["clock.beyond_s"]) == (9, -291)


@pytest.mark.parametrize("text", ["2026-03-04T11:00:00+02:00", "2026-03-04T09:00:00", "2026-03-04T09:00:00Z"])
def test_a_text_names_its_offset_or_is_utc(text: str) -> None:
    """Nine o'clock in Greenwich, however it is written."""
    assert moment(text) == NOW


@pytest.mark.parametrize("fields", [{}, {"valid_to": "**/**/2018 **:32:31"}, {"exp": 10**30}, {"exp": True}])
def test_times_that_cannot_be_read_give_no_distance(fields: dict[str, object]) -> None:
    """Unknown is missing, not zero."""
    assert "clock.beyond_s" not in clock("expired", failure(fields=fields), 300)


def test_only_refusals_of_a_lifetime_have_a_clock() -> None:
    """An old token that is refused for its audience is no question of clocks."""
    assert clock("audience", failure(fields={"exp": 1}), 300) == {}


@pytest.mark.parametrize(
    ("distance", "whole"),
    [
        (7200, True),
        (25192, True),  # eight seconds short of seven hours
        (19800, True),  # India
        (-7260, True),
        (3800, False),
        (1800, False),  # no time zone is half an hour from UTC
        (86400, False),  # a day is no time zone
        (169200, False),
    ],
)
def test_whole_offsets_are_those_of_time_zones(distance: int, whole: bool) -> None:
    """Give or take a minute between issue and use."""
    assert whole_offset(distance) is whole


@pytest.mark.parametrize(
    ("claims", "form"),
    [
        ({"sub": "a"}, "absent"),
        ({"exp": 1_772_614_800}, "number"),
        ({"exp": 3_663_713_424}, "overflow"),
        ({"exp": 1_772_614_800_000}, "milliseconds"),
        ({"exp": "1772614800"}, "text"),
        ({"exp": None}, "text"),
    ],
)
def test_the_form_of_exp_is_told(claims: dict[str, object], form: str) -> None:
    """Old versions call all but a small number missing."""
    assert expiry(decoded(claims))["exp.form"] == form


def test_a_hidden_token_says_nothing_of_exp() -> None:
    """Nothing shown is not nothing there."""
    assert expiry(Token(sha256="0" * 64, form=TokenForm.HIDDEN)) == {}
    assert expiry(None) == {}


def test_moments_are_read_in_every_form_a_field_may_have() -> None:
    """NumericDate, ISO text, aware and naive times."""
    wanted = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    forms = (wanted, wanted.replace(tzinfo=None), wanted.isoformat(), seconds(wanted))
    assert [moment(form) for form in forms] == [wanted] * 4
    assert moment("yesterday") is None


LATER = NOW + timedelta(hours=5)


@pytest.mark.parametrize(
    ("time", "assumed", "printed", "used"),
    [
        (NOW, False, LATER, NOW),
        (NOW, True, LATER, LATER),  # the message prints UTC; of which zone the record's time is, nobody says
        (NOW, True, None, NOW),
        (None, False, LATER, LATER),
        (None, False, None, None),
    ],
)
def test_a_token_was_used_at_the_records_time_else_at_the_messages_own(
    time: datetime | None, assumed: bool, printed: datetime | None, used: datetime | None
) -> None:
    """Where neither is there, nobody knows; the present has nothing to do with it."""
    fields = {"current_time": printed.isoformat()} if printed else {}
    assert of_request(failure(time=time, time_assumed=assumed), fields) == used


def test_the_lifetime_of_a_token_without_a_time_is_unknown() -> None:
    """A token that has expired since is not said to have been expired then."""
    token = decoded({"iss": ISSUER, "exp": 1_000_000_000, "nbf": 999_999_000})
    judgement = table([failure("IDX10511", token=token, time=None)]).judgements[0]
    assert judgement is not None
    verdicts = {check.name: (check.verdict, check.why) for check in judgement.checks}
    for name in ("lifetime.already-valid", "lifetime.not-expired"):
        assert verdicts[name] == (CheckVerdict.UNKNOWN, "the time of the request is not known")


@pytest.mark.parametrize(
    ("dates", "age", "whole"),
    [
        ({"exp": 300, "iat": 0}, 7214, True),  # new, but for two hours
        ({"exp": 3600, "iat": 0}, 10_814, True),
        ({"exp": 3600, "nbf": 0}, 10_200, False),
        ({"exp": 3600}, 3600 + 7200, True),  # of a token that does not tell its issue the expiry is all there is
        ({"exp": 1800, "iat": 0}, 1800 + 7200, False),
    ],
)
def test_the_age_of_an_expired_token_tells_a_local_time(dates: dict[str, int], age: int, whole: bool) -> None:
    """A token is used at once, so its age is the issuer's error; its distance from exp is that less its lifetime."""
    issued = seconds(NOW) - age
    fields = {name: issued + value for name, value in dates.items()}
    row = clock("expired", failure(fields=fields), 300)
    assert row["clock.since_issue_s"] == (age if len(dates) > 1 else None)
    assert row["clock.whole_hours"] is whole


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"nbf": 2, "exp": 1}, True),
        ({"valid_from": NOW, "valid_to": NOW + timedelta(hours=1)}, False),
        ({"nbf": 2}, None),
        ({}, None),
    ],
)
def test_a_validity_that_ends_before_it_begins_is_seen(fields: dict[str, object], answer: bool | None) -> None:
    """Where both ends are known."""
    assert is_reversed(fields) is answer
