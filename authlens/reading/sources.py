"""Finds what there is to read: files, folders, members of archives, standard input."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from authlens.reading import archives, unpacking
from authlens.reading.source import ZIP, PassedOver, Source, Unreadable, hint, why
from authlens.reading.unpacking import Readable, Stream

_SETTINGS = re.compile(
    r"(?:appsettings(?:\..{1,80})?|local\.settings|launchsettings|global|package(?:-lock)?|.{1,200}\.(?:deps|runtimeconfig(?:\.dev)?))\.json",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    rb'\s{0,64}\{\s{0,64}"(?:schema"\s{0,8}:\s{0,8}"authlens\.|keys"\s{0,8}:\s{0,8}\[|issuer"\s{0,8}:|\$schema"\s{0,8}:|documents"\s{0,8}:)'
    rb"|<!DOCTYPE html>[^\x00]{0,200}<meta name=\"generator\" content=\"authlens"
)
"""What begins a report, a bundle, a key set or a discovery document."""
_HEAD = 1024
"""Bytes that a document is known by."""


def find(
    paths: Sequence[str], stdin: BinaryIO | None = None, passed: list[PassedOver] | None = None
) -> tuple[Source | Unreadable, ...]:
    """What paths name: files, folders (walked, sorted), ``-`` for standard input, archives by member.

    ``passed`` takes those files in folders and archives that are not read as logs and may be expected to be.
    """
    found: list[Source | Unreadable] = []
    for path in paths:
        for one in _named(path, stdin):
            if not isinstance(one, PassedOver):
                found.append(one)
            elif passed is not None:
                passed.append(one)
    return tuple(found)


def _named(path: str, stdin: BinaryIO | None) -> Iterable[Source | Unreadable | PassedOver]:
    if path == "-":
        return (_standard_input(stdin),)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        return _folder(Path(path))
    return _file(Path(path), path)


def _standard_input(stdin: BinaryIO | None) -> Source | Unreadable:
    if stdin is None:
        return Unreadable(path="-", reason="there is no standard input", hint="name a file, or pipe a log in")
    return Source(path="-", opener=lambda: _kept_open(stdin))


def _kept_open(file: BinaryIO) -> Readable:
    head, fault = unpacking.beginning(file)
    return Stream(unpacking.chunked(head, file, fault))


_DOCUMENTS = frozenset({".html", ".json", ".sarif"})


def _is_document(path: Path) -> bool:
    """Whether it holds settings, keys or a report, and no log."""
    if _SETTINGS.fullmatch(path.name):
        return True
    try:
        with path.open("rb") as file:
            return _DOCUMENT.match(file.read(_HEAD).removeprefix(codecs.BOM_UTF8)) is not None
    except OSError:
        return False  # reading it will say why


def _folder(folder: Path) -> Iterator[Source | Unreadable | PassedOver]:
    refused: list[Unreadable] = []

    def refuse(error: OSError) -> None:
        refused.append(Unreadable(path=str(error.filename), reason=why(error), hint=hint(error)))

    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith(".") or not path.is_file():
                continue
            if path.suffix.lower() in archives.NO_LOGS:
                yield from archives.passed_over(path, str(path))
            elif path.suffix.lower() in _DOCUMENTS and _is_document(path):
                yield PassedOver(path=str(path), reason="they hold settings, keys or reports")
            else:
                yield from _file(path, str(path))
    yield from sorted(refused, key=lambda one: one.path)


def _file(path: Path, name: str) -> Iterator[Source | Unreadable | PassedOver]:
    try:
        status = path.stat()
        archive = False
        if stat.S_ISREG(status.st_mode):  # what a pipe gives is gone once it is read
            with path.open("rb") as file:
                archive = file.read(4) in {ZIP, archives.EMPTY}
    except (OSError, ValueError) as error:
        yield Unreadable(path=name, reason=why(error), hint=hint(error))
        return
    if archive:
        yield from archives.members(path, name)
    else:
        regular = path if stat.S_ISREG(status.st_mode) else None
        yield Source(path=name, size=status.st_size, opener=lambda: path.open("rb"), file=regular)
