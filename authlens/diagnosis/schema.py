"""What a rule may ask about: every field of the evidence, with its type and meaning.

A rule that names another field is refused, so that a misspelling never makes a rule that silently
fails to fire. To add a field, add one entry to ``FIELDS``; the evidence builder fills a column of the
same name. Any field may be missing (null): the log does not say it, or it could not be computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Type: TypeAlias = Literal["string", "integer", "number", "boolean", "strings", "time"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the evidence table."""

    name: str
    type: Type
    """``strings`` is a list: a predicate holds when it holds for one element, with ``|all`` for every one."""
    meaning: str
    cased: bool = False
    """A difference in case is a root cause here: rules must compare with ``|cased``."""
    source: str = "message"
    """``message``, ``token``, ``record`` (the log record), ``documents``, ``settings`` or ``derived``."""


# fmt: off
FIELDS: Final[tuple[Field, ...]] = (
    # --- the failure
    Field("code", "string", "the outermost failure that the library reported, IDX10503; missing where it gave none"),
    Field("codes", "strings", "all codes of the failure, outermost first"),
    Field("exception_type", "string", "full name of the outermost exception's type"),
    Field("inner_exception_types", "strings", "full names of the inner exceptions' types, outermost first"),
    Field("hidden", "strings", "names of the fields that the PII switch withheld"),
    Field("time", "time", "when the record was written", source="record"),
    Field("level", "string", "trace debug information warning error critical", source="record"),
    Field("logger", "string", "category of the logger that wrote the record", source="record"),
    Field("scheme", "string", "authentication scheme that refused the token", source="record"),
    Field("host", "string", "machine that wrote the record", source="record"),
    Field("client", "string", "address of the client", source="record"),
    # --- what message and token said
    Field("kid", "string", "key id that the token names", cased=True, source="token"),
    Field("alg", "string", "algorithm that the token names (RFC 7518)", source="token"),
    Field("typ", "string", "media type that the token names", source="token"),
    Field("iss", "string", "issuer of the token", cased=True, source="token"),
    Field("aud", "strings", "audiences of the token", cased=True, source="token"),
    Field("sub", "string", "subject of the token", source="token"),
    Field("tid", "string", "Entra tenant that the token names", cased=True, source="token"),
    Field("exp", "integer", "expiry, NumericDate", source="token"),
    Field("nbf", "integer", "not before, NumericDate", source="token"),
    Field("iat", "integer", "issued at, NumericDate", source="token"),
    Field("valid_issuer", "string", "ValidIssuer of the application", cased=True),
    Field("valid_issuers", "strings", "ValidIssuers of the application", cased=True),
    Field("configuration_issuer", "string", "issuer that the application read from its discovery document", cased=True),
    Field("valid_audience", "string", "ValidAudience of the application", cased=True),
    Field("valid_audiences", "strings", "ValidAudiences of the application", cased=True),
    Field("valid_to", "time", "expiry as the message prints it"),
    Field("valid_from", "time", "not before as the message prints it"),
    Field("current_time", "time", "the application's clock as the message prints it"),
    Field("keys_tried.type", "strings", "types of the keys that the application tried (RsaSecurityKey)"),
    Field("keys_tried.kid", "strings", "key ids of the keys that the application tried", cased=True),
    Field("keys_tried.internal_id", "strings", "internal ids of the keys that the application tried", cased=True),
    Field("keys_tried.has_kid", "boolean", "the application tried a key with the token's kid", source="derived"),
    Field("keys_tried_count", "integer", "how many keys the application tried"),
    Field("key_types", "strings", "types of the keys that the message names"),
    Field("keys_in_tvp", "integer", "how many keys TokenValidationParameters holds"),
    Field("keys_in_configuration", "integer", "how many keys the application read from the key set"),
    Field("key_bits", "integer", "size of the key, bits"),
    Field("min_bits", "integer", "smallest size that the algorithm allows, bits"),
    Field("metadata_url", "string", "discovery document that the application reads", cased=True),
    Field("document_url", "string", "document that could not be read", cased=True),
    Field("http_status", "integer", "status of the answer to that request"),
    Field("socket_error", "string", "socket error (HostNotFound, ConnectionRefused)"),
    Field("ssl_policy_error", "string", "TLS policy error (RemoteCertificateChainErrors)"),
    Field("retry_at", "time", "when the application reads the document again"),
    Field("parameter_name", "string", "parameter that an argument exception names"),
    Field("context_nonce", "string", "nonce that the application holds", cased=True),
    Field("payload_nonce", "string", "nonce in the token", cased=True),
    Field("require_nonce", "boolean", "RequireNonce of the application"),
    Field("context_state", "string", "state that the application holds", cased=True),
    Field("require_state", "boolean", "RequireState of the application"),
    Field("missing_type", "string", "type that could not be loaded"),
    Field("missing_method", "string", "method that could not be found"),
    Field("assembly", "string", "assembly that could not be loaded"),
    Field("assembly_version", "string", "version of that assembly"),
    # --- the token
    Field("token.form", "string", "compact unsigned decoded header truncated redacted hidden encrypted opaque", source="token"),
    Field("token.defect", "string", "what is wrong with the token's form, in words", source="token"),
    # --- documents
    Field("jwks.kid_published", "boolean", "the key set of the token's own issuer, as published, has the token's kid", source="documents"),
    # --- derived
    Field("says", "string", "what the failure claims, whatever its number: key-not-found kid-missing signature-invalid no-keys unsigned key-size key-empty key-invalid (no key can be made of a published one) key-misfit (key and algorithm do not go together) algorithm key-unreadable key-certificate decrypt issuer issuer-policy issuer-not-configured tenant-claim tenant-refused audience audience-delegate audience-empty audience-not-configured expired not-yet-valid no-expiration lifetime-order replay type https metadata malformed no-handler claim-type missing-claim nonce-state hash client grant sign-in-error handler saml scheme-collision library-fault unknown", source="derived"),
    Field("issuer", "string", "issuer of the token, else the one that the scheme expects", cased=True, source="derived"),
    Field("inner.codes", "strings", "codes of inner exceptions and of the library's own lines that explain the outermost one", source="derived"),
    Field("inner.shown", "boolean", "the log shows which exceptions were caught", source="derived"),
    Field("library.version", "string", "Microsoft.IdentityModel version that wrote the message, or a range", source="derived"),
    Field("library.oldest", "integer", "oldest version that can have written it: major × 1000 + minor, 6.28 is 6028", source="derived"),
    Field("library.newest", "integer", "newest version that can have written it, in the same form", source="derived"),
    Field("log.library_lines", "boolean", "the log holds the library's own lines for this request", source="record"),
    Field("log.header_only", "boolean", "of the refusal the log holds only the header that the client was sent", source="record"),
    Field("saml", "boolean", "SAML tokens are in play", source="derived"),
    Field("host.functions", "boolean", "the Azure Functions host's own handler refused the token", source="derived"),
    Field("claim.name", "string", "claim that the failure is about", source="derived"),
    # --- the token
    Field("token.kind", "string", "access id refresh org-server graph v1 v2 logout unknown; v1 and v2 are Entra's access tokens; graph also by an audience in the message", source="token"),
    Field("token.shown", "boolean", "the log shows the token's claims", source="token"),
    Field("token.whole", "boolean", "the log shows a whole JWT that is well formed", source="token"),
    Field("token.cut", "boolean", "the signature's text is broken: the token was cut off", source="token"),
    Field("token.failures", "integer", "how many failures show this very token", source="derived"),
    Field("alg.family", "string", "hmac rsa ec none other", source="derived"),
    Field("exp.form", "string", "what the token's exp is: number absent text milliseconds overflow", source="token"),
    Field("exp.text", "string", "the token's exp as it stands", source="token"),
    Field("form.shape", "string", "what is wrong with the form: opaque (no dots), segments (their number), text (not decodable), any, unknown", source="derived"),
    Field("form.text", "string", "the same in words", source="derived"),
    Field("graph.possible", "boolean", "a token for Microsoft Graph would have failed in this way", source="derived"),
    # --- clocks
    Field("clock.distance_s", "integer", "seconds after exp, or before nbf, at which the token was used", source="derived"),
    Field("clock.skew_s", "integer", "tolerance of the scheme as configured, else 300 s", source="derived"),
    Field("clock.beyond_s", "integer", "distance less tolerance; not above 0 where the application must tolerate less", source="derived"),
    Field("clock.since_issue_s", "integer", "seconds after its issue (iat, else nbf) at which an expired token was used", source="derived"),
    Field("clock.whole_hours", "boolean", "the time since the issue of an expired token, else the distance, is the offset of a time zone, give or take a minute", source="derived"),
    Field("clock.host_median_s", "integer", "median of the distances on this host of the failures alike", source="derived"),
    Field("clock.host_offset_s", "integer", "that median less the one of all other hosts; missing where there is one host only", source="derived"),
    Field("lifetime.reversed", "boolean", "nbf lies behind exp", source="derived"),
    # --- issuer and audience
    Field("iss.relation", "string", "expected foreign other-scheme (another scheme of this API expects it)", source="derived"),
    Field("iss.miss", "string", "nearest difference from the expected ones: equal slash case whitespace scheme port list v1-v2 tenant-template host-alias path tenant realm environment other", source="derived"),
    Field("iss.shape", "string", "uri name number", source="derived"),
    Field("iss.keys_shared", "boolean", "the token's issuer signs with keys that the expected one publishes too", source="documents"),
    Field("aud.known", "boolean", "the log shows the token's audiences, or that there are none", source="derived"),
    Field("aud.shape", "string", "empty several uri guid name", source="derived"),
    Field("aud.miss", "string", "nearest difference from the expected ones: equal slash case whitespace scheme port list api-scheme host-alias other", source="derived"),
    Field("aud.is_issuer", "boolean", "the audience is the issuer itself", source="derived"),
    Field("aud.scrubbed", "boolean", "the message leaves the audiences out whatever the PII switch says (8.16 and later)", source="derived"),
    Field("idp.expected", "string", "identity provider that the scheme trusts, by family", source="settings"),
    Field("idp.header", "string", "identity provider that the header of an encrypted token names (RFC 7519, 5.3), by family", source="token"),
    Field("idp.audience", "string", "identity provider whose address is the audience, by family", source="derived"),
    Field("expected.known", "boolean", "settings or configuration describe the scheme", source="settings"),
    Field("expected.issuers", "strings", "issuers that the scheme accepts", cased=True, source="settings"),
    Field("expected.audiences", "strings", "audiences that the scheme accepts", cased=True, source="settings"),
    Field("expected.multi_tenant", "boolean", "the scheme reads the metadata of many tenants (common, organizations)", source="settings"),
    # --- keys
    Field("keys_tried.symmetric", "boolean", "a shared secret was tried", source="derived"),
    Field("keys_tried.asymmetric", "boolean", "a public key was tried", source="derived"),
    Field("keys_tried.x509", "boolean", "a certificate was tried", source="derived"),
    Field("keys_tried.current", "boolean", "every key that is published now was tried", source="documents"),
    Field("keys_tried.stale", "boolean", "a key was tried that is no longer published", source="documents"),
    Field("keys_tried.big_enough", "boolean", "the keys tried are published with sizes that every algorithm accepts", source="documents"),
    Field("jwks.kids", "strings", "key ids that are published where the application reads its keys", cased=True, source="documents"),
    Field("jwks.place", "string", "where the token's key is published: authority (what the application loads) issuer (of the token) application (only at ?appid=) policy (of another B2C user flow) elsewhere nowhere", source="documents"),
    Field("jwks.other_key_same_kid", "boolean", "another key is published under the id than the one tried under it", source="documents"),
    Field("jwks.signature", "string", "the token in the log, checked with the published keys: verifies fails", source="documents"),
    Field("jwks.as_of", "time", "when the key set that the failure is compared with was obtained", source="documents"),
    Field("jwks.kid_published_from", "time", "when the token's key was first seen published, where a history is kept", source="documents"),
    Field("jwks.kid_published_until", "time", "when the token's key was last seen published, where it no longer is", source="documents"),
    Field("jwks.rotation", "string", "between when the token's key came or went, in words", source="documents"),
    Field("keys_tried.stale_since", "time", "since when a key that was tried is no longer published, where a history is kept", source="documents"),
    Field("keys_tried.stale_text", "string", "the same in words, with the key's id", source="documents"),
    Field("keys_tried.of_issuer", "boolean", "a key that was tried is one that the token's issuer publishes or published", source="documents"),
    Field("secret.used", "boolean", "a secret that was tried is the one given (--secret-file), in some encoding", source="derived"),
    Field("secret.encoding", "string", "the encoding in which the application reads the secret given: UTF-8 Base64 Base64url hexadecimal UTF-16…", source="derived"),
    Field("secret.signs", "boolean", "the token in the log is signed with the secret given, in some encoding", source="derived"),
    Field("secret.signs_as", "string", "the encoding in which the secret given signs the token", source="derived"),
    Field("secret.relation", "string", "what both say: same other-reading api-other token-other neither api-differs api-same token-same token-differs", source="derived"),
    Field("secret.text", "string", "the same in words", source="derived"),
    Field("signature.proven", "boolean", "the library accepted the signature before it refused the token", source="derived"),
    # --- metadata
    Field("meta.address", "string", "discovery document that the application reads", cased=True, source="settings"),
    Field("meta.https", "boolean", "its address is https", source="settings"),
    Field("meta.state", "string", "of the documents at hand: ok error page empty-keys unusable-keys keys-missing missing unknown", source="documents"),
    Field("meta.text", "string", "the same in words", source="documents"),
    Field("fetch.error", "string", "why a document could not be had: dns refused timeout proxy network tls https status parse", source="derived"),
    Field("fetch.url", "string", "document that could not be had", cased=True, source="derived"),
    Field("fetch.text", "string", "the reason in words", source="derived"),
    Field("fetch.other_host", "boolean", "it lies on another host than the discovery document", source="derived"),
    Field("assembly.fault", "boolean", "a type, method or assembly of the library could not be loaded", source="derived"),
    Field("assembly.text", "string", "which one", source="derived"),
    # --- the rest of the log
    Field("request.other_scheme", "boolean", "another scheme refused the same request", source="derived"),
    Field("request.accepted_by", "string", "scheme that accepted the request in the end", source="record"),
    Field("request.succeeded", "boolean", "the request succeeded all the same", source="record"),
    Field("alike.at_offset", "number", "share of the different tokens among them, three or more, that were used a whole time-zone offset after their issue", source="derived"),
    Field("alike.hosts", "integer", "how many machines wrote them; missing where none is named", source="derived"),
    Field("alike.failures", "integer", "how many failures of the same scheme claim the same (says)", source="derived"),
    Field("alike.first", "time", "when the first of them was written", source="derived"),
    Field("alike.last", "time", "when the last of them was written", source="derived"),
    Field("alike.per_minute", "integer", "the most of them within one minute", source="derived"),
    Field("alike.began", "boolean", "they began within the log: for a quarter of an hour before them it shows none", source="derived"),
    Field("alike.restarted", "boolean", "the application started within a quarter of an hour behind the last of them", source="derived"),
    Field("alike.stopped", "boolean", "they stopped by themselves: a quarter of an hour of the log behind them shows none, and the application did not start again in it", source="derived"),
    Field("alike.accepted_after", "boolean", "a request was accepted after the last of them", source="derived"),
    Field("token.share", "number", "share of them that show this very token, 0 to 1; near 1 a client tries one token again and again", source="derived"),
    Field("client.share", "number", "share of them that this client sent, 0 to 1", source="derived"),
    Field("token.latest_s", "integer", "the largest distance at which this very token was used", source="derived"),
    Field("scheme.accepts", "boolean", "the scheme accepted other requests; missing where the log names no scheme that accepted any", source="record"),
    Field("scheme.accepts_before", "boolean", "it did so before the first of them, in the same log; missing likewise", source="record"),
    Field("scheme.accepts_meanwhile", "boolean", "it did so between the first and the last of them, as far as the log tells", source="record"),
    Field("scheme.others_accept", "boolean", "another scheme accepted requests; missing likewise", source="record"),
    Field("log.restarts", "integer", "how many starts of applications the log shows", source="record"),
    Field("log.accepted", "integer", "how many requests were accepted, as far as the log tells", source="record"),
    Field("log.hosts", "integer", "how many machines wrote records near failures; missing where none is named", source="record"),
    Field("library.mixed", "boolean", "the failures of this log were written by versions of the library that exclude each other", source="derived"),
    Field("idp.name", "string", "identity provider of the token, else of the scheme, by name", source="derived"),
    Field("idp.keys_url", "string", "where it publishes its keys, as far as the issuer's form tells", cased=True, source="derived"),
    Field("idp.rotation", "string", "how often it changes its keys, in words", source="derived"),
    Field("token.sign_in", "boolean", "the token came straight from the identity provider, at the end of a sign-in", source="record"),
    Field("idp.family", "string", "identity provider of the token, by its issuer: entra-v1 entra-v2 entra-multitenant b2c ciam okta-org okta-custom auth0 keycloak…", source="derived"),
)
# fmt: on

_BY_NAME: Final = {one.name: one for one in FIELDS}


def field(name: str) -> Field | None:
    """The field of that name, or None."""
    return _BY_NAME.get(name)
