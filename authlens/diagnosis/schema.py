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
    Field("idp.family", "string", "identity provider: entra, entra-b2c, auth0, okta, keycloak…", source="derived"),
)
# fmt: on

_BY_NAME: Final = {one.name: one for one in FIELDS}


def field(name: str) -> Field | None:
    """The field of that name, or None."""
    return _BY_NAME.get(name)
