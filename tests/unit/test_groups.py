"""Groups: failures with one remedy, told as one story in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from authlens.diagnosis import diagnose, groups, ruleset
from authlens.model import Also, Alternative, Confidence, Evidence, Finding, Group, Moment, Origin, Severity
from tests.unit.helpers.refusals import ISSUER, NOW, OTHER, decoded, failure, scheme, table
from tests.unit.helpers.shared import changed, made

PACK = ruleset.load()


def finding(
    number: int = 1,
    *,
    key: Sequence[str] = ("life.expired", "Bearer"),
    at: datetime | None = NOW,
    fields: dict[str, object] | None = None,
    scheme_: str | None = "Bearer",
    host: str | None = None,
    **more: object,
) -> Finding:
    values: dict[str, object] = {
        "id": f"id{number}",
        "failure": failure(time=at, fields=fields, line=number, scheme=scheme_, host=host),
        "cause": key[0],
        "severity": Severity.MEDIUM,
        "confidence": Confidence.CERTAIN,
        "title": "Tokens ended",
        "explanation": "The tokens ended at https://sso.example.com before they were used. They are 2.5 h old.",
        "group_key": tuple(key),
    }
    return made(Finding, **{**values, **more})


def only(findings: Sequence[Finding]) -> Group:
    (group,) = groups.build(findings)
    return group


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_nothing_refused_is_no_group() -> None:
    """An empty list, and no error."""
    assert groups.build([]) == ()


def test_every_finding_is_in_exactly_one_group() -> None:
    """Of its cause and the values that its remedy depends on."""
    keys = [("life.expired", "Bearer"), ("life.expired", "Partner"), ("aud.other-api", "Bearer")]
    found = [finding(n, key=keys[n % 3]) for n in range(30)]
    made = groups.build(found)
    assert sorted(i for g in made for i in g.failures) == sorted(f.id for f in found)
    assert [g.count for g in made] == [10, 10, 10]
    assert len({g.id for g in made}) == 3


def test_a_group_keeps_its_id_from_log_to_log() -> None:
    """Whatever else is in the log, so that two reports can be compared."""
    other = finding(2, key=("sig.key-rotated", ISSUER))
    assert only([finding()]).id in {g.id for g in groups.build([other, finding(1, at=after(60))])}


def test_the_worst_comes_first() -> None:
    """By severity, then by number, whatever came first in time."""
    mild = [finding(n, key=("flow.other-scheme",), severity=Severity.INFORMATIONAL) for n in range(5)]
    some = [finding(10 + n, key=("aud.other-api",), severity=Severity.HIGH) for n in range(2)]
    many = [finding(20 + n, key=("iss.url-form",), severity=Severity.HIGH) for n in range(3)]
    worst = [finding(30, key=("sig.no-keys-loaded",), severity=Severity.CRITICAL)]
    causes = [g.cause for g in groups.build([*mild, *some, *many, *worst])]
    assert causes == ["sig.no-keys-loaded", "iss.url-form", "aud.other-api", "flow.other-scheme"]


def test_a_group_is_as_bad_as_its_worst_and_as_sure_as_its_weakest() -> None:
    """It neither plays down nor promises."""
    group = only(
        [
            finding(1),
            finding(2, severity=Severity.HIGH, confidence=Confidence.LIKELY),
            finding(3, severity=Severity.LOW, confidence=Confidence.POSSIBLE),
        ]
    )
    assert (group.severity, group.confidence) == (Severity.HIGH, Confidence.POSSIBLE)


def test_failures_stand_in_order_of_time() -> None:
    """Logs are merged from several hosts; records without a time come last."""
    group = only([finding(1, at=after(5)), finding(2, at=None), finding(3, at=after(-5)), finding(4)])
    assert group.failures == ("id3", "id4", "id1", "id2")
    assert (group.first, group.last) == (after(-5), after(5))


def test_a_group_of_an_hour_ago_does_not_go_on() -> None:
    """Measured against the end of what was read, and not against today."""
    past = [finding(1, at=after(-90)), finding(2, at=after(-60))]
    now = [finding(3, key=("aud.other-api",), at=after(-80)), finding(4, key=("aud.other-api",), at=NOW)]
    ongoing = {g.cause: g.ongoing for g in groups.build([*past, *now])}
    assert ongoing == {"life.expired": False, "aud.other-api": True}


def test_the_end_of_the_log_counts_and_not_the_last_failure() -> None:
    """A log that goes on in peace for an hour tells that it is over."""
    found = [finding(1), finding(2, at=after(3))]
    assert groups.build(found)[0].ongoing
    assert not groups.build(found, end=after(63))[0].ongoing


def test_a_restart_that_ended_it_is_part_of_the_story() -> None:
    """Failures that begin at one moment and end with the restart of the application."""
    found = [finding(1), finding(2, at=after(29))]
    restarts = [Moment(time=after(minutes), kind="restart", text="") for minutes in (-5, 30, 50)]
    (group,) = groups.build(found, moments=restarts)
    assert not group.ongoing
    assert group.explanation.endswith("the last at 09:29:00 UTC, none after the restart at 09:30:00 UTC.")


def test_a_restart_that_did_not_end_it_is_none_of_its_story() -> None:
    """It fails again behind it, or had ended long before."""
    found = [finding(1), finding(2, at=after(29))]
    for minutes in (10, 300):
        (group,) = groups.build(found, moments=[Moment(time=after(minutes), kind="restart", text="")])
        assert "restart" not in group.explanation


def test_without_times_nothing_is_said_of_when() -> None:
    """Unknown is unknown."""
    group = only([finding(1, at=None), finding(2, at=None)])
    assert (group.first, group.last, group.ongoing) == (None, None, False)
    assert group.explanation.endswith("2 requests refused.")


def test_what_the_members_show_is_listed_sorted_and_once() -> None:
    """Codes, issuers, audiences, keys, schemes, hosts and sources."""
    one = finding(1, fields={"iss": OTHER, "aud": ("b", "a"), "kid": "k2"}, host="api-2")
    two = finding(2, fields={"iss": ISSUER, "aud": ("a",), "kid": "k1"}, host="api-1", scheme_=None)
    three = replace(
        two, id="id3", failure=changed(two.failure, origin=Origin(path="a.log", offset=0, line=1), code=None)
    )
    group = only([one, two, three])
    assert group.codes == ("IDX10223",)
    assert group.issuers == tuple(sorted((ISSUER, OTHER)))
    assert group.audiences == ("a", "b")
    assert group.kids == ("k1", "k2")
    assert group.schemes == ("Bearer",)
    assert group.hosts == ("api-1", "api-2")
    assert group.sources == ("a.log", "app.log")


def test_values_of_another_type_are_no_names() -> None:
    """A hostile token's issuer may be a number or an object."""
    group = only([finding(fields={"iss": 42, "aud": (None, 7, "x"), "kid": ""})])
    assert (group.issuers, group.audiences, group.kids) == ((), ("x",), ())


def test_the_surest_member_that_shows_most_speaks_for_all() -> None:
    """Its evidence and its words stand for the group; the first of equals."""
    rows = (Evidence(name="issuer", expected=ISSUER, found=OTHER),)
    silent = finding(1, confidence=Confidence.LIKELY, explanation="It may have ended.", evidence=rows * 3)
    shown = finding(2, at=after(1), evidence=rows, explanation="It ended.")
    bare = finding(3, at=after(-1), explanation="Ended, it seems.")
    group = only([silent, shown, bare])
    assert group.evidence == rows
    assert group.explanation.startswith("It ended:")


def test_open_causes_are_merged_the_commonest_first() -> None:
    """Each once, with all that would decide it."""
    a = Alternative(cause="aud.other-api", why="for another API", decided_by=("ShowPII",))
    b = Alternative(cause="aud.missing", why="no audience", decided_by=("ShowPII",))
    b_too = replace(b, why="none at all", decided_by=("ShowPII", "a token"))
    group = only([finding(1, alternatives=(a, b)), finding(2, alternatives=(b_too,)), finding(3)])
    assert group.alternatives == (replace(b, decided_by=("ShowPII", "a token")), a)


def test_no_more_than_six_causes_stay_open() -> None:
    """The rarest are left out."""
    many = tuple(Alternative(cause=f"aud.x{n}", why="w") for n in range(9))
    group = only([finding(1, alternatives=many[:5]), finding(2, alternatives=many[3:])])
    assert len(group.alternatives) == 6
    assert {a.cause for a in group.alternatives[:2]} == {"aud.x3", "aud.x4"}


def test_what_fails_next_is_told_of_the_first_that_shows_it() -> None:
    """Members without a token cannot."""
    following = Also(cause="aud.other-api", code="IDX10214", why="w")
    assert only([finding(1), finding(2, next=following)]).next == following


@pytest.mark.parametrize(
    ("minutes", "tail"),
    [
        ((0,), "1 request refused at 2026-03-04 09:00:00 UTC."),
        ((0, 0), "2 requests refused at 2026-03-04 09:00:00 UTC."),
        ((0, 1), "2 requests refused since 2026-03-04 09:00:00 UTC, and still so when the log ends."),
    ],
)
def test_the_story_is_one_sentence_of_what_and_since_when(minutes: tuple[float, ...], tail: str) -> None:
    """Up to the end of the first sentence, and no further: not up to the first point of an address."""
    group = only([finding(n, at=after(m)) for n, m in enumerate(minutes)])
    assert group.explanation == f"The tokens ended at https://sso.example.com before they were used: {tail}"


@pytest.mark.parametrize(
    ("last", "words"),
    [(5.0, "the last at 09:05:00 UTC."), (60.0 * 24, "the last at 2026-03-05 09:00:00 UTC.")],
)
def test_the_story_of_a_group_that_ended_says_when(last: float, words: str) -> None:
    """With the day where it is another one."""
    later = finding(3, key=("aud.other-api",), at=after(60 * 48))
    group = next(g for g in groups.build([finding(1), finding(2, at=after(last)), later]) if g.cause == "life.expired")
    assert group.explanation.endswith(words)


def test_large_numbers_can_be_read() -> None:
    """With a comma at the thousands."""
    assert "12,000 requests refused" in only([finding(n) for n in range(12_000)]).explanation


def test_ten_thousand_old_tokens_are_one_group_and_two_apis_are_two() -> None:
    """From evidence to groups: what has to be repaired once is told once."""
    ends = (NOW - timedelta(minutes=97, seconds=n) for n in range(200))
    old = [failure(fields={"valid_to": e, "current_time": NOW, "sub": f"u{n}"}, line=n) for n, e in enumerate(ends)]
    other = old[0]._replace(scheme="Partner")
    made = groups.build(diagnose.diagnose(table([*old, other], None, scheme(), scheme("Partner", OTHER)), PACK))
    assert [(g.cause, g.count, g.schemes) for g in made] == [
        ("life.expired", 200, ("Bearer",)),
        ("life.expired", 1, ("Partner",)),
    ]


def test_the_story_of_one_key_names_it_and_its_change() -> None:
    """Failures that begin with a key that the application does not have, and end with its restart."""
    found = [finding(n, key=("sig.key-rotated",), at=after(n / 20), fields={"kid": "k2"}) for n in range(400)]
    change = Moment(time=after(-2), kind="key-change", text="key k2 was first seen published", kid="k2")
    restart = Moment(time=after(21), kind="restart", text="")
    (group,) = groups.build(found, end=after(90), moments=[restart, change])
    assert group.explanation.endswith(
        "400 requests refused for key k2 since 2026-03-04 09:00:00 UTC, the last at 09:19:57 UTC, none after the "
        "restart at 09:21:00 UTC; at 2026-03-04 08:58:00 UTC key k2 was first seen published."
    )


def test_a_key_is_no_part_of_another_causes_story() -> None:
    """Expired tokens of one key are not about the key."""
    change = Moment(time=after(-2), kind="key-change", text="key k2 was first seen published", kid="k2")
    (group,) = groups.build([finding(n, fields={"kid": "k2"}) for n in range(3)], moments=[change])
    assert "k2" not in group.explanation


def test_another_applications_restart_ends_nothing() -> None:
    """Where several applications wrote the log."""
    restart = [Moment(time=after(1), kind="restart", text="")]
    (group,) = groups.build([finding()], moments=restart, alone=False)
    assert group.ongoing
    assert "restart" not in group.explanation


@pytest.mark.parametrize(
    ("same", "others", "words"),
    [
        (10, 0, "; all with one and the same token."),
        (11, 4, "; 11 of them with one and the same token."),
        (9, 0, ""),
        (11, 11, ""),
    ],
)
def test_a_client_that_does_not_give_up_is_told(same: int, others: int, words: str) -> None:
    """One token makes most of the group, and often enough to be no accident."""
    tokens = [decoded({"sub": "a"})] * same + [decoded({"sub": f"b{n}"}) for n in range(others)]
    found = [replace(finding(n), failure=failure(token=t, line=n)) for n, t in enumerate(tokens)]
    story = only(found).explanation
    assert story.endswith(words)
    assert ("one and the same token" in story) is bool(words)
