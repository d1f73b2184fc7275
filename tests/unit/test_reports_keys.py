from __future__ import annotations

from typing import Any

from authlens.model import Evidence, Failure, Finding, Frozen
from authlens.reports.keys import Tried, side_by_side
from tests.unit.helpers import results

ISSUER = "https://sso.example.net/realms/orders"
DOCUMENT = f"{ISSUER}/.well-known/openid-configuration"


def published(kid: str, thumbprint: str = "", **changes: Any) -> dict[str, Any]:
    """A key as the document tells it."""
    names = ("alg", "use", "published_from", "published_until", "defect")
    return {**dict.fromkeys(names), "kid": kid, "kty": "RSA", "thumbprint": thumbprint or f"T{kid}", **changes}


def refused(*keys: tuple[str, str], metadata: str | None = None, **fields: object) -> Finding:
    """A refusal that says which keys were tried."""
    tried = tuple({"type": "RsaSecurityKey", "kid": kid, "internal_id": thumbprint} for kid, thumbprint in keys)
    failure: Failure = results.failure(1, fields=Frozen({"keys_tried": tried, **fields}))
    evidence = (Evidence(name="metadata", expected=metadata, found="is read"),) if metadata else ()
    return results.finding(failure, "sig.key-rotated", evidence=evidence)


def rows(keys: list[dict[str, Any]], *findings: Finding) -> list[tuple[object, ...]]:
    """Key id, published, tried and remark of each row."""
    tried = Tried()
    for finding in findings:
        tried.add(finding)
    made = side_by_side(keys, tried.of([ISSUER], keys))
    return [(row["kid"], row["published"], row["tried"], row["note"]) for row in made]


def test_published_remembered_and_tried_stand_side_by_side() -> None:
    """One row a key; what was only tried comes last."""
    keys = [published("old", published_until="2026-11-20T00:00:00Z"), published("new")]
    found = rows(keys, refused(("old", "Told"), metadata=DOCUMENT), refused(("x", "Tx"), metadata=DOCUMENT))
    assert found == [("new", True, 0, None), ("old", False, 1, None), ("x", False, 1, None)]


def test_the_thumbprint_decides_where_the_id_does_not() -> None:
    """The same id for another key is another key, and is said to be one."""
    found = rows([published("k1", "A")], refused(("k1", "B"), metadata=DOCUMENT))
    assert found == [("k1", True, 0, None), ("k1", False, 1, "the same id is published for another key")]
    assert rows([published("k1", "A")], refused(("", "A"), metadata=DOCUMENT)) == [("k1", True, 1, None)]


def test_keys_belong_to_the_metadata_then_to_the_tokens_issuer_then_to_whom_one_belongs() -> None:
    """What is another's, or nobody's that is known, is not shown."""
    keys = [published("k1", "A")]
    assert rows(keys, refused(("x", "X"), iss=f"{ISSUER}/")) == [("k1", True, 0, None), ("x", False, 1, None)]
    assert rows(keys, refused(("x", "X"), ("k1", "A"))) == [("k1", True, 1, None), ("x", False, 1, None)]
    elsewhere = refused(("x", "X"), metadata="https://other.example/.well-known/openid-configuration", iss=ISSUER)
    assert rows(keys, elsewhere, refused(("y", "Y"))) == [("k1", True, 0, None)]


def test_the_thumbprint_of_a_secret_is_not_shown() -> None:
    """It would let guesses at the secret be tried."""
    tried = ({"type": "SymmetricSecurityKey", "kid": "", "internal_id": "secret-thumbprint"},)
    failure = results.failure(1, fields=Frozen({"keys_tried": tried, "iss": ISSUER}))
    known = Tried()
    known.add(results.finding(failure, "sig.wrong-key"))
    assert "secret-thumbprint" not in str(side_by_side([], known.of([ISSUER], [])))
