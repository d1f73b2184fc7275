"""What an earlier scan found: what it knew already does not count again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from authlens.errors import UsageError

SCHEMA: Final = "authlens.scan/1"
_HINT: Final = "A baseline is what an earlier scan wrote with --json."


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The ids of an earlier result; ids come from the evidence, so an unchanged failure keeps its own."""

    failures: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    exposures: frozenset[str] = frozenset()


def read(path: str) -> Baseline:
    """Reads the ids of an ``authlens.scan/1``.

    Raises:
        UsageError: The file cannot be read, or is no such document.
    """
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"--baseline {path}: cannot be read: {error.strerror or error}.", hint=_HINT) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--baseline {path}: is no JSON.", hint=_HINT) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"--baseline {path}: is no {SCHEMA}.", hint=_HINT)
    return Baseline(**{name: _ids(document, name) for name in ("failures", "groups", "exposures")})


def _ids(document: Mapping[str, Any], name: str) -> frozenset[str]:
    entries = document.get(name)
    found = [e.get("id") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return frozenset(one for one in found if isinstance(one, str))
