"""Finds what there is to read: files, folders, members of archives, standard input."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from authlens.reading import archives, unpacking
from authlens.reading.source import ZIP, Source, Unreadable, hint, why
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file in a folder that is no log, but what authlens reads or writes beside logs."""

    path: str


def find(
    paths: Sequence[str], stdin: BinaryIO | None = None, passed: list[str] | None = None
) -> tuple[Source | Unreadable, ...]:
    """What paths name: files, folders (walked, sorted), ``-`` for standard input, archives by member.

    ``passed`` takes the names of files in folders that hold settings, keys or reports and are no logs.
    """
    found: list[Source | Unreadable] = []
    for path in paths:
        if path == "-":
            found.append(_standard_input(stdin))
        elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            for one in _folder(Path(path)):
                if isinstance(one, PassedOver):
                    (passed if passed is not None else []).append(one.path)
                else:
                    found.append(one)
        else:
            found += _file(Path(path), path)
    return tuple(found)


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
            if name.startswith(".") or path.suffix.lower() in archives.NO_LOGS or not path.is_file():
                continue
            if path.suffix.lower() in _DOCUMENTS and _is_document(path):
                yield PassedOver(path=str(path))
            else:
                yield from _file(path, str(path))
    yield from sorted(refused, key=lambda one: one.path)


def _file(path: Path, name: str) -> Iterator[Source | Unreadable]:
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
