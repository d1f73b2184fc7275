from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from authlens.model import Alternative, Frozen, Result, Token, TokenForm
from authlens.reports.baseline import Baseline
from authlens.reports.cleaning import LONGEST_TEXT, rfc3339
from authlens.reports.document import Document, document, to_json
from authlens.reports.encoding import dump
from tests.unit.helpers import results
from tests.unit.helpers.shared import changed

CONTRACT = {
    "": "schema tool inputs summary groups failures exposures issuers",
    "tool": "name version now",
    "inputs": "path bytes lines records format envelope encoding failures repeats informational filtered used "
    "unmatched skipped first last auth_events error",
    "summary": "failures groups tokens issuers exposures first last by_code by_cause by_severity undetermined",
    "groups": "id cause severity confidence title count first last ongoing codes issuers audiences kids schemes hosts "
    "sources explanation evidence remediation alternatives next failures",
    "failures": "id group time time_assumed code codes level source repeats scheme request_id host client logger "
    "exceptions cause severity confidence alternatives also outcome fields args hidden token library links",
    "exposures": "id kind severity subject until count steps failures",
    "issuers": "issuer documents keys",
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return document(results.typical())


@pytest.mark.parametrize("part", CONTRACT)
def test_keys_stand_in_the_order_of_the_contract(told: dict[str, Any], part: str) -> None:
    """Programs that stream the document rely on the order; more keys may stand between and behind."""
    value = told[part] if part else told
    value = value[0] if isinstance(value, list) else value
    wanted = CONTRACT[part].split()
    assert [key for key in value if key in wanted] == wanted


def test_the_text_is_the_document(told: dict[str, Any]) -> None:
    """What is written in parts reads as one JSON value, in the same order, in ASCII."""
    text = to_json(results.typical())
    assert json.loads(text) == told
    assert list(json.loads(text)) == list(told)
    assert text.isascii()


def test_equal_results_give_equal_bytes() -> None:
    """The order in which findings, groups and issuers were found does not show."""
    one = results.typical()
    other = replace(
        one, findings=one.findings[::-1], groups=one.groups[::-1], issuers=one.issuers[::-1], notes=one.notes
    )
    assert to_json(one) == to_json(other)


def test_the_counts_add_up(told: dict[str, Any]) -> None:
    """Failures are the sum by code, by cause and by severity, over the groups, and of the inputs."""
    summary = told["summary"]
    whole = len(told["failures"])
    assert summary["failures"] == whole
    for part in ("by_code", "by_cause", "by_severity"):
        assert sum(summary[part].values()) == whole
    assert sum(group["count"] for group in told["groups"]) == whole
    assert sum(one["failures"] for one in told["inputs"]) == whole
    assert summary["by_code"]["none"] == sum(f["code"] is None for f in told["failures"])
    assert summary["tokens"] == len({f["token"]["sha256"] for f in told["failures"] if f["token"]})
    assert summary["undetermined"] == 1


def test_every_byte_and_line_of_an_input_is_somewhere(told: dict[str, Any]) -> None:
    """Read = used + unmatched + skipped."""
    for one in told["inputs"]:
        for unit in ("bytes", "lines"):
            skipped = sum(amount[unit] for amount in one["skipped"].values())
            assert one[unit] == one["used"][unit] + one["unmatched"][unit] + skipped


def test_failures_stand_in_order_of_time_and_know_their_group(told: dict[str, Any]) -> None:
    """Those without a time come last; every failure is in the group that names it."""
    times = [f["time"] for f in told["failures"]]
    known = [t for t in times if t is not None]
    assert known == sorted(known)
    assert times[len(known) :] == [None] * (len(times) - len(known))
    members = {f: g["id"] for g in told["groups"] for f in g["failures"]}
    assert all(members[f["id"]] == f["group"] for f in told["failures"])


def test_groups_stand_worst_first(told: dict[str, Any]) -> None:
    """Critical before high before medium, larger before smaller."""
    assert [g["severity"] for g in told["groups"]] == ["critical", "high", "medium", "medium"]
    assert [g["count"] for g in told["groups"]] == [40, 3, 5, 1]


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    """RFC 3339 with Z; fractions only where there are any."""
    zone = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 11, 24, 12, 0, tzinfo=zone)) == "2026-11-24T10:00:00Z"
    assert rfc3339(datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)) == "2026-11-24T12:00:00.250000Z"
    assert rfc3339(None) is None


# --------------------------------------------------------------------------- people and secrets


def test_people_are_pseudonyms_everywhere() -> None:
    """Claims, fields, arguments, client addresses and exposures name no one; one value has one name."""
    text = to_json(results.typical())
    for value in ("alice@example.org", "user3@example.net", "Pat Doe", "203.0.113.7"):
        assert value not in text
    told = json.loads(text)
    alice = next(f for f in told["failures"] if f["scheme"] == "Okta")
    name = alice["fields"]["sub"]
    assert name.startswith("user-")
    assert alice["token"]["claims"]["sub"] == name
    assert f'"sub":"{name}"' in alice["args"][1]
    assert name in told["exposures"][0]["subject"]


def test_a_client_that_acts_for_itself_is_no_person() -> None:
    """Its id stands in ``sub`` too; rules are explained with it as it is, and with people by pseudonym."""
    failed = results.failure(1, token=results.token(1, {"sub": "batch-7", "azp": "batch-7", "oid": "ada77"}))
    found = results.finding(failed, "life.expired")
    parts = Document(replace(results.healthy(), findings=(found,)))
    assert parts.pseudonym(found, "batch-7") == "batch-7"
    assert parts.pseudonym(found, "ada77") == "user-1"


def test_the_first_person_of_the_log_is_the_first_user() -> None:
    """Numbers go by the failures' time, not by the order in which groups are told."""
    told = document(results.typical())
    assert told["failures"][0]["client"] == "user-1"


def test_values_are_shown_on_purpose_only() -> None:
    """``show_values`` shows people; the token in an argument stays masked."""
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
    found = results.okta()
    found[0] = replace(found[0], failure=changed(found[0].failure, args=(token,)))
    result = replace(results.typical(), findings=tuple(found), groups=())
    text = to_json(result, show_values=True)
    assert "alice@example.org" in text
    assert "c2lnbmF0dXJl" not in text


def test_a_pseudonym_key_makes_names_independent_of_the_log() -> None:
    """The same person has one name in two logs."""
    whole = document(results.typical(), pseudonym_key="secret of this site")
    part = document(replace(results.typical(), findings=tuple(results.rotated(3))), pseudonym_key="secret of this site")
    names = {f["token"]["claims"]["sub"] for f in whole["failures"] if f["scheme"] == "Keycloak"}
    assert {f["token"]["claims"]["sub"] for f in part["failures"]} <= names
    assert not any(name[5:].isdigit() and len(name) < 8 for name in names)


def test_a_client_that_is_its_own_subject_is_no_person() -> None:
    """With client credentials ``sub`` repeats the client's id, which the diagnosis needs."""
    claims = {"sub": "orders-worker", "azp": "orders-worker"}
    failed = results.failure(1, token=results.token(1, claims), fields=Frozen({"sub": "orders-worker"}))
    told = document(replace(results.healthy(), findings=(results.finding(failed, "sig.wrong-key"),)))
    assert told["failures"][0]["token"]["claims"]["sub"] == "orders-worker"


def test_the_thumbprint_of_a_symmetric_key_is_not_shown() -> None:
    """It would let anyone try secrets against it."""
    keys = [
        {"type": "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey", "kid": "", "internal_id": "pWjK3vSecretPrint"},
        {"type": "Microsoft.IdentityModel.Tokens.RsaSecurityKey", "kid": "a", "internal_id": "public-print"},
    ]
    failed = results.failure(1, fields=Frozen({"keys_tried": keys}))
    text = to_json(replace(results.typical(), findings=(results.finding(failed, "sig.wrong-key"),)))
    assert "pWjK3vSecretPrint" not in text
    assert "thumbprint-of-a-secret" not in text
    assert "public-print" in text


# --------------------------------------------------------------------------- hostile values


def test_hostile_texts_are_valid_json_and_steer_no_terminal() -> None:
    """Control characters, direction marks and lone surrogates are escaped."""
    text = to_json(results.hostile())
    json.loads(text)
    assert text.isascii()
    assert not any(ord(c) < 32 and c != "\n" for c in text)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**5000, b"\xff", {1: {2: 3}}, {"a": [[[[]]]]}, object, {"x"}, 1e400, -0.0],
    ids=lambda value: type(value).__name__,
)
def test_any_claim_can_be_written(value: object) -> None:
    """Whatever a hostile token holds, the document stays JSON."""
    token = Token(sha256="0" * 64, form=TokenForm.DECODED, claims=Frozen({"x": value, "sub": value}))
    failed = results.failure(1, token=token, fields=Frozen({"exp": value, "aud": [value]}))
    json.loads(to_json(replace(results.healthy(), findings=(results.finding(failed, "form.wrong-claim-type"),))))


def test_deep_and_long_values_are_cut_and_say_so() -> None:
    """Nesting, lists and texts without end cost no more than their limit."""
    deep: object = "x"
    for _ in range(500):
        deep = [deep]
    for _ in range(500):
        deep = {"a": deep}
    claims = {"deep": deep, "list": list(range(100_000)), "text": "y" * 1_000_000}
    failed = results.failure(1, token=results.token(1, claims))
    text = to_json(replace(results.healthy(), findings=(results.finding(failed, "form.malformed"),)))
    assert len(text) < 5 * LONGEST_TEXT
    assert "[nested too deeply]" in text
    assert "[99500 more]" in text
    assert f"[{1_000_000 - LONGEST_TEXT} more characters]" in text


def test_a_secret_is_masked_before_its_text_is_cut() -> None:
    """A token across the limit leaves no half of itself."""
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ." + "c2ln" * 100
    failed = results.failure(1, args=("z" * (LONGEST_TEXT - 60) + " " + token,))
    told = document(replace(results.healthy(), findings=(results.finding(failed, "sig.wrong-key"),)))
    assert "eyJ" not in told["failures"][0]["args"][0]


def test_at_most_six_alternatives() -> None:
    """More would be no answer."""
    many = tuple(Alternative(cause=f"sig.c{i}", why="") for i in range(9))
    found = changed(results.okta()[0], alternatives=many)
    told = document(replace(results.healthy(), findings=(found,), groups=(results.group([found]),)))
    assert [a["cause"] for a in told["failures"][0]["alternatives"]] == [f"sig.c{i}" for i in range(6)]
    assert len(told["groups"][0]["alternatives"]) == 6


def test_what_no_rule_knows_is_shown_with_its_text() -> None:
    """An undetermined failure is never hidden."""
    failed = changed(results.failure(1), statement=results.statement("IDX99999: a message of tomorrow"))
    found = results.finding(failed, "undetermined")
    told = document(replace(results.healthy(), findings=(found, *results.okta())))
    assert [f["text"] for f in told["failures"] if f["cause"] == "undetermined"] == ["IDX99999: a message of tomorrow"]
    assert all(f["text"] is None for f in told["failures"] if f["cause"] != "undetermined")


def test_severities_are_counted_even_where_there_are_none() -> None:
    """A program may read all five without looking which there are."""
    assert Counter(document(results.healthy())["summary"]["by_severity"]) == Counter(
        dict.fromkeys(("critical", "high", "medium", "low", "informational"), 0)
    )


# --------------------------------------------------------------------------- what failures share


def _many() -> Result:
    """The typical findings, then again at later times, of other clients and with a text that looks like a format."""
    one = results.typical()
    again = [
        replace(
            f,
            id=f"{f.id}-{n}",
            failure=f.failure._replace(
                time=results.at(n),
                client=f"10.0.0.{n % 3}",
                host=f"100%s-{n}",
                request_id=f"{n}%d",
            ),
        )
        for n in range(4)
        for f in one.findings
    ]
    return replace(one, findings=(*one.findings, *again))


def _texts(parts: Document) -> list[str]:
    """Failure by failure."""
    return "".join(parts.texts("\n")).splitlines()


def test_the_text_of_a_failure_is_the_failure() -> None:
    """However much failures have in common, each is written as if it stood alone."""
    parts = Document(_many())
    told = list(parts.failures())
    assert [json.loads(text) for text in _texts(parts)] == told
    assert _texts(parts) == [dump(one) for one in told]
    assert len({one["id"] for one in told}) == len(told) > 4


def test_what_is_known_from_before_is_said_of_each_failure() -> None:
    """Two failures of one kind, one of them known."""
    many = _many()
    known = Baseline(failures=frozenset({many.findings[-1].id}))
    texts = [json.loads(text) for text in _texts(Document(many, baseline=known))]
    assert [one["id"] for one in texts if one["known"]] == [many.findings[-1].id]


def test_more_kinds_than_are_remembered_change_nothing() -> None:
    """A log with thousands of different tokens, each coming back."""
    one = results.typical()
    first = one.findings[0]
    users = [
        replace(first, id=f"{n}", failure=changed(first.failure, fields=Frozen({"sub": f"user {n}"})))
        for n in range(1500)
    ]
    result = replace(one, findings=tuple(users))
    parts = Document(result)
    once, twice = _texts(parts), _texts(parts)
    assert once == twice
    assert len(set(once)) == len(once)


def test_two_processes_write_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """People whom only a text names are numbered in the order of the whole, whoever comes upon them."""
    monkeypatch.setattr("authlens.reports.ranges.MANY", 1)
    first = results.typical().findings[0]
    found = [
        changed(
            first,
            id=f"{n:04}",
            failure=changed(
                first.failure, time=results.at(n), args=(f"mail to m{n // 90}@example.org",), client=f"10.0.0.{n % 7}"
            ),
        )
        for n in range(400)
    ]
    result = replace(results.typical(), findings=tuple(found))
    alone, together = _texts(Document(result)), _texts(Document(result, jobs=3))
    assert together == alone
    assert [json.loads(text)["args"] for text in alone[::90]] == [[f"mail to user-{n}"] for n in range(9, 14)]
