"""The catalogue of codes for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final

from authlens.catalogue.codes import Entry, Meaning
from authlens.catalogue.templates import SLOT, whole
from authlens.diagnosis.causes import CAUSES
from authlens.reports.lines import labelled, table, wrap

SCHEMA: Final = "authlens.codes/1"
_COLUMN = 16


def listed(entries: Sequence[Entry], width: int) -> Iterator[str]:
    """One line a code."""
    yield from table([(entry.code, entry.meaning) for entry in entries], width)


def explained(entries: Sequence[Entry], width: int, *, given: tuple[str, str] | None = None) -> Iterator[str]:
    """All that is known of some codes; ``given`` are the versions that can have written the text asked about."""
    for number, entry in enumerate(entries):
        if number:
            yield from ("", "─" * width, "")
        yield from _explained(entry, width, given if not number else None)


def _explained(entry: Entry, width: int, given: tuple[str, str] | None) -> Iterator[str]:
    kind = "informational" if entry.informational else entry.severity
    yield from wrap(" · ".join(filter(None, (entry.code, entry.assembly, _span(entry.versions), kind))), width)
    yield ""
    yield from wrap(entry.meaning, width)
    yield ""
    steps = [f"{number}. {step}" for number, step in enumerate(entry.look_first, 1)]
    yield from _rows(
        [
            *((("" if number else "look first"), step) for number, step in enumerate(steps)),
            ("proves", entry.proves),
            ("does not prove", entry.does_not_prove),
        ],
        width,
    )
    yield from _causes(entry, width)
    yield from _rows(
        [
            ("once was", ", ".join(entry.renumbered_from)),
            ("is now", ", ".join(entry.renumbered_to)),
            ("logged as", ", ".join(entry.levels)),
            ("given text", f"can be of {_span(given)}" if given else ""),
        ],
        width,
    )
    for span, meaning in _texts(entry.meanings):
        yield ""
        yield from _text(span, meaning, entry, width)


def _rows(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    for label, text in rows:
        if text:
            yield from labelled(label, text, width, column=_COLUMN)


def _causes(entry: Entry, width: int) -> Iterator[str]:
    """The causes with their meaning, and the command that tells which it is."""
    rows = [(cause, CAUSES[cause]) for cause in entry.causes]
    for number, line in enumerate(table(rows, width - _COLUMN)):
        yield f"{'' if number else 'can stand for':<{_COLUMN}}{line}"
    if len(rows) > 1:
        yield from labelled("which of them", "authlens scan LOG --settings appsettings.json", width, column=_COLUMN)


def _texts(meanings: Sequence[Meaning]) -> Iterator[tuple[str, Meaning]]:
    """The texts that the code has had, newest first; those that differ in white space only are one for a person."""
    alike: dict[str, list[Meaning]] = {}
    for meaning in meanings:
        alike.setdefault("".join(meaning.template.split()), []).append(meaning)
    for group in alike.values():
        spans = [meaning.versions for meaning in group if meaning.versions is not None]
        yield _span(whole(spans)) or "any version", group[0]


def _text(span: str, meaning: Meaning, entry: Entry, width: int) -> Iterator[str]:
    """One text that the code has had."""
    names = {argument.number: f"‹{argument.name.replace('_', ' ')}›" for argument in meaning.arguments}
    text = " ".join(_with_names(meaning.template, names).removeprefix(f"{entry.code}:").split())
    yield from labelled(span, text, width, column=_COLUMN)
    hidden = [a.name for a in meaning.arguments if a.visibility and a.visibility[-1].how in {"hidden", "artifact"}]
    yield from _rows(
        [
            ("  means", "" if meaning.says in {entry.meaning, text} else meaning.says),
            ("  thrown as", ", ".join(meaning.exception_types)),
            ("  may hide", ", ".join(dict.fromkeys(hidden))),
        ],
        width,
    )


def _with_names(template: str, names: Mapping[int, str]) -> str:
    """The text with names for what it prints, in place of numbers."""
    return SLOT.sub(lambda m: names.get(int(m[1]), m[0]) if m[1].isdigit() else m[0], template)


def _span(versions: tuple[str, str] | None) -> str:
    if versions is None:
        return ""
    return versions[0] if versions[0] == versions[1] else f"{versions[0]}–{versions[1]}"


def to_json(entries: Sequence[Entry]) -> str:
    """The entries as ``authlens.codes/1``."""
    return json.dumps({"schema": SCHEMA, "codes": [asdict(entry) for entry in entries]}, indent=1) + "\n"
