"""The cache: every key set and discovery document ever fetched, with its time; so a key's life can be told.

One file an answer, in a folder an address: two runs never write the same file with different content, and a file is
there whole or not at all. What cannot be read is not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from authlens.model import Document
from authlens.trust.bundles import judge, parse_json, time_of

SCHEMA = "authlens.cache/1"
MOST_ANSWERS = 64
"""Kept for one address, the newest; Entra's key sets change some ten times a year."""
MOST_ADDRESSES = 512
LARGEST_ANSWER = 2 * 1024 * 1024
SHORTEST, LONGEST, USUAL = timedelta(minutes=5), timedelta(hours=24), timedelta(minutes=5)
"""Bounds of the time for which an answer serves without asking again, and the time where the server names none."""

_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}\.json", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A good answer from the cache."""

    document: Document
    """``as_of`` is when it was last seen."""
    first: datetime
    max_age: timedelta = USUAL

    def fresh(self, now: datetime) -> bool:
        """Tells whether it may serve without asking again."""
        age = now - (self.document.as_of or self.first)
        return timedelta(0) <= age < self.max_age


class History:
    """A folder of answers. Everything in it is optional: no fault of the disk is an error."""

    def __init__(self, folder: str | Path) -> None:
        """Names the folder; it is made when something is to be kept."""
        self.folder = Path(folder)
        self.fault: str | None = None
        """Why the last answer could not be kept, for a note."""

    def keep(self, document: Document, *, max_age: timedelta = USUAL) -> None:
        """Keeps a good answer; one that says the same as the newest one moves its time on."""
        if document.error is not None or document.body is None or document.as_of is None:
            return
        try:
            self._write(document, document.as_of, max(SHORTEST, min(max_age, LONGEST)))
        except OSError as error:
            self.fault = f"{self.folder}: the cache cannot be written: {error.strerror or error}"

    def all(self, url: str) -> tuple[Kept, ...]:
        """Returns the answers of an address, oldest first."""
        read = (self._read(path, url) for path in self._paths(url))
        return tuple(kept for kept in read if kept is not None)

    def newest(self, url: str) -> Kept | None:
        """Returns the last good answer of an address."""
        return max(self.all(url), key=lambda k: k.document.as_of or k.first, default=None)

    # ----------------------------------------------------------------- files

    def _place(self, url: str) -> Path:
        return self.folder / hashlib.sha256(url.encode()).hexdigest()[:32]

    def _paths(self, url: str) -> list[Path]:
        try:
            return sorted(p for p in self._place(url).iterdir() if _NAME.fullmatch(p.name))
        except OSError:
            return []

    def _write(self, document: Document, as_of: datetime, max_age: timedelta) -> None:
        body = json.dumps(document.body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        newest = self.newest(document.url)
        same = newest is not None and newest.document.body == document.body
        first = newest.first if newest is not None and same else as_of
        entry = {
            "schema": SCHEMA,
            "url": document.url,
            "status": document.status,
            "first": _text(first),
            "last": _text(as_of),
            "max_age_s": int(max_age.total_seconds()),
            "body": document.body,
        }
        place = self._place(document.url)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{first:%Y%m%dT%H%M%SZ}-{hashlib.sha256(body.encode()).hexdigest()[:16]}.json"
        _replace(place / name, json.dumps(entry, sort_keys=True).encode())
        self._prune(document.url)

    def _prune(self, url: str) -> None:
        for path in self._paths(url)[:-MOST_ANSWERS]:
            path.unlink(missing_ok=True)
        folders = sorted(self.folder.iterdir(), key=_changed) if self.folder.is_dir() else []
        for folder in folders[: max(0, len(folders) - MOST_ADDRESSES)]:
            _remove(folder)

    def _read(self, path: Path, url: str) -> Kept | None:
        try:
            with path.open("rb") as file:
                entry = parse_json(file.read(LARGEST_ANSWER).decode(), deepest=16)
        except (OSError, ValueError):
            return None
        if not isinstance(entry, dict) or entry.get("schema") != SCHEMA or entry.get("url") != url:
            return None
        first, last, age = time_of(entry.get("first")), time_of(entry.get("last")), entry.get("max_age_s")
        if first is None or last is None or not isinstance(age, int):
            return None
        document = judge(url, entry.get("body"), source="cache", status=200, as_of=last)
        seconds = timedelta(seconds=max(0, min(age, LONGEST.total_seconds())))
        return Kept(document=document, first=first, max_age=seconds) if document.error is None else None


def sightings(kept: Kept) -> Iterator[Document]:
    """Yields the answer at the first and the last time it was seen."""
    yield replace(kept.document, as_of=kept.first)
    yield kept.document


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _replace(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all, whenever the machine stops."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _remove(folder: Path) -> None:
    """Removes one address's answers, and only files that this module wrote."""
    with suppress(OSError):
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) or path.name.endswith(".tmp"):
                path.unlink(missing_ok=True)
        folder.rmdir()
