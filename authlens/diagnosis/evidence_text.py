"""Facts that only the words of a failure hold: failing assemblies, inner codes, the shape of what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from authlens.diagnosis.evidence_said import exception_types
from authlens.diagnosis.evidence_says import of_code, of_header
from authlens.diagnosis.evidence_values import as_text
from authlens.model import Failure, Token, TokenForm

_CAUGHT = re.compile(r"Exceptions? caught:\s{0,8}['\"‘“]?(?P<shown>[^\n]{0,120})")
_HIDDEN = ("[PII", "[Security Artifact", "System.String", "System.Text.StringBuilder", "System.Exception")
_CLAIM = re.compile(r"Reading: '[\w.]{0,120}?\.(?P<name>\w{1,60})'")
_NAMED_CLAIM = re.compile(r"The '(?P<name>[\w:/.-]{1,80})' claim|an '(?P<other>[\w:/.-]{1,80})' claim")
_TELLING = frozenset({"key-size", "algorithm", "claim-type", "decrypt", "unsigned", "malformed", "metadata", "https"})
"""What an inner code must say to explain the outer one; repetitions of the refusal itself explain nothing."""

_ASSEMBLY = re.compile(
    r"(?:Could not load (?:type|file or assembly) '[^'\n]{1,300}'(?: from assembly '[^'\n]{1,300}')?"
    r"|Method not found: '[^'\n]{1,300}'|Field not found: '[^'\n]{1,300}')"
)
_LOADING = (
    "TypeLoadException",
    "MissingMethodException",
    "MissingFieldException",
    "MissingMemberException",
    "FileLoadException",
    "BadImageFormatException",
    "TypeInitializationException",
)


# --------------------------------------------------------------------------- inner codes


def inner(failure: Failure) -> dict[str, object]:
    """What stands beside the outermost code: the fields ``inner.…``, and whether a response header is all there is."""
    codes = [c for c in (*failure.codes, *(m.code for m in failure.context if m.code)) if c != failure.code]
    telling = [c for c in dict.fromkeys(codes) if of_code(c, _message_text(failure, c)) in _TELLING]
    return {
        "inner.codes": tuple(telling) or None,
        "inner.shown": _caught_shown(failure, telling),
        "log.header_only": of_header(failure) or None,
    }


def _message_text(failure: Failure, code: str) -> str:
    for message in (*failure.statement.messages, *failure.context):
        if message.code == code:
            return message.template + failure.statement.text[message.start : message.end or None][:400]
    return ""


def _caught_shown(failure: Failure, telling: Iterable[str]) -> bool | None:
    if any(True for _ in telling):
        return True
    found = _CAUGHT.search(failure.statement.text)
    if found is None:
        return None
    return not found["shown"].lstrip(" '\"‘“").startswith(_HIDDEN)


def signature_proven(failure: Failure) -> bool | None:
    """Whether a key had verified the signature before the token was refused; None where the log does not tell.

    From 6.28 on lifetime, issuer and audience are reported even where no key matches; the stack frame tells which
    of the two ways the library went.
    """
    if any(m.code in _SIGNATURE_GOOD for m in failure.context):
        return True
    text = failure.statement.text
    if "ValidateAfterSignatureFailed" in text:
        return False
    if failure.code not in _AFTER_SIGNATURE:
        return None
    if "ValidateTokenPayload" in text:
        return True
    high = failure.library.high
    return True if high is not None and high < (6, 28) else None


_SIGNATURE_GOOD = ("IDX10242", "IDX10241")
_AFTER_SIGNATURE = frozenset({"IDX10205", "IDX10214", "IDX10222", "IDX10223", "IDX10225", "IDX10206", "IDX10208"})


# --------------------------------------------------------------------------- assemblies


def assembly(failure: Failure) -> dict[str, object]:
    """The fields ``assembly.…``: a type, method or assembly of the library itself could not be loaded."""
    fields = failure.fields
    named = (
        as_text(fields.get("missing_type")) or as_text(fields.get("missing_method")) or as_text(fields.get("assembly"))
    )
    text = failure.statement.text
    found = _ASSEMBLY.search(text) if "Could not load" in text or "not found:" in text else None
    types = exception_types(failure)
    loading = [] if any("Cryptographic" in t for t in types) else [t for t in types if t.rpartition(".")[2] in _LOADING]
    if not (named or found or (loading and _of_library(failure))):
        return {}
    return {"assembly.fault": True, "assembly.text": _assembly_text(fields, named, found, loading)}


def _of_library(failure: Failure) -> bool:
    return "IdentityModel" in failure.statement.text


def _assembly_text(
    fields: Mapping[str, object], named: str | None, found: re.Match[str] | None, loading: list[str]
) -> str:
    if found is not None:
        return found[0][:200]
    version = as_text(fields.get("assembly_version"))
    words = named or (loading[0].rpartition(".")[2] if loading else "a dependency")
    return f"{words} {version}" if version and version not in words else words


# --------------------------------------------------------------------------- what was sent

_OPAQUE_CODES = frozenset({"IDX14100", "IDX12709", "IDX10709", "IDX10708", "IDX10720", "IDX14107", "IDX12720"})
_UNREADABLE = "a part of it is no base64url text, or holds no JSON object"
_TEXTS = {
    "IDX10209": "it is longer than the library reads",
    "IDX10508": "its third part cannot be read as a signature",
    "IDX10625": "its authentication tag has another length than the algorithm gives",
    "IDX10719": "it is longer than the library reads",
    "IDX10814": "its content, decompressed, is longer than the library reads",
    "IDX10816": "its content, decompressed, is longer than the library reads",
}
_SEGMENT_CODES = frozenset({"IDX14120", "IDX14121", "IDX14122", "IDX12739", "IDX12740", "IDX12741", "IDX14111"})


def shape(failure: Failure, says: str) -> dict[str, object]:
    """The fields ``form.…``: what is wrong with the form of what arrived as token."""
    if says == "no-handler" and _is_readable(failure.token):
        return {"form.shape": "text", "form.text": "it can be decoded, but no handler takes it as it was sent"}
    if says == "no-handler":
        return {"form.shape": "unknown", "form.text": "no handler could read it"}
    if says != "malformed":
        return {}
    code = failure.code or ""
    if code.startswith("ID2"):
        return {"form.shape": "any"}
    if code in _OPAQUE_CODES:
        return _opaque(failure)
    if code in _SEGMENT_CODES:
        return {"form.shape": "segments", "form.text": "it has not the number of parts that a JWT has"}
    return {"form.shape": "text", "form.text": _TEXTS.get(code, _UNREADABLE)}


def _is_readable(token: Token | None) -> bool:
    return token is not None and token.form in (TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.TRUNCATED)


def _opaque(failure: Failure) -> dict[str, object]:
    """Whether the text itself, where the log shows it, has dots after all."""
    if _is_readable(failure.token):
        prefix = "‘Bearer " in failure.statement.text or "'Bearer " in failure.statement.text
        words = "the word Bearer stands in front of it" if prefix else "it is no JWT as it stands"
        return {"form.shape": "text", "form.text": words}
    return {"form.shape": "opaque", "form.text": "there are no dots in it"}


def cut_off(failure: Failure, token: Token | None) -> bool | None:
    """The signature's own text is broken: its length fits no bytes, or the library could not decode it."""
    if token is not None and token.form is TokenForm.COMPACT and token.defect and "cut" in token.defect:
        return True
    caught = _CAUGHT.search(failure.statement.text)
    if caught is not None and "FormatException" in caught["shown"]:
        return True
    return None


def claim_name(failure: Failure) -> str | None:
    """The claim that the failure is about, as far as its words name one."""
    text = failure.statement.text
    found = _CLAIM.search(text) or ("' claim" in text and _NAMED_CLAIM.search(text))
    if found:
        return next(g for g in found.groups() if g)
    if failure.code == "IDW10201" or "scope or roles claim" in text:
        return "scope or roles"
    return "tid" if failure.code in _TENANT_CODES else None


_TENANT_CODES = ("IDX40003", "IDX40009", "IDW10401")


def of_sign_in(failure: Failure) -> bool | None:
    """Whether a handler of sign-ins had received the token from the identity provider; None where no frame tells it."""
    text = failure.statement.text
    named = any(name in text for name in _OF_SIGN_INS)  # found sooner than that no handler is
    return True if named and _SIGN_IN.search(text) else None


_OF_SIGN_INS = ("RemoteAuthentication", "OpenIdConnect", "WsFederation")
_SIGN_IN = re.compile(r"(?:RemoteAuthentication|(?:OpenIdConnect|WsFederation)(?:Authentication)?)Handler\b")


def saml(failure: Failure) -> bool:
    """SAML tokens are in play: by the codes, the exceptions or the names in the text."""
    families = ("IDX13", "IDX111", "IDX113", "IDX115", "IDX30")
    if any(c.startswith(families) for c in failure.codes):
        return True
    text = failure.statement.text
    return any("Saml" in t for t in failure.exceptions) or any(words in text for words in _OF_SAML)


def functions_host(failure: Failure) -> bool | None:
    """The handler that the Azure Functions host has for itself refused the token; None where no name tells it."""
    text = failure.statement.text
    return True if any(name in text for name in _OF_FUNCTIONS_HOST) else None


_OF_FUNCTIONS_HOST = ("ScriptJwtBearerExtensions", "Microsoft.Azure.WebJobs.Script.WebHost")
_OF_SAML = ("tc:SAML:", "No token validator was found for the given token", "no validator found")
"""Names of SAML itself, and what only the WS-Federation handlers say."""
