"""How refusals that are alike run over the log: each field from the smallest log that decides it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from authlens.diagnosis import evidence
from authlens.diagnosis.evidence_course import Place, Rest, densest
from authlens.diagnosis.evidence_values import Row
from authlens.model import Failure, Library
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book
from tests.unit.helpers.refusals import NOW, decoded, failure


def rows(failures: Sequence[Failure], **rest: object) -> Sequence[Row]:
    shown = Rest(**rest)  # type: ignore[arg-type]  # each test names its own
    return evidence.build(failures, book=Book(()), documents=Documents(), rest=shown).rows


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_alike_are_those_of_one_scheme_that_claim_the_same() -> None:
    """Whatever their words; another claim or scheme counts by itself."""
    log = [
        failure("IDX10223", time=after(1)),
        failure("IDX10223", "other words", time=after(3)),
        failure("IDX10214", time=after(5)),
        failure("IDX10223", scheme="Partner", time=after(7)),
    ]
    counted = [(r["alike.failures"], r["alike.first"], r["alike.last"]) for r in rows(log)]
    assert counted == [(2, after(1), after(3))] * 2 + [(1, after(5), after(5)), (1, after(7), after(7))]


def test_a_burst_is_the_densest_minute() -> None:
    """Three within a minute, and one a minute later, in whatever order they stand."""
    log = [failure(time=NOW + timedelta(seconds=s), line=s) for s in (119, 0, 30, 59)]
    assert {r["alike.per_minute"] for r in rows(log)} == {3}
    assert densest([]) == 0
    assert densest([NOW, NOW + timedelta(seconds=60)]) == 1


@pytest.mark.parametrize(("first", "began"), [(after(-16), True), (after(-15), False), (None, None)])
def test_onset_is_told_where_the_log_goes_back_far_enough(first: datetime | None, began: bool | None) -> None:
    """A log that begins with them does not tell when they began."""
    (row,) = rows([failure()], first=first)
    assert row.get("alike.began") is began


@pytest.mark.parametrize(
    ("last", "starts", "alone", "stopped", "restarted"),
    [
        (after(16), (), True, True, False),
        (after(15), (), True, False, False),
        (after(60), (after(10),), True, False, True),
        (after(60), (after(20),), True, True, False),
        (after(60), (after(-10),), True, True, False),
        (after(60), (after(10),), False, None, None),
        (None, (), True, None, False),
    ],
)
def test_what_ended_them_is_told(
    last: datetime | None, starts: tuple[datetime, ...], alone: bool, stopped: bool | None, restarted: bool | None
) -> None:
    """By themselves, by a restart, or not at all; which of several applications started is not known."""
    (row,) = rows([failure()], last=last, starts=starts, alone=alone)
    assert (row.get("alike.stopped"), row.get("alike.restarted")) == (stopped, restarted)
    assert row["log.restarts"] == len(starts)


@pytest.mark.parametrize(
    ("places", "behind"),
    [(((0, 0, 250),), True), (((0, 0, 50),), False), (((0, 1, 0),), True), (((1, 0, 250),), None), ((), None)],
)
def test_a_request_that_was_accepted_later_is_told(places: tuple[Place, ...], behind: bool | None) -> None:
    """Behind them in the same log, rotated files included; another log tells nothing of this one."""
    row = rows([failure(), failure(line=2)], accepted=len(places), acceptances={"": places} if places else {})[0]
    assert (row["log.accepted"], row.get("alike.accepted_after")) == (len(places), behind)


@pytest.mark.parametrize(
    ("place", "before", "meanwhile"),
    [
        ((0, 0, 50), True, False),
        ((0, 0, 150), False, True),
        ((0, 0, 250), False, False),
        ((1, 0, 150), False, False),
    ],
)
def test_a_scheme_that_accepts_meanwhile_is_set_up_well(place: Place, before: bool, meanwhile: bool) -> None:
    """An acceptance between two refusals shows that no setting is wrong for all; another log shows nothing."""
    row = rows([failure(), failure(line=2)], acceptances={"Bearer": (place,)})[0]
    assert (row["scheme.accepts_before"], row["scheme.accepts_meanwhile"]) == (before, meanwhile)


def test_a_retry_storm_is_one_token_or_one_client() -> None:
    """Nine of ten refusals show one token, eight came from one client; the tenth hides its token."""
    token = decoded({"sub": "a", "exp": 1})
    log = [failure(token=token, line=n, client="10.0.0.1" if n < 8 else "10.0.0.2") for n in range(9)]
    found = rows([*log, failure(line=10)])
    assert [r.get("token.share") for r in found] == [0.9] * 9 + [None]
    assert [r.get("client.share") for r in found] == [0.8] * 8 + [0.1, None]


def test_without_times_only_counts_are_told() -> None:
    """Nothing is guessed of when."""
    found = rows([failure(time=None), failure(time=None, line=2)], first=NOW, last=after(60), alone=True)
    assert [name for name in found[0] if name.startswith("alike.")] == ["alike.failures"]
    assert found[0]["alike.failures"] == 2


def test_versions_that_exclude_each_other_are_mixed() -> None:
    """Of one source: another file may be another application's."""
    old, new = Library(low=(6, 8), high=(6, 35)), Library(low=(8, 0), high=(8, 23))
    log = [failure(library=old), failure("IDX10214", library=new)]
    assert [r["library.mixed"] for r in rows(log)] == [True, True]
    assert [r["library.mixed"] for r in rows(log[:1])] == [False]


def test_a_host_whose_clock_is_wrong_stands_out() -> None:
    """Tokens that end at nine are used minutes later on one machine, and two hours later on another."""
    log = [
        failure(fields={"valid_to": NOW, "current_time": after(minutes)}, host=host, line=n)
        for n, (host, minutes) in enumerate([("a", 6), ("a", 7), ("a", 90), ("b", 120), ("b", 121), ("b", 122)])
    ]
    found = rows([*log, failure(fields={"valid_to": NOW, "current_time": NOW}, line=9)])
    assert [r.get("clock.host_median_s") for r in found] == [420] * 3 + [7260] * 3 + [None]
    assert [r.get("clock.host_offset_s") for r in found] == [-6840] * 3 + [6840] * 3 + [None]
    assert rows([failure("IDX10214", host="a")])[0].get("clock.host_median_s") is None
    assert rows(log[:3])[0].get("clock.host_offset_s") is None


@pytest.mark.parametrize(
    ("accepting", "own", "others"),
    [((), None, None), (("Bearer",), True, False), (("Partner",), False, True), (("Bearer", "Partner"), True, True)],
)
def test_what_works_beside_it_is_told(accepting: tuple[str, ...], own: bool | None, others: bool | None) -> None:
    """A scheme that accepts others' tokens is set up well; where the log names none, nothing is known."""
    (row,) = rows([failure()], acceptances=dict.fromkeys(accepting, ((0, 0, 1),)))
    assert (row.get("scheme.accepts"), row.get("scheme.others_accept")) == (own, others)
    assert "scheme.accepts" not in rows([failure(scheme=None)], acceptances={"Bearer": ((0, 0, 1),)})[0]


def test_hosts_are_counted() -> None:
    """One of three machines refuses so."""
    log = [failure(host="a"), failure(host="a", line=2), failure("IDX10214", host="b", line=3)]
    assert [(r.get("alike.hosts"), r.get("log.hosts")) for r in rows(log, hosts=3)] == [(1, 3)] * 3
    assert "alike.hosts" not in rows([failure()])[0]


def test_how_long_one_token_is_sent_is_told() -> None:
    """The first refusal of a token knows how long it will still be used."""
    token = decoded({"sub": "a", "exp": 1})
    log = [
        failure(token=token, line=n, fields={"valid_to": NOW, "current_time": after(minutes)})
        for n, minutes in enumerate((6, 90))
    ]
    found = rows([*log, failure(line=9, fields={"valid_to": NOW, "current_time": after(6)})])
    assert [r.get("token.latest_s") for r in found] == [5400, 5400, None]


@pytest.mark.parametrize(("tokens", "share"), [(2, None), (3, 1.0)])
def test_tokens_of_local_time_are_a_habit_from_three_on(tokens: int, share: float | None) -> None:
    """Each is two hours old when it is first used; a second use does not count."""
    log = [
        failure(
            token=decoded({"sub": str(n), "exp": 1}),
            line=10 * n + again,
            fields={
                "exp": int(NOW.timestamp()),
                "iat": int(NOW.timestamp()) - 300,
                "current_time": after(115 + 9 * again),
            },
        )
        for n in range(tokens)
        for again in (0, 1)
    ]
    assert {r.get("alike.at_offset") for r in rows(log)} == {share}
