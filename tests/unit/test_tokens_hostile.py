"""Tokens that were made to hurt: no crash, no endless work, a defect in words."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens import tokens
from authlens.model import CheckVerdict, Expectations, Frozen, TokenForm
from authlens.segments import Members, read_members
from authlens.tokens import decoded
from authlens.trust.validate import judge, validate
from tests.unit.helpers.growth import is_linear


def encode(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(header: str | bytes, payload: str | bytes, signature: str = "c2ln") -> str:
    return f"{encode(header)}.{encode(payload)}.{signature}"


RS256 = '{"alg":"RS256"}'
DEEP = '{"a":' + "[" * 90_000 + "]" * 90_000 + ',"iss":"x"}'

HOSTILE = [
    made(RS256, '{"exp":null}'),
    made(RS256, '{"exp":1e400,"nbf":-1e400}'),
    made(RS256, '{"exp":-5}'),
    made(RS256, '{"exp":"tomorrow","iat":[1]}'),
    made(RS256, '{"exp":' + "9" * 5000 + "}"),
    made(RS256, '{"exp":NaN,"nbf":Infinity}'),
    made(RS256, '{"exp":true,"iss":{},"aud":[[]],"sub":1e999}'),
    made(RS256, DEEP),
    made("[" * 50_000, "{}"),
    made('{"alg":5,"kid":[1],"typ":null}', "{}"),
    made('{"alg":"nOnE"}', "{}", ""),
    made('{"alg":"RS256","crit":["b64","exp"],"b64":false}', "{}"),
    made('{"alg":"RS256","jku":"https://169.254.169.254/","x5u":"http://localhost/","jwk":{"kty":"oct"}}', "{}"),
    made('{"alg":"dir","enc":"A256GCM","zip":"DEF"}', "{}"),
    made(b'{"alg":"\xff\xfe"}', b'{"iss":"\xc3\x28"}'),
    made("\ufeff" + RS256, "{}"),
    made('{"alg":"\\ud800","kid":"\\u0000\\u001b[31m"}', '{"sub":"\\udfff"}'),
    made('{"alg":"ES512","kid":"' + "k" * 50_000 + '"}', "{}"),
    "..",
    ".....",
    "a.b",
    "!!!.###.$$$",
    " . . ",
    "eyJhbGciOiJSUzI1NiJ9=.e30=.c2ln==",
    "\ud800.\udfff.x",
    "{" * 1000,
    "",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("library", ["5", "6", "6.15.0", "6.35.0", "7", "8"])
def test_no_token_breaks_the_judge(raw: str, library: str) -> None:
    """Every one is a token with an answer from every check, by every version, through both entrances."""
    token = tokens.parse(raw)
    judgement = judge(token, (), Expectations(source="test", issuers=("x",), audiences=("y",)), None, library)
    assert judgement.valid is not True
    names = [check.name for check in judgement.checks]
    assert len(names) == len(set(names))
    assert validate(raw, {"keys": []}, issuers=["x"], audiences=["y"], library=library).valid is False
    json.dumps([[check.expected, check.found, check.why] for check in judgement.checks], allow_nan=False).encode()
    json.dumps({"h": token.header, "c": token.claims, **tokens.token_fields(token)}, allow_nan=False).encode()


def test_numbers_that_no_machine_holds_stay_text() -> None:
    """1e400, NaN and 5,000 digits are kept as written and are no dates."""
    token = tokens.parse(made(RS256, '{"exp":1e400,"nbf":NaN,"iat":' + "9" * 5000 + "}"))
    assert [str(token.claims[name])[:5] for name in ("exp", "nbf", "iat")] == ["1e400", "NaN", "99999"]
    assert "exp" not in tokens.token_fields(token)


def test_nesting_is_measured_before_anything_recurses() -> None:
    """Ninety thousand brackets are a defect; the members beside them are read."""
    token = tokens.parse(made(RS256, DEEP))
    assert "nests deeper than 64 levels" in (token.defect or "")
    assert token.claims == {"iss": "x"}


def test_a_token_beyond_the_librarys_limit_is_not_decoded() -> None:
    """MaximumTokenSizeInBytes is 256,000: ten megabytes of claims cost nothing."""
    raw = made(RS256, '{"a":"' + "x" * 10_000_000 + '"}')
    token = tokens.parse(raw)
    assert token.form is TokenForm.OPAQUE
    assert "longer than 256000" in (token.defect or "")
    assert validate(raw).code == "IDX10209"


LONG = [
    "eyJ" * 330_000,
    "eyJhbGciOiJub25lIn0." * 50_000,
    "token: 'eyJhbGciOiJub25lIn0' " * 30_000,
    '{"alg":' * 140_000,
    '{"alg":"a"}.' * 80_000,
    '{"alg":"a","b":' * 60_000,
    '{\\"alg\\":' * 110_000,
    "{\\u0022alg\\u0022:" * 60_000,
    '{"alg":"a"}.{"b":"' * 50_000,
    "[PII of type '" * 70_000,
    "token: '" * 120_000,
    "Bearer " * 140_000,
    "\\" * 1_000_000,
    '{"alg":"x","y":' + "[" * 1_000_000,
]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_finding_takes_time_in_proportion_to_the_text(text: str) -> None:
    """A megabyte that begins a token at every character is searched in time that keeps pace with it."""
    assert is_linear(lambda size: tokens.find(text[:size]), 50_000)


@pytest.mark.parametrize("opening", ['{"kid":', '{"typ":"x","y":[', '{\\"kid\\":'])
def test_objects_that_never_end_are_not_each_read_to_the_end(opening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them together cost a few readings of the text, however many begin in it."""
    reads: list[int] = []

    def counted(text: str, start: int, *, shallow: bool) -> Members:
        members = read_members(text, start, shallow=shallow)
        reads.append(members.end - start)
        return members

    monkeypatch.setattr(decoded, "read_members", counted)
    text = opening * 3000
    tokens.find(text)
    assert sum(reads) < 10 * len(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_searched_and_parsed(text: str) -> None:
    """What is found lies within the text, in order, and its hash is that of its own text."""
    places = tokens.locate(text)
    assert all(0 <= start < end <= len(text) for start, end, _ in places)
    assert [start for start, _, _ in places] == sorted(start for start, _, _ in places)
    assert tokens.parse(text).form in TokenForm


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(["alg", "kid", "typ", "x5t", "iss", "aud", "exp", "nbf", "iat", "sub", "crit", "jku", "other"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_NAMES, _JSON, max_size=6), st.dictionaries(_NAMES, _JSON, max_size=6), st.sampled_from("5678"))
def test_claims_of_any_type_are_judged(header: dict[str, object], claims: dict[str, object], library: str) -> None:
    """Whatever type a claim has, the answer is a verdict, and the claims stay as they were read."""
    raw = made(json.dumps(header), json.dumps(claims))
    token = tokens.parse(raw)
    assert isinstance(token.claims, Frozen)
    judgement = judge(token, (), Expectations(source="test", issuers=("x",), audiences=("y",)), None, library)
    assert judgement.valid is not True
    assert validate(raw, library=library).valid is False


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=120), st.binary(max_size=80))
def test_any_bytes_can_stand_in_the_segments(header: bytes, payload: bytes, signature: bytes) -> None:
    """Segments that decode to no JSON at all are defects."""
    raw = made(header, payload, encode(signature))
    assert tokens.parse(raw).raw == raw
    assert validate(raw, {"keys": []}).valid is False


_WRITTEN = st.sampled_from(
    (
        *("null", "true", "[]", "{}", "1e400", "NaN", "-0", "9" * 60, '"\\ud800"', '"\\u0000"', '"}{"', '"a\\"b"'),
        *(
            '{"iss":1,"iss":2}',
            "[[",
            '"unterminated',
            '"https://[::1"',
            '"https://login.microsoftonline.com/tfp/a/b/v2.0"',
        ),
    )
)
"""JSON values as they stand in a text, whole or not."""
_MEMBERS = st.dictionaries(_NAMES, _WRITTEN, max_size=4).map(lambda m: ",".join(f'"{n}":{v}' for n, v in m.items()))
_OBJECT = _MEMBERS.map(lambda members: '{"alg":"RS256","kid":"k","tid":"t"' + (f",{members}" if members else "") + "}")
_BEFORE = st.sampled_from(
    ("", "Bearer ", "token: '", "?access_token=", "\\n", "%20", '{"token":"', "jwt \\u0027", "\x1b[32m")
)
_BEHIND = st.sampled_from(("", "'", ".", "…", "...", "[truncated]", "\\u0027", '"}', "&x=1", ")", "\ud800"))
_DAMAGE = st.sampled_from(("", "=", "+", " ", ".", "…", "\n", "%", "%2E", "\x00", "İ", "\ud800", '"', "\\", "{"))


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    """A token, compact or decoded, with something around it and something wrong inside."""
    header, payload = draw(_OBJECT), draw(_OBJECT)
    pair = f"{header}.{payload}"
    plain = draw(
        st.sampled_from((made(header, payload, "s" * 342), pair, json.dumps(pair), json.dumps(json.dumps(pair))))
    )
    at = draw(st.integers(0, len(plain)))
    rest = plain[at + draw(st.integers(0, 3)) :] if draw(st.booleans()) else ""
    return f"{draw(_BEFORE)}{plain[:at]}{draw(_DAMAGE)}{rest}{draw(_BEHIND)}"


@settings(max_examples=300, deadline=None)
@given(_damaged(), st.sampled_from(["5", "6", "6.14", "7", "8"]), st.booleans())
def test_damaged_tokens_are_found_and_judged(text: str, library: str, by_tenant: bool) -> None:
    """Places lie within the text and apart; every answer can be written, and none that is open lacks its reason."""
    demands = Expectations(
        source="test", issuers=("https://id.example/{tenantid}",), by_tenant=by_tenant, by_version=True
    )
    last = 0
    for start, end, token in tokens.locate(text):
        assert last <= start < end <= len(text)
        last = end
        for check in judge(token, (), demands, None, library).checks:
            assert check.verdict is not CheckVerdict.UNKNOWN or check.why
            for said in (check.expected, check.found, check.why):
                assert len((said or "").encode()) < 5000
