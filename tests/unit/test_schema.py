"""The table of fields that rules may ask about."""

import re

from authlens.diagnosis.schema import FIELDS, field

# fmt: off
CONTRACT = (
    "kid", "alg", "typ", "iss", "aud", "sub",
    "exp", "nbf", "iat", "valid_issuer", "valid_issuers", "configuration_issuer",
    "valid_audience", "valid_audiences", "valid_to", "valid_from", "current_time", "keys_tried_count",
    "key_types", "keys_in_tvp", "keys_in_configuration", "key_bits", "min_bits", "metadata_url",
    "document_url", "http_status", "socket_error", "ssl_policy_error", "retry_at", "exception_type",
    "inner_exception_types", "parameter_name", "context_nonce", "payload_nonce", "require_nonce", "context_state",
    "require_state", "missing_type", "missing_method", "assembly", "assembly_version",
)
# fmt: on


def test_every_public_field_of_a_failure_can_be_asked_about() -> None:
    """What the JSON report lists under ``fields`` (but for the objects of ``keys_tried``) is a field of rules."""
    assert [name for name in CONTRACT if field(name) is None] == []


def test_names_are_unique_and_writable_as_keys() -> None:
    """A field's name is one key of a search: no pipe, no space, no second meaning."""
    names = [one.name for one in FIELDS]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", name)] == []


def test_every_field_is_explained() -> None:
    """``authlens rules fields`` has something to say of each."""
    assert [one.name for one in FIELDS if not one.meaning.strip()] == []


def test_case_matters_where_it_is_a_root_cause() -> None:
    """Issuer, audience, key id and tenant, and what they are compared with, demand ``|cased``; other types cannot."""
    wanted = "iss aud kid tid valid_issuer valid_issuers configuration_issuer valid_audience valid_audiences"
    assert [name for name in wanted.split() if not getattr(field(name), "cased", False)] == []
    assert [one.name for one in FIELDS if one.cased and one.type not in {"string", "strings"}] == []


def test_an_unknown_name_is_none() -> None:
    """The schema does not guess."""
    assert field("kidd") is None
