"""tokens.find and tokens.parse: every form in which a token stands in a log."""

import base64
import hashlib
import itertools
import json
from pathlib import Path

import pytest

from authlens import tokens
from authlens.model import Token, TokenForm
from tests.unit.helpers.growth import is_linear

DATA = Path(__file__).parent.parent / "data" / "tokens"


def encode(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


HEADER = {"alg": "RS256", "typ": "JWT", "kid": "k-1"}
CLAIMS = {"iss": "https://id.example/", "aud": "api://orders", "exp": 1795490749, "sub": "u0"}
SIGNATURE = "A" * 342
HEAD = f"{encode(HEADER)}.{encode(CLAIMS)}"
JWT = f"{HEAD}.{SIGNATURE}"
NONE = encode({"alg": "none", "typ": "JWT"})
JWE = f"{encode({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a2V5.aXY.Y2lwaGVy.dGFn"
DECODED = json.dumps(HEADER, separators=(",", ":")) + "." + json.dumps(CLAIMS, separators=(",", ":"))
ARTIFACT = "https://aka.ms/IdentityModel/SecurityArtifactLogging"
PII = "https://aka.ms/IdentityModel/PII"


def only(text: str) -> Token:
    found = tokens.find(text)
    assert len(found) == 1, [str(token) for token in found]
    return found[0]


@pytest.mark.parametrize(
    "name", ["token", "Token", "TOKEN", "tokenString", "EncodedString", "JWT", "assertion", "header"]
)
@pytest.mark.parametrize("mark", [": '", ":'", " '", ': "', ": \\u0027", ": ‘"])
def test_what_a_name_announces_is_found_in_any_case(name: str, mark: str) -> None:
    """A text that is no token by its shape is one behind such a name, in capitals or not, and nowhere else."""
    value = "q8Zr4tVbn20xKfWm71aa"
    close = {"‘": "’"}.get(mark[-1], mark.lstrip(": "))
    assert only(f"The {name}{mark}{value}{close}.").raw == value
    assert tokens.find(f"The tonic{mark}{value}{close}.") == ()


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_what_stands_behind_bearer_is_a_token_only_if_it_looks_like_one(word: str) -> None:
    """An opaque token has digits and letters; a word of a sentence has not."""
    assert only(f"sent {word} q8Zr4tVbn20xKfWm71aa twice").form is TokenForm.OPAQUE
    assert tokens.find(f"sent {word} authentication twice") == ()


def test_half_a_character_hides_no_token() -> None:
    """A lone surrogate, which no encoding can write, stands in what JSON escaped."""
    ((start, end, token),) = tokens.locate(f"\ud83d token: '{JWT}'")
    assert (start, end, token.raw) == (10, 10 + len(JWT), JWT)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {JWT}",
        f"authorization=Bearer%20{JWT}&x=1",
        f"Cookie: a=b; id_token={JWT}; c=d",
        f"GET https://api.example/hub?access_token={JWT}&transport=ws",
        f"The token was '{JWT}'.",
        f'"{JWT}",',
        f"({JWT})",
        f"[{JWT}]; next",
        f"token={JWT}.",
        f"token: \\u0027{JWT}\\u0027.",
        f'{{"Message":"line\\n{JWT}\\n"}}',
        f"\x1b[33m{JWT}\x1b[0m",
        f"a sentence ends with {JWT}. Another begins.",
        f"https://api.example/confirm/{JWT}",
        JWT,
    ],
)
def test_a_compact_token_is_found_by_its_shape(text: str) -> None:
    """Whatever stands around it, nothing of that is part of it."""
    token = only(text)
    assert token.form is TokenForm.COMPACT
    assert token.raw == JWT
    assert token.sha256 == hashlib.sha256(JWT.encode()).hexdigest()
    assert token.header == HEADER
    assert token.claims["iss"] == CLAIMS["iss"]
    assert token.defect is None


@pytest.mark.parametrize(
    "text",
    [
        "Cookie eyJhbGciOiJub25lIn0 received, token=none",
        "Cookie: .AspNetCore.Cookies=CfDJ8N2a1Zx0sYp3mYfPq1c0Zr7y7bJb7q1n3hV5u4w8; path=/",
        "session=eyJfcGVybWFuZW50Ijp0cnVlfQ.Zk3aXw.3J1mJ0W9o8Qm1o5b8m2Jw1c3d4E",
        "cursor=eyJpZCI6NDIsIm9mZnNldCI6MTB9",
        "Could not load file or assembly 'Newtonsoft.Json, Version=13.0.0.0, PublicKeyToken=30ad4fe6b2a6aeed'",
        "at System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.ValidateToken(String token)",
        "CancellationToken=8f14e45fceea167a5a36dedd4bea2543",
        "Bearer was not authenticated. Failure message: IDX10223",
        'WWW-Authenticate: Bearer error="invalid_token", error_description="The token expired at \'x\'"',
        "AuthenticationScheme: Bearer was challenged.",
        "kid: '[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]'",
        "token: '48' (Parameter 'KeySize')",
        "IDX10603: Decryption failed. token: 'null'.",
        '{"keys":[{"kty":"RSA","alg":"RS256","kid":"k-1","use":"sig","n":"AQAB","e":"AQAB"}]}',
        "appsettings.eyJsomething.json was reloaded",
        "",
    ],
)
def test_what_merely_looks_like_a_token_is_none(text: str) -> None:
    """Cookies, cursors, assembly names, key sets and the library's own words are left alone."""
    assert tokens.find(text) == ()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"Authorization: Bearer {NONE}.{encode(CLAIMS)}.", TokenForm.UNSIGNED),
        (f"Authorization: Bearer {HEAD}", TokenForm.UNSIGNED),
        (f"Authorization: Bearer {HEAD[:-7]}", TokenForm.TRUNCATED),
        (f"Authorization: Bearer {HEAD} received", TokenForm.UNSIGNED),
        (f"IDX10511: … token: '{HEAD}'. See https://aka.ms/IDX10511", TokenForm.TRUNCATED),
        (f"IDX10504: … token: '{NONE}.{encode(CLAIMS)}'.", TokenForm.UNSIGNED),
        (f"IDX10503: … \ntoken: '{DECODED}'.", TokenForm.DECODED),
        (f"IDX10609: … token: '{JWE}'.", TokenForm.ENCRYPTED),
        (f"IDX10609: … token: '{JWE.rpartition('.')[0]}'.", TokenForm.ENCRYPTED),
        (f"Header: {encode(HEADER)}", TokenForm.TRUNCATED),
        (f"Unable to decode the header '{encode(HEADER)}' as Base64Url", TokenForm.HEADER),
        (f"Bearer {JWT[:200]}...", TokenForm.TRUNCATED),
        (f"Bearer {JWT[:60]}…", TokenForm.TRUNCATED),
        (f"jwt {JWT[:40]}...{JWT[-8:]} rejected", TokenForm.TRUNCATED),
        (f"Bearer {JWT[:60]}[truncated]", TokenForm.TRUNCATED),
        (f"Bearer {JWT[:300]}", TokenForm.TRUNCATED),
        ("Failed to validate the token [redacted]\n", TokenForm.REDACTED),
        ("Authorization: Bearer ***", TokenForm.REDACTED),
        ("authorization: [Redacted]", TokenForm.REDACTED),
        ("access_token=<removed>", TokenForm.REDACTED),
        ("token: 'elided'", TokenForm.REDACTED),
        ("Authorization: Bearer undefined", TokenForm.OPAQUE),
        ("Bearer 8f14e45fceea167a5a36dedd4bea2543", TokenForm.OPAQUE),
        ("IDX10709: 'jwtEncodedString' is not well formed: '4a79d47a9352fdf01cb9'.", TokenForm.OPAQUE),
        ("token: '[PII is hidden]'.", TokenForm.HIDDEN),
        (f"token: '[PII is hidden. For more details, see {PII}.]'", TokenForm.HIDDEN),
        (f"token: '[PII of type 'System.String' is hidden. For more details, see {PII}.]'.", TokenForm.HIDDEN),
        (f"x [Security Artifact of type 'A.B' is hidden. For more details, see {ARTIFACT}.]", None),
        (f"token: '[Security Artifact of type 'A.B' is hidden. For more details, see {ARTIFACT}.]'", TokenForm.HIDDEN),
        ("token: 'System.IdentityModel.Tokens.Jwt.JwtSecurityToken'.", TokenForm.HIDDEN),
        ("token: \\u0027Microsoft.IdentityModel.JsonWebTokens.JsonWebToken\\u0027.", TokenForm.HIDDEN),
        ("securityToken: '#ScrubbedArtifact#'", TokenForm.HIDDEN),
        ("token: 'UnrecognizedEncodedToken'", TokenForm.HIDDEN),
    ],
)
def test_each_form_is_told_apart(text: str, form: TokenForm | None) -> None:
    """The forms of the report, by what stands in the log."""
    assert [token.form for token in tokens.find(text)] == ([form] if form else [])


def test_a_hidden_artifact_type_names_a_token_anywhere() -> None:
    """Keys and issuers are hidden in the same words; the type of a token tells it apart without a word before it."""
    kind = "Microsoft.IdentityModel.JsonWebTokens.JsonWebToken"
    assert only(f"IDX10242: Security token: '[PII of type '{kind}' is hidden.").form is TokenForm.HIDDEN
    assert only(f"[PII of type '{kind}' is hidden. For more details, see {PII}.]").form is TokenForm.HIDDEN


@pytest.mark.parametrize("levels", [0, 1, 2, 3])
def test_a_decoded_token_is_found_inside_strings_of_json(levels: int) -> None:
    """However often the message was escaped, header and payload are the same and so is the hash."""
    decoded = json.dumps(HEADER) + "." + json.dumps({**CLAIMS, "name": 'a "b" {c} \\ d'})
    text = f"token: '{decoded}'. See"
    for _ in range(levels):
        text = json.dumps({"Message": text, "Level": "Information"})
    token = only(text)
    assert token.form is TokenForm.DECODED
    assert token.claims["name"] == 'a "b" {c} \\ d'
    assert token.sha256 == hashlib.sha256(decoded.encode()).hexdigest()


@pytest.mark.parametrize("brackets", [0, 100])
@pytest.mark.parametrize(
    "decoded",
    [
        '{"alg":"none"}.{"sub":"a}b","n":1}',
        '{"alg":"none","kid":"a}.{b"}.{"sub":"u0"}',
        '{"alg":"none"}.{"roles":["a","b"],"n":NaN}',
        '{"alg":"none"}.{"sub":"a","sub":"b"}',
    ],
)
def test_a_decoded_token_is_the_same_whatever_stands_around_it(decoded: str, brackets: int) -> None:
    """What was read once is remembered: a brace in a string ends no object, and the second reading finds the first."""
    texts = [f"token: '{decoded}'", f"token: '{decoded}'. {'[' * brackets}", f"{decoded}"]
    found = [[t.raw for t in tokens.find(text)] for text in (*texts, *texts)]
    assert found == [[decoded]] * 6
    first, *others = [tokens.find(text)[0] for text in texts]
    assert all(t.claims == first.claims and t.defect == first.defect for t in others)


@pytest.mark.parametrize("size", [0, 3_000, 40_000, 200_000])
def test_a_decoded_token_inside_a_string_is_found_however_long_it_is(size: int) -> None:
    """And whatever follows it in the string."""
    long = json.dumps(HEADER) + "." + json.dumps({"sub": "u0", "groups": "g" * size, "n": {"a": [1]}})
    text = json.dumps(f"token: {long}, token: {DECODED}. {'x' * 50_000}")
    assert [(t.form, t.defect, t.claims["sub"]) for t in tokens.find(text)] == [(TokenForm.DECODED, None, "u0")] * 2


@pytest.mark.parametrize("piece", ['{\\"alg\\":\\"', '{\\"alg\\":\\"a\\", ', "{\\u0022alg\\u0022:\\u0022a\\u0022}."])
def test_objects_that_begin_everywhere_inside_a_string_take_linear_time(piece: str) -> None:
    """Each could be a token, and its string is unescaped to see whether it is one."""
    assert is_linear(lambda size: tokens.find(piece * (size // len(piece))), 4_000)


def test_a_decoded_token_of_system_text_json_uses_unicode_escapes() -> None:
    """MEL's JSON console writes quotation marks as code points."""
    inner = DECODED.replace('"', "\\u0022")
    token = only(f'{{"Message":"token: \\u0027{inner}\\u0027.\\n   at System"}}')
    assert (token.form, token.header, token.claims["sub"]) == (TokenForm.DECODED, HEADER, "u0")


def test_pretty_printed_json_is_one_token() -> None:
    """Multi-line JSON as people paste it; a header that ends with a dot has lost its payload."""
    assert only('IDX10503: …\n\n{\n  "alg": "HS512",\n  "typ": "JWT"\n}.').header["alg"] == "HS512"
    pretty = only('{\n  "alg": "HS512",\n  "typ": "JWT"\n}.{\n  "sub": "x"\n}')
    assert (pretty.form, pretty.claims["sub"]) == (TokenForm.DECODED, "x")


def test_a_decoded_token_cut_off_keeps_what_is_whole() -> None:
    """The members before the cut are known; the one that was cut is not, and the defect says so."""
    token = only(f"token: '{DECODED[:-20]}")
    assert token.form is TokenForm.DECODED
    assert token.claims["iss"] == CLAIMS["iss"]
    assert "sub" not in token.claims
    assert "breaks off" in (token.defect or "")


def test_the_payload_alone_is_read_where_the_library_prints_it() -> None:
    """IDX14101 and IDX10400 quote the payload; its claims still tell who issued the token."""
    for words in ("IDX14101: Unable to decode the payload ", "IDX10400: Unable to decode: "):
        token = only(f"{words}'{encode(CLAIMS)}' as Base64Url encoded string.")
        assert (token.form, token.claims["iss"]) == (TokenForm.TRUNCATED, CLAIMS["iss"])
        assert "only the payload" in (token.defect or "")


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        (f"Unable to decode the header 'Bearer {encode(HEADER)}' as", "the word Bearer stands inside the token"),
        (f"cannot read this string: ‘Bearer {JWT}’.", "the word Bearer stands inside the token"),
        (f"Unable to decode the header '\"{encode(HEADER)}' as", "a quotation mark stands inside the token"),
        (f"the header \\u0027\\u0022{encode(HEADER)}\\u0027", "a quotation mark stands inside the token"),
        (f"the header '\\\"{encode(HEADER)}' as", "a quotation mark stands inside the token"),
    ],
)
def test_what_the_client_glued_to_the_token_is_a_defect(text: str, defect: str) -> None:
    """A second "Bearer" or quotation marks are why the library cannot read it."""
    assert defect in (only(text).defect or "")


@pytest.mark.parametrize(
    "text",
    [
        '{{"Authorization": "Bearer {}"}}',
        '{{"headers": {{"AuthHeader": "Bearer {}"}}}}',
        '"{{\\"Authorization\\": \\"Bearer {}\\"}}"',
        "Authorization: 'Bearer {}'",
    ],
)
def test_the_value_of_a_header_begins_with_its_scheme(text: str) -> None:
    """The word Bearer is where it belongs there; only a quoted token that begins with it is malformed."""
    (token,) = tokens.find(text.format(JWT))
    assert (token.form, token.raw, token.defect) == (TokenForm.COMPACT, JWT, None)


@pytest.mark.parametrize("dot", ["%2E", "%2e", "\\u002E"])
def test_escaped_dots_are_dots(dot: str) -> None:
    """No client has to escape them, and some do."""
    (token,) = tokens.find(f"GET /callback?id_token={JWT.replace('.', dot)}&state=1")
    assert (token.form, token.raw) == (TokenForm.COMPACT, JWT)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (f"refused {JWT}. Then", JWT),
        (f"refused {NONE}.{encode(CLAIMS)}. Then", f"{NONE}.{encode(CLAIMS)}."),
        (f"refused {NONE}.{encode(CLAIMS)}.. Then", f"{NONE}.{encode(CLAIMS)}"),
        (f"refused token {NONE}. Then", NONE),
        (f"refused token {NONE}.. Then", NONE),
    ],
)
def test_the_dot_at_the_end_is_the_sentences_or_the_tokens(text: str, raw: str) -> None:
    """An unsigned token ends with the dot before its empty third segment (RFC 7519, section 6.1)."""
    assert only(text).raw == raw


def test_tokens_come_in_the_order_of_the_text_and_each_once() -> None:
    """A token that one message repeats is one token."""
    other = f"{encode({**HEADER, 'kid': 'k-2'})}.{encode(CLAIMS)}.{SIGNATURE}"
    found = tokens.find(f"token: '{JWT}' then '{other}' and again {JWT}")
    assert [token.header["kid"] for token in found] == ["k-1", "k-2"]


def test_places_do_not_overlap() -> None:
    """A token inside a decoded one belongs to it."""
    nested = json.dumps({"alg": "none"}) + "." + json.dumps({"act": JWT, "sub": "x"})
    text = f"a {nested} b {JWT} c"
    places = tokens.locate(text)
    assert [(text[start], token.form) for start, _, token in places] == [
        ("{", TokenForm.DECODED),
        ("e", TokenForm.COMPACT),
    ]
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(places))


@pytest.mark.parametrize(
    "row", [json.loads(line) for line in (DATA / "lab.jsonl").read_text(encoding="utf-8").splitlines()]
)
def test_lines_of_real_logs(row: dict[str, object]) -> None:
    """Records that real loggers wrote of a real API's failures."""
    expected = row["tokens"]
    assert isinstance(expected, list)
    found = tokens.find(str(row["text"]))
    assert [
        {"form": token.form, "alg": token.header.get("alg"), "iss": token.claims.get("iss")} for token in found
    ] == [{name: wanted[name] for name in ("form", "alg", "iss")} for wanted in expected]
    for token, wanted in zip(found, expected, strict=True):
        assert not wanted["whole"] or hashlib.sha256((token.raw or "").encode()).hexdigest() == token.sha256


def test_parse_reads_one_text_whole() -> None:
    """What a person gives is taken as it is: nothing is cut off and no word is needed before it."""
    assert tokens.parse(JWT).form is TokenForm.COMPACT
    assert tokens.parse(f"{HEAD}.").form is TokenForm.UNSIGNED
    assert tokens.parse(HEAD).form is TokenForm.UNSIGNED
    assert tokens.parse(JWE).form is TokenForm.ENCRYPTED
    assert tokens.parse(DECODED).form is TokenForm.DECODED
    assert tokens.parse(encode(HEADER)).form is TokenForm.HEADER
    assert tokens.parse("[PII is hidden]").form is TokenForm.HIDDEN
    assert tokens.parse("8f14e45fceea167a").form is TokenForm.OPAQUE
    assert tokens.parse("").form is TokenForm.OPAQUE


@pytest.mark.parametrize(
    ("header", "payload", "defect"),
    [
        ('{"alg":"RS256","alg":"none"}', "{}", "the header has a member twice"),
        ('{"alg":"RS256"}', '{"exp":NaN}', "the payload holds NaN"),
        ('{"alg":"RS256"}', '{"a":' + "[" * 100 + "]" * 100 + "}", "nests deeper than 64 levels"),
        ('{"alg":"RS256"}', '{"a":1', "the payload is JSON that breaks off"),
        ('{"alg":"RS256"}', '{"a":1} x', "has text behind the JSON object"),
        ('{"alg":"RS256"}', "[1]", "the payload is no JSON object"),
    ],
)
def test_a_defect_is_told_beside_what_can_be_read(header: str, payload: str, defect: str) -> None:
    """Bad JSON does not hide the members that are good."""
    token = tokens.parse(f"{encode(header)}.{encode(payload)}.{SIGNATURE}")
    assert token.form is TokenForm.COMPACT
    assert defect in (token.defect or "")
    assert "alg" in token.header


def test_fields_have_the_reports_names() -> None:
    """NumericDates are whole seconds, audiences a list, and nothing is there that the token does not say."""
    claims = {"iss": "i", "aud": ["a", "b"], "sub": 7, "exp": 1795490749.9, "nbf": "1795490000", "iat": True}
    token = tokens.parse(f"{encode(HEADER)}.{encode(claims)}.{SIGNATURE}")
    assert tokens.token_fields(token) == {
        "kid": "k-1",
        "alg": "RS256",
        "typ": "JWT",
        "iss": "i",
        "aud": ["a", "b"],
        "sub": "7",
        "exp": 1795490749,
        "nbf": 1795490000,
    }
    assert tokens.token_fields(tokens.parse(f"{NONE}.{encode({'aud': 'x'})}."))["aud"] == ["x"]


def test_neither_text_nor_signature_is_printed() -> None:
    """A token's text form is a fingerprint."""
    token = tokens.parse(JWT)
    assert SIGNATURE[:20] not in f"{token} {token!r}"
    assert token.sha256[:12] in str(token)
