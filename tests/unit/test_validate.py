"""trust.validate: the verdicts of Microsoft's own validator, and the order in which it reports."""

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import authlens
from authlens.model import Check, CheckVerdict, Expectations, Verdict
from authlens.tokens import parse
from authlens.trust import keys as published
from authlens.trust.validate import judge, next_code, validate

ORACLE = Path(__file__).parent.parent / "data" / "oracle"


def encode(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


NONE = encode('{"alg":"none"}')
RS256 = encode('{"alg":"RS256"}')
JWE_HEADER = encode('{"alg":"dir","enc":"A256GCM"}')


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ORACLE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def key_set(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ORACLE / f"{name}.jwks.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", ["v6", "v7", "v8"])
def test_verdicts_and_codes_are_the_validators_own(name: str) -> None:
    """Three hundred random tokens a version, each with what the real library said."""
    keys = key_set(name)
    wrong = []
    for row in rows(name):
        at = datetime.fromtimestamp(row["now"], UTC)
        verdict = validate(row["token"], keys, at=at, library=name[1], **row["expect"])
        if (verdict.valid, verdict.code or "") != (row["valid"], row["code"]):
            wrong.append((row["n"], row["kind"], verdict.valid, verdict.code, row["code"]))
    assert not wrong


def test_the_public_name_is_the_function() -> None:
    """``authlens.validate`` is looked up lazily."""
    assert authlens.validate is validate


def good() -> tuple[str, dict[str, Any], dict[str, Any]]:
    row = next(row for row in rows("v8") if row["kind"] == "good" and row["valid"])
    return row["token"], key_set("v8"), {**row["expect"], "at": datetime.fromtimestamp(row["now"], UTC)}


def test_a_verdict_is_remembered_only_for_equal_questions() -> None:
    """The key set is the caller's: changed in place, it is another question."""
    token, keys, demands = good()
    assert validate(token, keys, **demands).valid is True
    keys["keys"].clear()
    assert validate(token, keys, **demands).valid is False
    assert validate(token, key_set("v8"), **demands).valid is True
    assert validate(token, key_set("v8"), **{**demands, "audiences": ["x"]}).code == "IDX10214"


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ("", {"6": "IDX10000", "8": "IDX10000"}),
        ("opaque", {"6": "IDX14111", "7": "IDX14100", "8": "IDX14100"}),
        ("a.", {"6": "IDX14111", "8": "IDX14100"}),
        ("a.b", {"6": "IDX14111", "8": "IDX14120"}),
        ("a.b.c.d", {"6": "IDX14111", "8": "IDX14121"}),
        ("a.b.c.d.e.f", {"6": "IDX14111", "8": "IDX14122"}),
        ("a.b.c.d.", {"8": "IDX14310"}),
        ("{}.e30.c2ln", {"6": "IDX14102", "8": "IDX14102"}),
        (f"{encode('{}')}.!.c2ln", {"6": "IDX14101", "8": "IDX14101"}),
        (f"{encode('[]')}.e30.c2ln", {"6": "IDX14102", "8": "IDX14102"}),
        (JWE_HEADER + "..aXY.Yw.dA", {"6": "IDX10609", "8": "IDX10609"}),
        (NONE + ".e30.", {"6": "IDX10504", "8": "IDX10504"}),
        (RS256 + ".e30.c2ln", {"6": "IDX10500", "7": "IDX10500", "8": "IDX10500"}),
        (RS256 + ".e30.x", {"6": "IDX10508", "8": "IDX10500"}),
        (encode('{"alg":"RS256","kid":"k"}') + ".e30.c2ln", {"6": "IDX10501", "7": "IDX10223", "8": "IDX10223"}),
        (encode('{"alg":"RS256","kid":5}') + ".e30.c2ln", {"6": "IDX10501", "8": "IDX14102"}),
        (encode('{"alg":"RS256"} x') + ".e30.c2ln", {"6": "IDX14102", "8": "IDX10500"}),
    ],
)
def test_malformed_tokens_have_the_versions_codes(raw: str, codes: dict[str, str]) -> None:
    """The same text is refused with another code by another generation."""
    assert {library: validate(raw, {"keys": []}, library=library).code for library in codes} == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda h, p, s: f" {h}.{p}.{s}", {"6": "IDX14102", "7": "IDX14102", "8": "IDX10511"}),
        (lambda h, p, s: f"{h}.{p}.{s} ", {"6": "IDX10508", "7": "IDX10511", "8": "IDX10511"}),
        (lambda h, p, s: f"{h}.{p}.{s}    ", {"6": None, "7": "IDX10511", "8": "IDX10511"}),
        (lambda h, p, s: f"{h}.{p}.{s}==", {"7": None, "8": None}),
        (lambda h, p, s: f"{h}.{p}.{s[:-1]}", {"6": "IDX10508", "7": "IDX10511", "8": "IDX10511"}),
    ],
)
def test_what_each_generation_forgives_in_base64(change: Any, codes: dict[str, str | None]) -> None:
    """White space, padding and a lost character, by the decoder of the time."""
    token, keys, demands = good()
    header, payload, signature = token.split(".")
    raw = change(header, payload, signature)
    got = {library: validate(raw, keys, **demands, library=library).code for library in codes}
    assert got == codes


def test_dates_as_the_generations_read_them() -> None:
    """Text dates are read by all, a missing exp is the earliest time to 6.8, null is no date."""
    keys: dict[str, Any] = {"keys": []}

    def code(payload: str, library: str) -> str | None:
        raw = f"{NONE}.{encode(payload)}."
        at = datetime(2026, 11, 24, tzinfo=UTC)
        return validate(raw, keys, issuers=["i"], audiences=["a"], require_signature=False, at=at, library=library).code

    who = '"iss":"i","aud":"a"'
    assert [code(f'{{{who},"exp":"1795521600.5"}}', v) for v in "678"] == [None, None, None]
    assert [code(f"{{{who}}}", v) for v in "678"] == ["IDX10223", "IDX10225", "IDX10225"]
    assert [code(f'{{{who},"exp":null}}', v) for v in "678"] == ["IDX14300", "IDX14101", "IDX14101"]
    assert [code(f'{{{who},"exp":1e400}}', v) for v in "78"] == ["IDX14101", "IDX14101"]
    assert [code(f'{{{who},"exp":99999999999999}}', v) for v in "678"] == [None, None, None]
    assert [code(f'{{{who},"exp":-1}}', v) for v in "678"] == ["IDX10223"] * 3
    other_digits = "".join(chr(0x660 + int(digit)) for digit in "1795521600")  # Python reads those too
    wrong = [code(f'{{{who},"exp":"x"}}', v) for v in "678"]
    assert [code(f'{{{who},"exp":"{other_digits}"}}', v) for v in "678"] == wrong


def test_order_decides_the_code() -> None:
    """Signature, lifetime, audience, issuer, type; with an unknown kid lifetime, issuer and audience come first."""
    token, keys, demands = good()
    wrong = {**demands, "audiences": ["x"], "issuers": ["y"], "types": ["z"], "at": datetime(2000, 1, 1, tzinfo=UTC)}
    repaired: set[str] = set()
    found = []
    judgement = validate(token, keys, **wrong)
    while (check := next_code(judgement, repaired)) is not None:
        found.append(check.code)
        repaired.add(check.name)
    assert found == ["IDX10222", "IDX10214", "IDX10205", "IDX10257"]
    others = published.parse({"keys": keys["keys"][:1]})
    stranger = next(row for row in rows("v8") if row["kind"] == "unknown-kid" and row["code"] == "IDX10503")
    expectations = Expectations(source="x", issuers=("y",), audiences=("x",))
    judged = judge(parse(stranger["token"]), others, expectations, None)
    names = [check.name for check in judged.checks if check.verdict is CheckVerdict.FAIL and check.code]
    assert names[:2] == ["issuer.matches", "audience.matches"]
    assert names[2].startswith("signature.")


def test_next_code_passes_over_what_is_unknown_or_repaired() -> None:
    """A family of checks can be repaired at once; checks without a code are nothing the library would report."""
    judgement = Verdict(
        valid=False,
        code="IDX10503",
        checks=(
            Check(name="signature.kid-published", verdict=CheckVerdict.FAIL, code="IDX10503"),
            Check(name="signature.valid", verdict=CheckVerdict.UNKNOWN, why="w"),
            Check(name="lifetime.in-seconds", verdict=CheckVerdict.FAIL),
            Check(name="audience.matches", verdict=CheckVerdict.FAIL, code="IDX10214"),
        ),
    )
    assert (next_code(judgement, ()) or judgement).code == "IDX10503"
    assert (next_code(judgement, {"signature"}) or judgement).code == "IDX10214"
    assert next_code(judgement, {"signature.kid-published", "audience"}) is None


def test_a_version_may_be_written_in_full_or_as_a_range() -> None:
    """Its lower end counts; what is no version at all is the newest."""
    token, keys, demands = good()
    wrong = {**demands, "audiences": []}
    for library in ("8", "8.23.0", "8.0.1–8.3.0", "7.7.3", "unknown"):
        assert validate(token, keys, **wrong, library=library).code == "IDX10214"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no such clock")
def test_a_time_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the machine's own, or one verdict would differ from machine to machine."""
    token, keys, demands = good()
    aware = validate(token, keys, **demands)
    monkeypatch.setenv("TZ", "Etc/GMT+9")
    time.tzset()
    try:
        naive = validate(token, keys, **{**demands, "at": demands["at"].replace(tzinfo=None)})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert aware.valid
    assert naive == aware
