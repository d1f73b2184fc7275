from __future__ import annotations

import random
import re

import pytest

from authlens import messages
from authlens.catalogue.templates import SLOT, Template, known, releases, templates

EVERY: list[Template] = [t for code in sorted(known()) for t in templates(code)]
VALUES = (
    "https://login.contoso.com/t1/v2.0",
    "api://orders",
    "RS256",
    "2048",
    "null",
    "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
    "[PII is hidden]",
    "Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: 'k1', InternalId: 'i1'.",
    "11/24/2026 01:50:31",
    "x, y",
    "it's",
    "",
)
FRAMES = "\n   at Microsoft.IdentityModel.Tokens.Validators.ValidateAudience(IEnumerable`1 audiences)\n   at A.B() in /src/a'b.cs:line 7"


def fill(template: str, values: dict[str, str]) -> str:
    return SLOT.sub(lambda m: values[m[1]], template).replace("{{", "{").replace("}}", "}")


def filled(form: Template, rnd: random.Random) -> tuple[str, tuple[str, ...], bool]:
    """A text, its values, and whether they could be read in no other way."""
    numbers = sorted(set(SLOT.findall(form.text)), key=int)
    bare = any(
        form.text[m.start() - 1] != "'" or form.text[m.end() : m.end() + 1] != "'" for m in SLOT.finditer(form.text)
    )
    choice = [v for v in VALUES if not bare or (v and " " not in v and "'" not in v)]
    values = {n: rnd.choice(choice) for n in numbers}
    return fill(form.text, values), tuple(values[n] for n in numbers), not bare


def reads_back(form: Template, text: str, values: tuple[str, ...], change: object = None) -> bool:
    shown = change(text) if callable(change) else text
    found = messages.match(shown)
    if found is None or found.code != form.code:
        return False
    again = fill(form.text, dict(zip(sorted(set(SLOT.findall(form.text)), key=int), found.values, strict=False)))
    return found.values == values or again == text


@pytest.mark.parametrize("seed", range(3))
def test_every_text_of_every_version_reads_back(seed: int) -> None:
    """Filled with ordinary and awkward values, each of the thousand texts gives its code and values again."""
    rnd = random.Random(seed)
    wrong = [form.text for form in EVERY if not reads_back(form, *filled(form, rnd)[:2])]
    assert not wrong


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: s.replace("\n", "\r\n"), id="windows line ends"),
        pytest.param(lambda s: s.replace("\n", " "), id="line breaks became blanks"),
        pytest.param(lambda s: s.replace("\n", "\n      "), id="continuation lines indented"),
        pytest.param(lambda s: s.replace("\n", "\\n"), id="line breaks escaped"),
        pytest.param(lambda s: f"fail: A.B[0]\n      System.Exception: {s}", id="something in front"),
        pytest.param(lambda s: s + FRAMES, id="a stack trace behind"),
        pytest.param(lambda s: (s + FRAMES).replace("\n", " "), id="a stack trace on the same line"),
        pytest.param(lambda s: f"{s} (Parameter 'token'){FRAMES}", id="a parameter behind"),
        pytest.param(lambda s: f"{s}\n ---> System.IO.IOException: 'else'.{FRAMES}", id="an inner exception behind"),
        pytest.param(lambda s: f'Bearer was not authenticated. Failure message: "{s}"', id="quoted"),
        pytest.param(lambda s: f"One or more errors occurred. ({s}) (IDX10500: Signature)", id="in a list"),
    ],
)  # fmt: skip
def test_what_loggers_do_to_a_text_changes_nothing(change: object) -> None:
    """Line ends, indentation and what hosts put around a message leave code and values as they are."""
    rnd = random.Random(7)
    wrong = [form.text for form in EVERY if not reads_back(form, *filled(form, rnd)[:2], change)]
    assert not wrong


def test_typographic_quotes_are_quotes() -> None:
    """Texts that went through a word processor are read like others."""
    text = "IDX10708: ‘System.IdentityModel.Tokens.JwtSecurityTokenHandler’ cannot read this string: ‘Bearer x’."
    found = messages.match(text)
    assert found is not None
    assert found.values == ("System.IdentityModel.Tokens.JwtSecurityTokenHandler", "Bearer x")


def test_cut_texts_keep_code_and_finished_values() -> None:
    """Wherever a logger cuts a text, the code stays, and every value that is returned begins as the true one does."""
    rnd = random.Random(3)
    for form in EVERY[::7]:
        text, values, quoted = filled(form, rnd)
        for at in range(len(form.code or "") + 2, len(text), 17):
            found = messages.match(text[:at])
            assert found is not None
            assert found.code == form.code
            if quoted and form.straight and found.template == form.text:
                assert all(
                    v.startswith(f.rstrip("'.")) or f.startswith(v) for f, v in zip(found.values, values, strict=False)
                )


def test_two_meanings_of_one_number_are_told_apart_by_the_text() -> None:
    """IDX10709 was a malformed JWT, and is a key that cannot be written as JSON."""
    old = messages.match("IDX10709: 'jwt' is not well formed: 'abc'. The string needs to be in compact JSON format")
    new = messages.match(
        "IDX10709: Cannot create a JSON representation of an RSA public key, 'Exponent' is null or empty."
    )
    assert old is not None
    assert old.versions == ("3.0.0", "5.0.0")
    assert new is not None
    assert new.versions == ("6.4.1", "8.23.0")


def test_unknown_numbers_are_read_as_they_are() -> None:
    """A library newer than the catalogue gives its text, up to its end, and no versions."""
    found = messages.match("X: IDX99999: The frobnicator 'x' is off. (Parameter 'y')\n   at A.B.C()")
    assert found is not None
    assert (found.code, found.template) == ("IDX99999", "IDX99999: The frobnicator 'x' is off.")
    assert found.values == ()
    assert found.versions is None


def test_another_text_of_a_known_number_is_read_by_its_labels() -> None:
    """A reworded message still gives what stands behind known words, and claims no version."""
    found = messages.match("IDX40001: Issuer 'https://a.example/' does not match any of the valid issuers provided.")
    assert found is not None
    assert found.values == ("https://a.example/",)
    assert found.versions is None


def test_lost_line_ends_leave_the_version_open() -> None:
    """Where versions differ in a line break only and it was squeezed out, the range covers both."""
    token = "System.IdentityModel.Tokens.Jwt.JwtSecurityToken"
    text = f"IDX10225: Lifetime validation failed. The token is missing an Expiration Time.\nTokentype: '{token}'."
    exact, squeezed = messages.match(text), messages.match(text.replace("\n", "  "))
    assert exact is not None
    assert exact.versions == ("3.0.0", "5.1.5")
    assert squeezed is not None
    assert squeezed.versions == ("3.0.0", "8.23.0")


def test_releases_are_in_order_and_ranges_lie_in_them() -> None:
    """Positions are what version inference computes with."""
    names = releases()
    assert (
        names.index("5.7.x")
        < names.index("6.0.1")
        < names.index("6.8.0")
        < names.index("6.10.0")
        < names.index("8.23.0")
    )
    assert all(0 <= a <= b < len(names) for t in EVERY for a, b in (*t.spans, *t.loose))
    assert all(t.spans or t.versions for t in EVERY)


def test_every_field_kind_is_one_that_is_read() -> None:
    """A misspelt kind in the sources would silently fill a field of that name."""
    kinds = {kind for t in EVERY for kind in t.kinds} - {"-", "keys", "key", "nested", "token", "response"}
    assert kinds <= {
        "kid", "alg", "typ", "iss", "aud", "sub", "valid_issuer", "valid_issuers", "configuration_issuer", "valid_audience",
        "valid_audiences", "valid_to", "valid_from", "current_time", "keys_in_tvp", "keys_in_configuration", "key_bits",
        "min_bits", "metadata_url", "document_url", "http_status", "retry_at", "parameter_name", "context_nonce",
        "payload_nonce", "require_nonce", "context_state", "require_state",
    }  # fmt: skip


def test_informational_texts_are_no_refusals() -> None:
    """Steps and warnings are told from refusals by text, for some numbers were both."""
    quiet = {t.text for t in EVERY if t.quiet}
    assert any(t.startswith("IDX10242: Security token: '{0}' has a valid signature.") for t in quiet)
    assert any(t.startswith("IDX20806:") for t in quiet)
    assert any(t.startswith("IDX10720: Token string") for t in quiet)
    assert not any(
        re.match(r"IDX10720: Unable|IDX10223|IDX10214|IDX10503|IDX20803|IDX10516|IDX40001|IDW10201", t) for t in quiet
    )
