"""The sample logs, scanned: shared by the tests and ``.dev/refresh_goldens.py``."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import authlens
from authlens.pipeline import ScanResult

ROOT = Path(__file__).parent.parent
LOGS = ROOT / "sample_logs"
GOLDENS = ROOT / "tests" / "golden"
STORIES = ROOT / ".dev" / "samples"
HEALTHY = "healthy"
FOUNDING = "okta-org-token"
"""Samples of this name belong to the README's first example; ``.dev/make_founding_samples.py`` writes them."""
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""The present of the goldens, some hours after the samples."""


def names() -> list[str]:
    """One for each cause, and the healthy one."""
    return sorted(p.name.removesuffix(".log") for p in LOGS.glob("*.log") if not p.name.startswith(FOUNDING))


@cache
def scanned(name: str) -> ScanResult:
    """A sample, read offline with the settings and documents that lie beside it."""
    beside = {kind: LOGS / f"{name}.{kind}.json" for kind in ("appsettings", "bundle")}
    known = {kind: [path] if path.exists() else [] for kind, path in beside.items()}
    return authlens.scan(
        [LOGS / f"{name}.log"], settings=known["appsettings"], bundles=known["bundle"], offline=True, now=NOW
    )


def golden(name: str) -> str:
    """The sample's JSON without what changes from version to version and from place to place."""
    text = scanned(name).to_json()
    document: dict[str, Any] = json.loads(text)
    version = json.dumps(document["tool"]["version"])
    return text.replace(f"{LOGS}/", "@@LOGS@@/").replace(f'"version": {version}', '"version": "@@VERSION@@"', 1)
