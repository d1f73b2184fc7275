"""The catalogue of codes for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from authlens.catalogue.codes import Entry, Meaning
from authlens.reports.lines import labelled, table, wrap

SCHEMA: Final = "authlens.codes/1"
_COLUMN = 16


def listed(entries: Sequence[Entry], width: int) -> Iterator[str]:
    """One line a code."""
    yield from table([(entry.code, entry.meaning) for entry in entries], width)


def explained(entry: Entry, width: int) -> Iterator[str]:
    """All that is known of one code."""
    kind = "informational" if entry.informational else entry.severity
    yield " · ".join(filter(None, (entry.code, entry.assembly, _span(entry.versions), kind)))
    yield ""
    yield from wrap(entry.meaning, width)
    yield ""
    rows = (
        ("proves", entry.proves),
        ("does not prove", entry.does_not_prove),
        ("causes", ", ".join(entry.causes)),
        ("once was", ", ".join(entry.renumbered_from)),
        ("is now", ", ".join(entry.renumbered_to)),
        ("logged as", ", ".join(entry.levels)),
        *(
            (("look first" if number == 1 else ""), f"{number}. {step}")
            for number, step in enumerate(entry.look_first, 1)
        ),
    )
    for label, text in rows:
        if text:
            yield from labelled(label, text, width, column=_COLUMN)
    for meaning in entry.meanings:
        yield ""
        yield from _meaning(meaning, entry, width)


def _meaning(meaning: Meaning, entry: Entry, width: int) -> Iterator[str]:
    """One text that the code has had."""
    template = " ".join(meaning.template.split())
    yield from labelled(_span(meaning.versions) or "any version", template, width, column=_COLUMN)
    if meaning.says != entry.meaning:
        yield from labelled("  means", meaning.says, width, column=_COLUMN)
    if meaning.exception_types:
        yield from labelled("  thrown as", ", ".join(meaning.exception_types), width, column=_COLUMN)
    hidden = [a.name for a in meaning.arguments if a.visibility and a.visibility[-1].how in {"hidden", "artifact"}]
    if hidden:
        yield from labelled("  may hide", ", ".join(dict.fromkeys(hidden)), width, column=_COLUMN)


def _span(versions: tuple[str, str] | None) -> str:
    if versions is None:
        return ""
    return versions[0] if versions[0] == versions[1] else f"{versions[0]}–{versions[1]}"


def to_json(entries: Sequence[Entry]) -> str:
    """The entries as ``authlens.codes/1``."""
    return json.dumps({"schema": SCHEMA, "codes": [asdict(entry) for entry in entries]}, indent=1) + "\n"
