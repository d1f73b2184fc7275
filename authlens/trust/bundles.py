"""Documents as they come: bundles, key files and answers, judged for what they are worth.

A document that is of no use is evidence and stays, with the reason; only a file that cannot be read, or is not of
its form, is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from authlens.errors import InputError
from authlens.model import Document, Frozen, Key
from authlens.segments import TRAILING, Repeated, depth, read_json_object
from authlens.trust.keys import MOST_KEYS, PRIVATE_MEMBERS
from authlens.trust.keys import parse as parse_keys

SCHEMA = "authlens.bundle/1"
LARGEST_BUNDLE = 64 * 1024 * 1024
LARGEST_DISCOVERY = 256 * 1024
LARGEST_KEY_SET = 1024 * 1024
"""Bytes, decompressed."""
DEEPEST = 8
"""Levels of nesting that a document may have."""
WITHHELD = "withheld"

_PAGE = re.compile(r"\s{0,64}<")


def read_bundle(path: str) -> tuple[Document, ...]:
    """Reads an ``authlens.bundle/1``.

    Raises:
        InputError: The file cannot be read or is no bundle.
    """
    content = _json_file(path, LARGEST_BUNDLE)
    entries = content.get("documents")
    if not isinstance(entries, tuple) or (content.get("schema") or SCHEMA) != SCHEMA:
        raise InputError(f"{path}: is no {SCHEMA}", hint="authlens bundle ISSUER… records one.")
    if not all(isinstance(e, Mapping) and isinstance(e.get("url"), str) for e in entries):
        hint = "Each document is {url, status, fetched_at, body}."
        raise InputError(f"{path}: a document in it has no url", hint=hint)
    return tuple(_bundled(e) for e in entries)


def _bundled(entry: Mapping[str, object]) -> Document:
    status, error = entry.get("status"), entry.get("error")
    return judge(
        str(entry["url"]),
        entry.get("body"),
        source="bundle",
        status=status if isinstance(status, int) and not isinstance(status, bool) else None,
        as_of=time_of(entry.get("fetched_at")),
        error=error if isinstance(error, str) else None,
    )


def read_key_file(path: str) -> Document:
    """Reads a key set; InputError where the file cannot be read or is none."""
    content = _json_file(path, LARGEST_KEY_SET)
    if not isinstance(content.get("keys"), tuple) and not _certificates(content):
        raise InputError(f"{path}: is no key set", hint='A key set is a JSON object: {"keys": [...]} (RFC 7517).')
    return judge(path, content, source="jwks file", status=None, as_of=None)


def split_spec(spec: str, folder: Path | None = None) -> tuple[str | None, str]:
    """Splits ``[ISSUER=]FILE`` where the file is; both sides may hold an equals sign.

    Args:
        spec: As the user gives a key set.
        folder: From which the file's path counts; None for the current one.
    """
    parted = [(spec[:at], spec[at + 1 :]) for at, char in enumerate(spec) if char == "="]
    whole: tuple[str | None, str] = (None, spec)
    found = (split for split in (whole, *parted) if _is_file((folder or Path()) / split[1]))
    return next(found, parted[0] if parted else whole)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # an issuer is longer than any name of a file
        return False


def _json_file(path: str, largest: int) -> Mapping[str, object]:
    try:
        with Path(path).open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}", hint="Check the path.") from error
    if len(data) > largest:
        raise InputError(f"{path}: is larger than {largest} bytes")
    try:
        return parse_json(data.decode("utf-8-sig"), deepest=DEEPEST * 4)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}", hint=_what_to_save(data)) from error


def _what_to_save(data: bytes) -> str:
    page = "It is a web page: perhaps a sign-in or an error answered. " if data.lstrip()[:1] == b"<" else ""
    return f"{page}Save what the provider itself answers: curl -fsS https://…/.well-known/openid-configuration, then its jwks_uri."


def judge(
    url: str,
    body: object,
    *,
    source: str,
    status: int | None,
    as_of: datetime | None,
    error: str | None = None,
) -> Document:
    """Tells what an answer is worth; values of private key members are left out, their presence stays."""
    parsed, fault = _parsed(body)
    if error is None and status is not None and not 200 <= status <= 299:
        error = f"was answered with HTTP {status}"
    error = error or fault or (_form_fault(parsed) if parsed is not None else None)
    published = _public(parsed) if parsed is not None else None
    return Document(url=url, source=source, status=status, as_of=as_of, error=error, body=published)


def _parsed(body: object) -> tuple[Mapping[str, object] | None, str | None]:
    """The document as an object, or what is wrong with it."""
    if isinstance(body, Mapping):
        return body, None
    if not isinstance(body, str):
        return None, "holds no document" if body is None else "is no JSON object"
    if not body.strip():
        return None, "is empty"
    if len(body) > LARGEST_KEY_SET:
        return None, f"is larger than {LARGEST_KEY_SET} bytes"
    try:
        return parse_json(body), None
    except ValueError as error:
        return None, "is a web page, not JSON" if _PAGE.match(body) else str(error)


def _form_fault(parsed: Mapping[str, object]) -> str | None:
    if "keys" in parsed:
        return _key_set_fault(parsed["keys"])
    if _certificates(parsed):
        return None
    if not isinstance(parsed.get("issuer"), str) or not isinstance(parsed.get("jwks_uri"), str):
        return "is neither a discovery document (issuer, jwks_uri) nor a key set (keys)"
    return None


def _key_set_fault(keys: object) -> str | None:
    if not isinstance(keys, list | tuple):
        return "is a key set whose keys are no list"
    if not keys:
        return "is an empty key set"
    if len(keys) > MOST_KEYS:
        return f"holds {len(keys)} keys; the first {MOST_KEYS} are looked at"
    return None


def _certificates(parsed: Mapping[str, object]) -> bool:
    """The form {kid: PEM}, which Google and Firebase serve beside the key set."""
    return bool(parsed) and all(isinstance(v, str) and v.startswith("-----BEGIN CERTIFICATE") for v in parsed.values())


def keys_in(document: Document) -> tuple[Key, ...]:
    """Returns the keys of a key set; none of an error answer, whatever it holds."""
    body = document.body
    if body is None or (document.status is not None and not 200 <= document.status <= 299):
        return ()
    return parse_keys(body) if _certificates(body) or isinstance(body.get("keys"), list | tuple) else ()


def _public(parsed: Mapping[str, object]) -> Frozen[object]:
    """Copies a document without the values of private key members; their presence stays."""
    keys = parsed.get("keys")
    if not isinstance(keys, list | tuple):
        return Frozen(parsed)
    return Frozen({**parsed, "keys": tuple(_without_private(k) if isinstance(k, Mapping) else k for k in keys)})


def _without_private(key: Mapping[str, object]) -> Frozen[object]:
    kind = Repeated if isinstance(key, Repeated) else Frozen
    return kind({name: WITHHELD if name in PRIVATE_MEMBERS else value for name, value in key.items()})


def parse_json(text: str, *, deepest: int = DEEPEST) -> Mapping[str, object]:
    """Parses a JSON object; ValueError where it is none, or nested too deep."""
    if depth(text, max(0, text.find("{")))[0] > deepest:
        raise ValueError(f"is nested deeper than {deepest} levels")
    members = read_json_object(text)
    if not members.whole or TRAILING in members.defects:
        raise ValueError(f"{members.defects[-1]}")
    return members.values


def time_of(value: object) -> datetime | None:
    """Reads an RFC 3339 time as UTC; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # at the edge of the calendar the zone leads out of it
        return None


def bundle(documents: Iterable[Document]) -> dict[str, object]:
    """Makes an ``authlens.bundle/1`` of documents, sorted by address; what was of no use says why."""
    return {
        "schema": SCHEMA,
        "documents": [_entry(d) for d in sorted(documents, key=lambda d: d.url)],
    }


def _entry(document: Document) -> dict[str, object]:
    fetched_at = document.as_of.strftime("%Y-%m-%dT%H:%M:%SZ") if document.as_of is not None else None
    entry: dict[str, object] = {
        "url": document.url,
        "status": document.status,
        "fetched_at": fetched_at,
        "body": document.body,
    }
    return entry if document.error is None else {**entry, "error": document.error}
