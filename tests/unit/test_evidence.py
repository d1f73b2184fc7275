"""The evidence table: one row a failure, values only where something shows them, the rest of the log beside each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authlens.diagnosis import schema
from authlens.diagnosis.evidence import OWN
from authlens.diagnosis.evidence_token import algorithm_family
from authlens.model import Library, Origin, Outcome
from tests.unit.helpers.refusals import (
    CLIENT,
    ENTRA,
    ISSUER,
    NOW,
    OTHER,
    bundle,
    decoded,
    failure,
    provider,
    row,
    scheme,
    table,
)
from tests.unit.helpers.shared import changed

EXPIRED = {"valid_to": NOW - timedelta(hours=2), "current_time": NOW}


def test_every_value_has_a_place_in_the_schema(tmp_path: Path) -> None:
    """A rule can ask for whatever the table holds."""
    documents = bundle(tmp_path, provider(ISSUER, "k1"))
    token = decoded({"iss": ISSUER, "aud": "billing", "exp": 1})
    shown = failure("IDX10214", fields={"iss": ISSUER, "aud": ("billing",)}, token=token)
    hidden = failure("IDX10501", hidden=True)
    names = {field.name for field in schema.FIELDS}
    for one in table([shown, hidden], documents, scheme()).rows:
        assert set(one) <= names


def test_no_value_is_guessed() -> None:
    """A refusal that shows nothing has a row of what is known of it, and nothing is false that is only unknown."""
    one = row(failure("IDX10501", hidden=True))
    assert one["hidden"] is True
    assert not {"iss", "aud", "kid", "iss.miss", "aud.miss", "jwks.place", "jwks.kid_published", "meta.state"} & set(
        one
    )


def test_the_frame_has_a_column_for_every_field_of_the_schema() -> None:
    """Missing values are columns too, so that rules need not ask whether a column exists."""
    frame = table([failure(), failure("IDX10501")]).frame()
    assert list(frame.columns) == [field.name for field in schema.FIELDS]
    assert list(frame["code"]) == ["IDX10223", "IDX10501"]


def test_a_log_without_failures_has_an_empty_table() -> None:
    """Nothing refused is no error."""
    empty = table([])
    assert len(empty) == 0
    assert len(empty.frame()) == 0


def test_failures_with_equal_words_share_their_evidence() -> None:
    """Ten thousand old tokens are looked at once; only what is their own differs."""
    first = failure("IDX10223", fields=EXPIRED)
    later = first._replace(
        time=NOW + timedelta(minutes=5), host="api-2", origin=Origin(path="app.log", offset=900, line=9)
    )
    made = table([first, later, failure("IDX10501")])
    assert made.kinds[0] is made.kinds[1] is not made.kinds[2]
    differing = {n for n in made.rows[0].keys() | made.rows[1].keys() if made.rows[0].get(n) != made.rows[1].get(n)}
    assert differing == {"time", "host", "clock.host_median_s"}
    assert differing <= OWN


def test_failures_of_two_schemes_do_not_share() -> None:
    """The same words mean different things to an API that expects another issuer."""
    fields = {"iss": OTHER, "aud": ("orders",)}
    one, two = failure("IDX10205", fields=fields, scheme="Shop"), failure("IDX10205", fields=fields, scheme="Partner")
    made = table([one, two], None, scheme("Shop", issuers=(ISSUER,)), scheme("Partner", OTHER, issuers=(OTHER,)))
    assert made.kinds[0].number != made.kinds[1].number


def test_what_one_refusal_prints_is_known_of_the_others_of_its_scheme() -> None:
    """Without settings, the audience that the API expects is learnt from the log."""
    printed = failure("IDX10214", fields={"aud": ("billing",), "valid_audience": "orders"})
    silent = failure("IDX10501", fields={"aud": ("ledger",), "kid": "k9"}, line=2)
    assert table([printed, silent]).rows[1]["expected.audiences"] == ("orders",)


def test_documents_say_how_the_metadata_stands(tmp_path: Path) -> None:
    """An error page at the address that the API reads explains why it has no keys."""
    address = f"{ISSUER}/.well-known/openid-configuration"
    one = failure("IDX10500", text="Signature validation failed. No security keys were provided.")
    broken = bundle(tmp_path, {address: (503, "<html>maintenance</html>")})
    assert row(one, broken, scheme())["meta.state"] not in ("ok", "missing", None)
    sound = bundle(tmp_path, provider(ISSUER, "k1"))
    assert row(one, sound, scheme())["meta.state"] == "ok"


def test_other_schemes_of_the_same_request_are_seen() -> None:
    """Two schemes try each request: the first one's refusal may mean nothing."""
    one = failure("IDX10501", scheme="Shop", request_id="r1")
    two = failure("IDX10205", scheme="Partner", request_id="r1", line=2)
    alone = failure("IDX10501", scheme="Shop", request_id="r2", line=3)
    assert [r["request.other_scheme"] for r in table([one, two, alone]).rows] == [True, True, False]


def test_request_ids_of_two_logs_are_no_one_request() -> None:
    """Ids are counted anew in each process."""
    one = failure("IDX10501", scheme="Shop", request_id="r1")
    two = failure("IDX10205", scheme="Partner", request_id="r1", origin=Origin(path="other.log", offset=0, line=1))
    assert [r["request.other_scheme"] for r in table([one, two]).rows] == [False, False]


def test_the_scheme_that_accepted_the_request_is_told() -> None:
    """Its status alone would say success or not."""
    one = row(failure("IDX10501", outcome=Outcome(status=200, accepted_by="Partner")))
    assert one["request.accepted_by"] == "Partner"
    assert one["request.succeeded"] is True
    assert "request.succeeded" not in row(failure("IDX10501", outcome=Outcome()))


def test_refusals_of_one_token_are_counted() -> None:
    """A client that sends the same refused token again and again is one client."""
    token = decoded({"iss": ISSUER, "aud": "orders", "exp": 1})
    made = table([failure("IDX10223", token=token, line=n) for n in (1, 2, 3)])
    assert [r["token.failures"] for r in made.rows] == [3, 3, 3]


def test_one_process_runs_one_version_of_the_library() -> None:
    """What one message betrays of the version holds for the others of its log, and of no other log."""
    old = failure("IDX10223", library=Library(low=(6, 10), high=(7, 7)))
    vague = failure("IDX10501", library=Library(low=(5, 0)), line=2)
    elsewhere = vague._replace(origin=Origin(path="other.log", offset=0, line=1))
    rows = table([old, vague, elsewhere]).rows
    assert [r.get("library.newest") for r in rows] == [7007, 7007, None]


def test_versions_that_contradict_each_other_are_not_merged() -> None:
    """A log of two services, or a rolling update: each message speaks for itself."""
    old = failure("IDX10223", library=Library(high=(5, 7)))
    new = failure("IDX10501", library=Library(low=(8, 0)), line=2)
    assert [(r.get("library.oldest"), r.get("library.newest")) for r in table([old, new]).rows] == [
        (None, 5007),
        (8000, None),
    ]


def test_clocks_are_measured_from_the_times_that_the_message_prints() -> None:
    """Seconds past the end, beyond the tolerance of the scheme."""
    one = row(failure("IDX10223", fields=EXPIRED), None, scheme(clock_skew_s=300))
    assert one["clock.distance_s"] == 7200
    assert one["clock.beyond_s"] == 6900


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_times_at_the_ends_of_the_calendar_are_survived(moment: datetime) -> None:
    """Hostile tokens are valid until the year 9999, or since the year 1."""
    fields = {"valid_to": moment, "valid_from": moment, "current_time": NOW}
    for code in ("IDX10223", "IDX10222"):
        assert row(failure(code, fields=fields))["code"] == code


def test_a_token_that_is_shown_is_judged_and_one_that_is_not_has_no_verdict() -> None:
    """No token, no judgement; never one that passes."""
    shown = failure("IDX10223", token=decoded({"iss": ISSUER, "aud": "orders", "exp": 1}))
    judgements = table([shown, failure("IDX10223", line=2)], None, scheme()).judgements
    assert judgements[0] is not None
    assert judgements[1] is None


@pytest.mark.parametrize(
    ("expected", "possible"),
    [(ENTRA, True), (ISSUER, False)],
)
def test_a_hidden_token_may_be_one_for_graph_only_where_entra_issues(expected: str, possible: bool) -> None:
    """Graph tokens come from one family of identity providers."""
    assert (
        row(failure("IDX10511", hidden=True), None, scheme(issuer=expected, audience=CLIENT))["graph.possible"]
        is possible
    )


@pytest.mark.parametrize(
    ("alg", "family"),
    [
        ("HS256", "hmac"),
        ("RS256", "rsa"),
        ("PS512", "rsa"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "rsa"),
        ("ES384", "ec"),
        ("None", "none"),
        ("EdDSA", "other"),
        ("", None),
        (7, None),
    ],
)
def test_algorithms_have_families(alg: object, family: str | None) -> None:
    """By their RFC 7518 name or by their URI; anything else is no algorithm."""
    assert algorithm_family(alg) == family


def test_lines_in_front_of_a_success_belong_to_another_request() -> None:
    """Without request ids, the library's own lines may be of a token that was accepted meanwhile."""
    accepted = failure("IDX10241", text="validated", fields={"kid": "k1"}).statement.messages[0]
    one = failure("IDX10223", context=(accepted,), fields={"kid": "k1"}, request_id=None)
    assert "kid" in row(failure("IDX10223", context=(accepted,), fields={"kid": "k1"}, request_id="r1"))
    own = changed(one, statement=failure("IDX10223").statement)
    assert "kid" not in row(own)
