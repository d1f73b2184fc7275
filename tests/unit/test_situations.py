"""What a person writes of one refusal, and what follows: the cause where the log decides, what is open where it does not.

Each cause has a situation that shows it and one beside it in which the same words leave it open, or mean another.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from authlens import pipeline
from authlens.model import Finding

TENANT = "0f3a1c52-7d2e-4a53-9c0b-6b1f5c9a7e10"
SSO = "https://sso.a.example/realms/shop"
ADDRESS = f"{SSO}/.well-known/openid-configuration"
HIDDEN = "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"
PUBLIC = "Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: 'old', InternalId: 'a'. , KeyId: old\n"
SECRET = "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey, KeyId: '', InternalId: 'a'. , KeyId: \n"
CERTIFICATE = "Microsoft.IdentityModel.Tokens.X509SecurityKey, KeyId: 'sD92-Aw2GITGzqkCMF9jQQRkH5U', InternalId: 'sD92-Aw2GITGzqkCMF9jQQRkH5U'. , KeyId: k\n"


def token(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """A compact token; nobody verifies its signature."""
    made = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join((*made, "c2ln" * 80))


def refused(message: str, exception: str = "SecurityTokenException", shown: str = "", minute: int = 0) -> str:
    """The two records that JwtBearer writes of a refusal."""
    at = f"2026-03-04 09:{minute:02}:00.000 +00:00 [INF]"
    exception = exception if "." in exception else f"Microsoft.IdentityModel.Tokens.{exception}"
    return (
        f"{at} Failed to validate the token{shown and f' {shown}'}.\n{exception}: {message}\n"
        f"{at} Bearer was not authenticated. Failure message: {message}\n"
    )


def unmatched(shown: str = "", tried: str = PUBLIC, configured: int = 2, kid: str = "new") -> str:
    return refused(
        f"IDX10503: Signature validation failed. The token's kid is: '{kid}', but did not match any keys in"
        f" TokenValidationParameters or Configuration. Keys tried: '{tried}'. Number of keys in"
        f" TokenValidationParameters: '0'. \nNumber of keys in Configuration: '{configured}'. \nExceptions caught:\n ''.\n"
        f"token: '{HIDDEN}'. See https://aka.ms/IDX10503 for details.",
        "SecurityTokenSignatureKeyNotFoundException",
        shown,
    )


def unverified(shown: str = "", tried: str = PUBLIC, caught: str = "") -> str:
    return refused(
        f"IDX10511: Signature validation failed. Keys tried: '{tried}'. \nNumber of keys in TokenValidationParameters:"
        f" '0'. \nNumber of keys in Configuration: '8'. \nMatched key was in 'Configuration'. \nkid: 'k'. \n"
        f"Exceptions caught:\n '{caught}'.\ntoken: '{HIDDEN}'. See https://aka.ms/IDX10511 for details.",
        "SecurityTokenInvalidSignatureException",
        shown,
    )


def unnamed(tried: str, caught: str = "") -> str:
    return refused(
        f"IDX10517: Signature validation failed. The token's kid is missing. Keys tried: '{tried}'. Number of keys in"
        f" TokenValidationParameters: '1'. \nNumber of keys in Configuration: '0'. \nExceptions caught:\n '{caught}'.\n"
        f"token: '{HIDDEN}'. See https://aka.ms/IDX10503 for details."
    )


def late(until: str, shown: str = "", minute: int = 0) -> str:
    return refused(
        f"IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '3/4/2026 {until} AM', Current time"
        f" (UTC): '3/4/2026 9:{minute:02}:00 AM'.",
        "SecurityTokenExpiredException",
        shown,
        minute,
    )


def early(since: str) -> str:
    return refused(
        f"IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom (UTC): '{since} AM', Current time"
        " (UTC): '3/4/2026 9:00:00 AM'.",
        "SecurityTokenNotYetValidException",
    )


def issuer(found: str, expected: str) -> str:
    return refused(
        f"IDX10205: Issuer validation failed. Issuer: '{found}'. Did not match: validationParameters.ValidIssuer:"
        f" '{expected}' or validationParameters.ValidIssuers: 'null' or"
        " validationParameters.ConfigurationManager.CurrentConfiguration.Issuer: 'Null'. For more details, see"
        " https://aka.ms/IdentityModel/issuer-validation. ",
        "SecurityTokenInvalidIssuerException",
    )


def audience(found: str, expected: str, shown: str = "") -> str:
    return refused(
        f"IDX10214: Audience validation failed. Audiences: '{found}'. Did not match: validationParameters.ValidAudience:"
        f" '{expected}' or validationParameters.ValidAudiences: 'null'.",
        "SecurityTokenInvalidAudienceException",
        shown,
    )


def unread(inner: str) -> str:
    return (
        "2026-03-04 09:00:00.000 +00:00 [ERR] Exception occurred while processing message.\n"
        f"System.InvalidOperationException: IDX20803: Unable to obtain configuration from: '{ADDRESS}'. Will retry at"
        f" '3/4/2026 9:05:00 AM +00:00'. Exception: '{inner}'.\n ---> {inner}\n"
    )


def answered(status: str) -> str:
    return unread(
        f"System.IO.IOException: IDX20807: Unable to retrieve document from: '{ADDRESS}'. HttpResponseMessage:"
        f" 'StatusCode: {status}, Version: 1.1', HttpResponseMessage.Content: ''."
    )


def remote(text: str) -> str:
    return f"2026-03-04 09:00:00.000 +00:00 [INF] Error from RemoteAuthentication: {text}.\n"


def header(described: str) -> str:
    return f'WWW-Authenticate: Bearer error="invalid_token", error_description="{described}"\n'


NO_ISSUER = (
    "IDX10204: Unable to validate issuer. validationParameters.ValidIssuer is null or whitespace AND"
    " validationParameters.ValidIssuers is null or empty."
)
ACCEPTED = "2026-03-04 09:05:00.000 +00:00 [DBG] AuthenticationScheme: Bearer was successfully authenticated.\n"
ORG = "https://dev-1.okta.com"
ORG_ACCESS = token({"alg": "RS256", "kid": "new"}, {"iss": ORG, "aud": ORG, "cid": "c", "scp": ["openid"]})
ORG_ID = token({"alg": "RS256", "kid": "new"}, {"iss": ORG, "aud": "0oa1", "nonce": "n", "at_hash": "h"})
CUSTOM = token({"alg": "RS256", "kid": "new"}, {"iss": f"{ORG}/oauth2/default", "aud": "api://default", "cid": "c"})
ENTRA_V1 = f"https://sts.windows.net/{TENANT}/"
ENTRA_V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
GRAPH = token(
    {"alg": "RS256", "kid": "k", "nonce": "n"},
    {"iss": ENTRA_V1, "aud": "00000003-0000-0000-c000-000000000000", "scp": "User.Read", "ver": "1.0"},
)
ENTRA = token({"alg": "RS256", "kid": "k"}, {"iss": ENTRA_V1, "aud": "api://orders", "scp": "a", "ver": "1.0"})
EDDSA = token({"alg": "EdDSA", "kid": "k"}, {"iss": SSO, "aud": "orders"})
OLD = token({"alg": "RS256"}, {"sub": "a", "exp": 1_772_614_380})
ID = token({"alg": "RS256"}, {"iss": SSO, "aud": "spa", "azp": "spa", "nonce": "n", "typ": "ID"})
ACCESS = token({"alg": "RS256"}, {"iss": SSO, "aud": "billing", "azp": "spa", "scope": "read", "typ": "Bearer"})
HMAC = "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey"

SITUATIONS = [
    # the situation, its log, the cause, how sure, and what stays open beside it ("-" for nothing at all)
    ("key-new", unmatched(), "sig.key-rotated", "possible", "sig.wrong-authority sig.app-specific-key"),
    ("no-keys-counted", unmatched(tried="", configured=0), "sig.no-keys-loaded", "likely", "meta.unreachable"),
    ("no-keys-said", refused("IDX10500: Signature validation failed. No security keys were provided to validate the signature."), "sig.no-keys-loaded", "likely", "meta.bad-document"),
    ("okta-org-access", unmatched(ORG_ACCESS), "sig.opaque-access-token", "certain", "-"),
    ("okta-org-id", unmatched(ORG_ID), "sig.key-rotated", "possible", ""),
    ("okta-custom", unmatched(CUSTOM), "sig.key-rotated", "possible", ""),
    ("graph", unverified(GRAPH, CERTIFICATE), "sig.graph-token", "certain", "-"),
    ("graph-not", unverified(ENTRA, CERTIFICATE), "sig.wrong-key", "certain", "-"),
    ("graph-hidden", unverified(tried=CERTIFICATE), "sig.wrong-key", "likely", "sig.graph-token"),
    ("altered", unverified(), "sig.wrong-key", "certain", "-"),
    ("algorithm-caught", unverified(caught="System.NotSupportedException: IDX10634: Unable to create the SignatureProvider.\nAlgorithm: 'HS256', SecurityKey: 'x'\n is not supported."), "sig.alg-unsupported", "certain", "-"),
    ("algorithm-unknown", unverified(EDDSA), "sig.alg-unsupported", "likely", "sig.wrong-authority"),
    ("secret-wrong", unnamed(SECRET), "sig.wrong-key", "likely", "sig.key-rotated"),
    ("kid-missing", unnamed(PUBLIC), "sig.kid-missing", "likely", "sig.wrong-key"),
    ("secret-short", unnamed(SECRET, "System.ArgumentOutOfRangeException: IDX10653: The encryption algorithm 'HS256' requires a key size of at least '128' bits. Key 'x', is of size: '48'."), "sig.key-too-short", "certain", "-"),
    ("unsigned", refused(f"IDX10504: Unable to validate signature, token does not have a signature: '{HIDDEN}'."), "sig.unsigned", "certain", "-"),
    ("private-key", refused("IDX10638: Cannot create the SignatureProvider, 'key.HasPrivateKey' is false, cannot create signatures. Key: Microsoft.IdentityModel.Tokens.RsaSecurityKey.", "System.InvalidOperationException"), "sig.unreadable-key", "certain", "-"),
    ("expired-hours", late("3:17:00"), "life.expired", "certain", "-"),
    ("expired-minutes", late("8:53:00"), "life.expired", "likely", "life.clock-skew"),
    ("expired-seconds", late("8:59:56"), "life.clock-skew", "likely", "life.expired"),
    ("expired-offset", late("5:00:00"), "life.expired", "likely", "life.timezone-bug"),
    ("expired-again", "".join(late("8:53:00", OLD, minute) for minute in range(0, 36, 3)), "life.expired", "certain", "-"),
    ("expired-in-sign-in", refused("IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '3/4/2026 8:53:00 AM', Current time (UTC): '3/4/2026 9:00:00 AM'.\n   at Microsoft.AspNetCore.Authentication.OpenIdConnect.OpenIdConnectHandler.HandleRemoteAuthenticateAsync()"), "life.clock-skew", "likely", "life.expired"),
    ("early-seconds", early("3/4/2026 9:00:09"), "life.clock-skew", "certain", "-"),
    ("early-minutes", early("3/4/2026 9:07:00"), "life.clock-skew", "likely", "life.not-yet-valid"),
    ("early-offset", early("3/4/2026 11:00:00"), "life.timezone-bug", "likely", "life.not-yet-valid"),
    ("early-a-day", early("3/5/2026 9:20:00"), "life.not-yet-valid", "certain", "-"),
    ("reversed", refused("IDX10224: Lifetime validation failed. The NotBefore (UTC): '3/4/2026 11:00:00 AM' is after Expires (UTC): '3/4/2026 10:00:00 AM'."), "life.timezone-bug", "likely", "-"),
    ("own-lifetime-check", refused(f"IDX10230: Lifetime validation failed. Delegate returned false, securitytoken: '{HIDDEN}'."), "life.expired", "possible", "life.clock-skew life.not-yet-valid"),
    ("no-exp", refused("IDX10225: Lifetime validation failed. The token is missing an Expiration Time. Tokentype: 'System.IdentityModel.Tokens.Jwt.JwtSecurityToken'."), "life.no-expiration", "likely", "life.exp-overflow form.wrong-claim-type"),
    ("issuer-slash", issuer("https://a.auth0.com", "https://a.auth0.com/"), "iss.url-form", "certain", "-"),
    ("issuer-http", issuer(SSO.replace("https", "http"), SSO), "iss.url-form", "certain", "-"),
    ("issuer-internal", issuer("http://keycloak:8080/realms/shop", SSO), "iss.url-form", "likely", "iss.other-environment"),
    ("issuer-realm", issuer(f"{SSO}-stage", SSO), "iss.other-environment", "likely", "sig.wrong-authority"),
    ("issuer-v1", issuer(ENTRA_V1, ENTRA_V2), "iss.v1-v2-mismatch", "certain", "-"),
    ("issuer-template", issuer(ENTRA_V2, "https://login.microsoftonline.com/{tenantid}/v2.0"), "iss.multi-tenant", "certain", "-"),
    ("issuer-tenant", issuer(ENTRA_V2.replace("0f3a", "1f3a"), ENTRA_V2), "iss.other-environment", "likely", "iss.multi-tenant"),
    ("issuer-number", issuer("12345", SSO), "form.wrong-claim-type", "likely", "iss.other-environment"),
    ("issuer-unset", refused(NO_ISSUER), "iss.not-configured", "likely", "meta.unreachable"),
    ("issuer-unset-at-times", refused(NO_ISSUER) + ACCEPTED + refused(NO_ISSUER, minute=9), "meta.unreachable", "likely", "meta.tls"),
    ("issuer-empty", refused("IDX10211: Unable to validate issuer. The 'issuer' parameter is null or whitespace"), "form.missing-claim", "certain", "-"),
    ("audience-slash", audience("https://api.a.example/", "https://api.a.example"), "aud.url-form", "certain", "-"),
    ("audience-blank", audience("orders ", "orders"), "aud.url-form", "certain", "-"),
    ("audience-client-id", audience(TENANT, f"api://{TENANT}"), "aud.app-id-uri-vs-client-id", "certain", "-"),
    ("audience-named-uri", audience(TENANT, "api://contoso.example/orders"), "aud.other-api", "likely", "aud.app-id-uri-vs-client-id"),
    ("audience-name", audience("billing", "orders"), "aud.other-api", "likely", "aud.id-token-as-access-token"),
    ("audience-access", audience("billing", "orders", ACCESS), "aud.other-api", "certain", "-"),
    ("audience-id", audience("spa", "orders", ID), "aud.id-token-as-access-token", "certain", "-"),
    ("audience-graph", audience("https://graph.microsoft.com", "orders"), "sig.graph-token", "likely", "aud.other-api"),
    ("audience-okta-org", audience(ORG, "api://default"), "sig.opaque-access-token", "certain", "-"),
    ("audience-hidden", audience(HIDDEN, HIDDEN), "aud.other-api", "possible", "aud.url-form aud.id-token-as-access-token"),
    ("audience-none", refused("IDX10206: Unable to validate audience. The 'audiences' parameter is empty."), "aud.missing", "certain", "-"),
    ("audience-unset", refused("IDX10208: Unable to validate audience. validationParameters.ValidAudience is null or whitespace and validationParameters.ValidAudiences is null."), "aud.not-configured", "certain", "-"),
    ("fetch-refused", unread("System.Net.Http.HttpRequestException: Connection refused (sso.a.example:443)\n ---> System.Net.Sockets.SocketException (111): Connection refused"), "meta.unreachable", "certain", "-"),
    ("fetch-name", unread("System.Net.Http.HttpRequestException: Name or service not known (sso.a.example:443)\n ---> System.Net.Sockets.SocketException (0xFFFDFFFF): Name or service not known"), "meta.unreachable", "likely", "meta.bad-document"),
    ("fetch-tls", unread("System.Net.Http.HttpRequestException: The SSL connection could not be established, see inner exception.\n ---> System.Security.Authentication.AuthenticationException: The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot"), "meta.tls", "certain", "-"),
    ("fetch-not-found", answered("404, ReasonPhrase: 'Not Found'"), "meta.bad-document", "likely", "meta.unreachable"),
    ("fetch-gateway", answered("503, ReasonPhrase: 'Service Unavailable'"), "meta.unreachable", "likely", "meta.bad-document"),
    ("fetch-http", unread("System.ArgumentException: IDX20108: The address specified 'http://sso.a.example/x' is not valid as per HTTPS scheme. Please specify an https address for security reasons."), "meta.http-not-https", "certain", "-"),
    ("fetch-method", unread("System.MissingMethodException: Method not found: 'Boolean Microsoft.IdentityModel.Tokens.TokenUtilities.IsRecoverableConfiguration(Microsoft.IdentityModel.Tokens.BaseConfiguration)'."), "lib.mixed-packages", "certain", "-"),
    ("fetch-hidden", refused(f"IDX20803: Unable to obtain configuration from: '{HIDDEN}'."), "meta.unreachable", "likely", "meta.tls meta.bad-document lib.mixed-packages"),
    ("no-dots", refused("IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format."), "form.malformed", "likely", "sig.opaque-access-token"),
    ("no-dots-elsewhere", refused("IDX14100: JWT is not well formed, there are no dots (.).", shown="token=opaque"), "form.malformed", "likely", "lib.mixed-packages lib.handler-change"),
    ("signature-unreadable", refused("IDX10508: Signature validation failed. Signature is improperly formatted."), "sig.wrong-key", "likely", "form.malformed"),
    ("secret-empty", refused("IDX10703: Cannot create a 'Microsoft.IdentityModel.Tokens.SymmetricSecurityKey', key length is zero.", "System.ArgumentException"), "sig.no-keys-loaded", "likely", "sig.key-too-short"),
    ("key-wrap", refused("IDX10662: The KeyWrap algorithm 'A256KW' requires a key size of '256' bits. Key 'x', is of size:'1024'."), "sig.alg-unsupported", "likely", "sig.key-too-short"),
    ("key-unusable", refused("IDX10672: Cannot create ECDSA from JsonWebKey: 'x'.", "System.InvalidOperationException"), "meta.bad-document", "likely", "sig.alg-unsupported"),
    ("algorithm-not-listed", refused("IDX10518: Signature validation failed. Algorithm validation failed with error: 'IDX10696: The algorithm 'HS256' is not in the user-defined accepted list of algorithms.'."), "sig.alg-unsupported", "certain", "-"),
    ("overload", unnamed("Auth.Key, KeyId: '', InternalId: 'a'. , KeyId: \n", "System.NotImplementedException: The method or operation is not implemented.\n   at Microsoft.IdentityModel.Tokens.SignatureProvider.Verify(Byte[] input)"), "lib.handler-change", "likely", "lib.defect sig.kid-missing"),
    ("keys-untried", unnamed(""), "sig.kid-missing", "likely", "lib.mixed-packages"),
    ("no-tenant", refused("IDX40003: Neither `tid` nor `tenantId` claim is present in the token obtained from Microsoft identity platform. "), "form.missing-claim", "likely", "iss.other-environment iss.multi-tenant"),
    ("no-scope-uncoded", refused("Neither scope or roles claim was found in the bearer token.", "System.UnauthorizedAccessException"), "form.missing-claim", "likely", ""),
    ("own-handler", refused("The TokenHandler: 'Shop.LegacyHandler', was unable to validate the Token."), "undetermined", "possible", "-"),
    ("issuer-national-cloud", issuer(ENTRA_V2.replace(".com", ".us"), ENTRA_V2), "iss.other-environment", "likely", ""),
    ("functions-host", refused("IDX10205: Issuer validation failed.\n   at Microsoft.Extensions.DependencyInjection.ScriptJwtBearerExtensions.IssuerValidator()", "SecurityTokenInvalidIssuerException"), "flow.other-scheme", "likely", "flow.scheme-collision iss.other-environment"),
    ("encryption-unsupported", refused("IDX10619: Decryption failed. Algorithm: 'x'. Either the Encryption Algorithm: 'y' or none of the Security Keys are supported by the CryptoProviderFactory.\n"), "form.encrypted-no-key", "likely", "sig.alg-unsupported"),
    ("encrypted", refused(f"IDX10609: Decryption failed. No Keys tried: token: '{HIDDEN}'."), "form.encrypted-no-key", "likely", "sig.opaque-access-token"),
    ("encrypted-keys", refused(f"IDX10603: Decryption failed. Keys tried: '{HMAC}'.\nExceptions caught:\n ''.\ntoken: '{HIDDEN}'"), "form.encrypted-no-key", "certain", "-"),
    ("claim-type", refused("IDX11020: The JSON value of type: 'Number', could not be converted to 'JsonTokenType.String'. Reading: 'Microsoft.IdentityModel.JsonWebTokens.JsonWebToken.iss', Position: '9', CurrentDepth: '1', BytesConsumed: '10'."), "form.wrong-claim-type", "certain", "-"),
    ("no-scope", refused("IDW10201: Neither scope nor roles claim was found in the bearer token. Authentication scheme used: 'Bearer'. "), "form.missing-claim", "likely", "aud.id-token-as-access-token"),
    ("cast", refused("Unable to cast object of type 'Microsoft.IdentityModel.JsonWebTokens.JsonWebToken' to type 'System.IdentityModel.Tokens.Jwt.JwtSecurityToken'.", "System.InvalidCastException"), "lib.handler-change", "certain", "-"),
    ("replayed", refused(f"IDX10228: The securityToken has previously been validated, securityToken: '{HIDDEN}'."), "flow.replay", "certain", "-"),
    ("replay-cache", refused(f"IDX10229: TokenValidationParameters.TokenReplayCache was unable to add the securityToken: '{HIDDEN}'."), "flow.replay", "likely", "-"),
    ("correlation", remote("Correlation failed."), "flow.nonce-state", "certain", "-"),
    ("client-secret", remote("Message contains error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.', error_uri: 'error_uri is null'."), "flow.wrong-client-config", "likely", "-"),
    ("code-used", remote("Message contains error: 'invalid_grant', error_description: 'Code not valid', error_uri: 'error_uri is null'."), "flow.nonce-state", "possible", "flow.wrong-client-config"),
    ("header-lifetime", header("The token lifetime is invalid; NotBefore: '03/04/2026 11:00:00', Expires: '03/04/2026 10:00:00'"), "life.timezone-bug", "likely", "-"),
    ("header-lifetime-own", header("The token lifetime is invalid; NotBefore: '03/04/2026 10:00:00', Expires: '03/04/2026 11:00:00'"), "life.expired", "possible", "life.clock-skew"),
    ("header-lifetime-old", header("The token lifetime is invalid"), "life.timezone-bug", "possible", "life.expired"),
    ("header-signature", header("The signature is invalid"), "undetermined", "possible", "sig.wrong-key sig.unsigned"),
    ("header-issuer", header("The issuer '(null)' is invalid"), "undetermined", "possible", "iss.other-environment iss.url-form"),
]  # fmt: skip


def found(folder: Path, text: str) -> Finding:
    path = folder / "app.log"
    path.write_text(text, "utf-8")
    findings = pipeline.scan([path], offline=True).findings
    assert len({(f.cause, f.confidence) for f in findings}) == 1
    return findings[0]


@pytest.mark.parametrize(
    ("text", "cause", "sure", "beside"), [s[1:] for s in SITUATIONS], ids=[s[0] for s in SITUATIONS]
)
def test_a_situation_is_named_as_surely_as_its_log_decides(
    text: str, cause: str, sure: str, beside: str, tmp_path: Path
) -> None:
    """Certain where it does; where it does not, what else it may be is listed."""
    finding = found(tmp_path, text)
    others = {a.cause for a in finding.alternatives}
    assert (finding.cause, str(finding.confidence)) == (cause, sure)
    assert not others if beside == "-" else set(beside.split()) <= others


def at(minute: int, text: str) -> str:
    return f"2026-03-04 09:{minute:02}:00.000 +00:00 [INF] {text}\n"


def stale_keys(subjects: range) -> str:
    """A scheme works, refuses these users' tokens for their key, and works again once the application has started."""
    unknown = "".join(
        unmatched(token({"alg": "RS256", "kid": "new"}, {"iss": SSO, "sub": str(n), "aud": "orders"})).replace(
            "09:00:00", f"09:30:{at_second:02}"
        )
        for at_second, n in enumerate(subjects)
    )
    works = "AuthenticationScheme: Bearer was successfully authenticated."
    start = "Application started. Press Ctrl+C to shut down."
    return at(0, works) + unknown + at(40, start) + at(41, works)


def test_the_course_of_a_rotation_tells_it_from_one_wrong_client(tmp_path: Path) -> None:
    """Many users at once, until the restart; of one user's token it may be another authority's as well."""
    many, one = found(tmp_path, stale_keys(range(12))), found(tmp_path, stale_keys(range(1)))
    assert (many.cause, str(many.confidence)) == ("sig.key-rotated", "likely")
    assert "many different requests" in many.explanation
    assert (one.cause, str(one.confidence)) == ("sig.key-rotated", "possible")
