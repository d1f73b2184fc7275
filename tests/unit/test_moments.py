"""Moments that matter: when it began, which key changed when, and when the application started."""

from datetime import datetime, timedelta

import pytest

from authlens.diagnosis import moments
from authlens.model import Finding, IssuerReport, Key, Moment
from tests.unit.helpers.refusals import ISSUER, NOW, failure
from tests.unit.helpers.shared import made
from tests.unit.test_groups import finding

BEFORE = NOW - timedelta(hours=2)
SEEN = NOW - timedelta(hours=1)


def refused(kid: str = "k2", at: datetime | None = NOW) -> Finding:
    return finding(fields={"kid": kid}, at=at)


def changes(key: Key, *refusals: Finding) -> list[Moment]:
    report = IssuerReport(issuer=ISSUER, keys=(key,))
    return [m for m in moments.find(refusals or [refused()], [report], ()) if m.kind == moments.KEY_CHANGE]


def test_the_first_refusal_and_every_start_in_order() -> None:
    """An application that starts later, and one that started before."""
    found = moments.find([refused(at=NOW), refused(at=BEFORE)], (), [SEEN, NOW])
    assert [(m.time, m.kind) for m in found] == [(BEFORE, "first-failure"), (SEEN, "restart"), (NOW, "restart")]


def test_a_log_without_failures_has_starts_only() -> None:
    """And one whose failures have no time."""
    assert moments.find([], (), ()) == ()
    assert moments.find([refused(at=None)], (), ()) == ()


def test_a_key_that_came_is_told_with_when_it_was_not_there() -> None:
    """Only an earlier set shows that it was not always published."""
    (change,) = changes(Key(kid="k2", published_after=BEFORE, published_from=SEEN))
    assert (change.time, change.kid) == (SEEN, "k2")
    assert change.text == f"key k2 of {ISSUER} was first seen published, and not yet at 2026-03-04 07:00Z"
    assert not changes(Key(kid="k2", published_from=SEEN))


def test_a_key_that_went_is_told() -> None:
    """With when it was last seen."""
    (change,) = changes(Key(kid="k2", published_from=BEFORE, published_until=BEFORE, gone_by=SEEN))
    assert change.time == SEEN
    assert change.text.endswith("was first seen withdrawn, and still published at 2026-03-04 07:00Z")


@pytest.mark.parametrize(
    ("key", "kid"),
    [
        (Key(kid="k3", published_after=BEFORE, published_from=SEEN), "k2"),
        (Key(kid="k2", published_after=NOW + timedelta(hours=1), published_from=NOW + timedelta(hours=2)), "k2"),
    ],
)
def test_what_no_refusal_can_come_from_is_left_out(key: Key, kid: str) -> None:
    """Another key, and a change after the last refusal."""
    assert not changes(key, refused(kid))


def test_a_change_that_was_noticed_after_the_log_is_told() -> None:
    """Between the set of before and today's: it may have been then."""
    later = NOW + timedelta(days=7)
    assert [m.time for m in changes(Key(kid="k2", published_after=BEFORE, published_from=later))] == [later]


def test_of_a_groups_keys_the_last_change_counts() -> None:
    """And none of another key's."""
    made = [
        Moment(time=BEFORE, kind="key-change", text="a", kid="k1"),
        Moment(time=SEEN, kind="key-change", text="b", kid="k1"),
    ]
    assert moments.change_of(["k1", "k9"], made) == made[1]
    assert moments.change_of(["k9"], made) is None


def test_a_failure_whose_key_id_is_no_text_names_none() -> None:
    """What a log prints may be anything."""
    odd = made(
        Finding,
        id="x",
        failure=failure(fields={"kid": ["k2"]}),
        cause="c",
        severity=refused().severity,
        confidence=refused().confidence,
    )
    assert not changes(Key(kid="k2", published_after=BEFORE, published_from=SEEN), odd)
