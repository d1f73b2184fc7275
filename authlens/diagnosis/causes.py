"""The vocabulary of root causes: one id a cause, in eight families.

Rule files, reports and documentation all use these ids. New ones may be added under the same
families; none is renamed.
"""

from __future__ import annotations

from typing import Final

from authlens.model import Frozen

UNDETERMINED: Final = "undetermined"
"""What a failure gets that no rule knows; no rule may claim it."""
MOST_ALTERNATIVES: Final = 6
"""So many other causes are offered beside one; a reader follows no more."""

FAMILIES: Final = Frozen(
    {
        "sig": "signature and keys",
        "life": "lifetime",
        "iss": "issuer",
        "aud": "audience",
        "meta": "discovery and key sets",
        "form": "what was sent is not the token expected",
        "lib": "the library itself",
        "flow": "the sign-in around the token",
    }
)

CAUSES: Final = Frozen(
    {
        "sig.key-rotated": "the issuer rolled its key; the application holds stale metadata or a pinned key",
        "sig.wrong-authority": "the token comes from another issuer than the one whose keys the application loaded",
        "sig.app-specific-key": "the identity provider publishes this application's key somewhere else",
        "sig.opaque-access-token": "by design the resource cannot verify this access token itself",
        "sig.graph-token": "the token is for Microsoft Graph; no one but Graph can verify it",
        "sig.kid-missing": "the token names no key and no loaded key fits",
        "sig.no-keys-loaded": "the application has no key at all",
        "sig.wrong-key": "a key was chosen and the signature does not verify",
        "sig.key-too-short": "the key is below the algorithm's minimum",
        "sig.alg-unsupported": "the algorithm does not fit the key, the platform or what the application allows",
        "sig.unsigned": "the token has no signature",
        "sig.unreadable-key": "a private key or certificate is missing or may not be read",
        "life.expired": "the token is old: the client does not renew it",
        "life.clock-skew": "clocks disagree by seconds or minutes",
        "life.not-yet-valid": "the token is valid only later, beyond any skew",
        "life.timezone-bug": "the issuer wrote local time as UTC, or seconds as milliseconds",
        "life.no-expiration": "the token has no exp",
        "life.exp-overflow": "exp is beyond 2147483647, which this library version reads as missing",
        "iss.v1-v2-mismatch": "an Entra v1 token against v2, or the reverse",
        "iss.multi-tenant": "a tenant that the application does not list, or a template expected literally",
        "iss.url-form": "the same issuer written differently",
        "iss.other-environment": "another issuer, tenant, realm or environment altogether",
        "iss.not-configured": "no valid issuer is configured",
        "aud.app-id-uri-vs-client-id": "api://GUID against GUID",
        "aud.other-api": "the token was issued for another resource",
        "aud.missing": "the token has no aud",
        "aud.not-configured": "the application expects no audience at all",
        "aud.id-token-as-access-token": "an ID token, or another kind, was sent to the API",
        "aud.url-form": "the same audience written differently",
        "meta.unreachable": "DNS, TCP, proxy, firewall or a time-out",
        "meta.tls": "certificate trust or TLS version",
        "meta.http-not-https": "HTTPS is required",
        "meta.bad-document": "the discovery document or key set is not usable",
        "form.malformed": "what was sent is not a JWT",
        "form.encrypted-no-key": "the token is encrypted and no key opens it",
        "form.wrong-claim-type": "a registered claim has the wrong JSON type",
        "form.missing-claim": "a claim that the application insists on is not in the token",
        "form.saml": "a SAML or WS-Federation document that the library refuses",
        "lib.mixed-packages": "Microsoft.IdentityModel packages of different versions, or one missing",
        "lib.handler-change": "a default changed with an upgrade",
        "lib.defect": "a known defect of that version",
        "flow.nonce-state": "nonce, state or correlation cookie lost",
        "flow.replay": "the token was seen before",
        "flow.wrong-client-config": "client id, secret, redirect or response type",
        "flow.scheme-collision": "two handlers share a scheme name",
        "flow.other-scheme": "this scheme was tried with a token meant for another",
    }
)
