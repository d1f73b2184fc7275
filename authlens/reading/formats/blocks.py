"""Records printed as blocks of named values: by OpenTelemetry, Event Viewer and PowerShell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from textwrap import dedent

from authlens.model import Record
from authlens.reading import timestamps
from authlens.reading.formats import rendered
from authlens.reading.formats.base import (
    LINE,
    Draft,
    Place,
    decoded,
    level,
    number,
    plain_text,
    record,
    request_id,
    within,
)
from authlens.reading.formats.event_log import event_body
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
# Event Viewer's words for the log, the time, the event's number, its level, the machine and the text.
_VIEWERS = (
    ("Log Name", "Date", "Event ID", "Level", "Computer", "Description"),
    ("Protokollname", "Datum", "Ereignis-ID", "Ebene", "Computer", "Beschreibung"),
    ("Nom du journal", "Date", "ID de l'événement", "Niveau", "Ordinateur", "Description"),
    ("Nombre de registro", "Fecha", "Id. del evento", "Nivel", "Equipo", "Descripción"),
    ("Nome registro", "Data", "ID evento", "Livello", "Computer", "Descrizione"),
    ("Nome do Log", "Data", "Identificação do Evento", "Nível", "Computador", "Descrição"),
    ("Logboeknaam", "Datum", "Gebeurtenis-id", "Niveau", "Computer", "Beschrijving"),
)
FORMATS: dict[str, tuple[bytes, ...]] = {
    "otel-console": (b"LogRecord.Timestamp:",),
    "otel-debug": (b"LogRecord #",),
    "windows-event-text": tuple(f"{words[0]}{blank}:".encode() for words in _VIEWERS for blank in ("", " ", "\u00a0")),
    "powershell-list": tuple(f"TimeCreated{' ' * blanks}:".encode() for blanks in range(1, 10)),
}
"""What a block's first line begins with."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """A record is from the line with the block's first name to the next."""

    name: str
    limit: int = LIMIT
    terminator: bytes = b"\n"
    whole: bool = False

    @property
    def mark(self) -> re.Pattern[bytes]:
        """The line feed before a block's first line."""
        return _before(self.name)

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line names the first value of a block."""
        return data.startswith(FORMATS[self.name], begin, end)

    def divide(self, run: Run) -> Iterable[Run]:
        """One record."""
        return (run,)

    def glance(self, _data: bytes, _begin: int, _end: int, _zone: tzinfo) -> None:
        """The values have to be read."""

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the values."""
        text, broken = decoded(run.data)
        text = plain_text(text).replace("\r\n", "\n")
        known = text[:LINE].encode().startswith(FORMATS[self.name])
        draft = _READERS[self.name](text, place) if known else Draft(text=text.strip())
        draft.text = draft.text.strip()
        draft.request_id = draft.request_id or request_id(draft.text[:2048])
        return record(draft, run, place), broken


@lru_cache
def _before(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\n(?:" + b"|".join(map(re.escape, FORMATS[name])) + rb")")


# --------------------------------------------------------------------------- OpenTelemetry

_MEMBER = re.compile(r"^LogRecord\.(\w{1,64})(?: \(Key:Value\))?: {0,64}", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^ {4}([^:\n]{1,128}): ?", re.MULTILINE)
_SCOPE = re.compile(r"^ {0,4}\[Scope\.\d{1,4}\]:([^:\n]{1,128}): ?", re.MULTILINE)
_END = re.compile(r"^(?:Instrumentation scope \(Logger\):|\nResource associated with LogRecord:)", re.MULTILINE)


def _otel(text: str, place: Place) -> Draft:
    end = _END.search(text)
    body = text[: end.start()] if end else text
    members = dict(_parts(_MEMBER, body))
    attributes = _unindented(_parts(_ATTRIBUTE, "\n" + members.get("Attributes", "")))
    scopes = dict(_parts(_SCOPE, "\n" + members.get("ScopeValues", "")))
    draft = Draft(
        logger=members.get("CategoryName"), level=level(members.get("SeverityText") or members.get("Severity"))
    )
    draft.time, draft.time_assumed = timestamps.parse(members.get("Timestamp", ""), place.zone)
    draft.event_id = number(members.get("EventId", ""))
    draft.trace_id = members.get("TraceId")
    draft.request_id = scopes.get("RequestId") or within(draft.trace_id, members.get("SpanId"))
    draft.scheme = attributes.get("AuthenticationScheme")
    draft.fields = {**scopes, **attributes}
    message = members.get("FormattedMessage") or rendered.filled(members.get("Body", ""), attributes)
    draft.text = "\n".join(p for p in (message, members.get("Exception", "")) if p)
    return draft


def _parts(pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Names and what stands behind each, up to the next."""
    found = list(pattern.finditer(text))
    ends = [*(m.start() for m in found[1:]), len(text)]
    return [(m[1], text[m.end() : end].rstrip("\n")) for m, end in zip(found, ends, strict=False)]


def _unindented(parts: list[tuple[str, str]]) -> dict[str, str]:
    """Attributes by name; a value's own line may look like a name, then the first one stands."""
    values: dict[str, str] = {}
    for name, value in parts:
        values.setdefault(name, value)
    return values


_DEBUG_MEMBER = re.compile(
    r"^(Timestamp|SeverityText|SeverityNumber|Body|Attributes|Trace ID|Span ID|Flags): ?", re.MULTILINE
)
_DEBUG_ATTRIBUTE = re.compile(r"^ {5}-> ([^:\n]{1,128}): ", re.MULTILINE)
_TYPED = re.compile(r"[A-Z][A-Za-z]{0,15}\((?P<value>.*)\)\s*", re.DOTALL)


def _otel_debug(text: str, place: Place) -> Draft:
    """What the collector's debug exporter prints."""
    members = _unindented(_parts(_DEBUG_MEMBER, text))
    attributes = {n: _untyped(v) for n, v in _parts(_DEBUG_ATTRIBUTE, "\n" + members.get("Attributes", ""))}
    draft = Draft(level=level(members.get("SeverityText")), scheme=attributes.get("AuthenticationScheme"))
    draft.time, draft.time_assumed = timestamps.parse(members.get("Timestamp", ""), place.zone)
    draft.trace_id = members.get("Trace ID") or None
    draft.request_id = attributes.get("RequestId") or within(draft.trace_id, members.get("Span ID"))
    draft.fields = attributes
    message = rendered.filled(_untyped(members.get("Body", "")), attributes)
    draft.text = "\n".join(p for p in (message, attributes.get("exception.stacktrace", "")) if p)
    return draft


def _untyped(value: str) -> str:
    match = _TYPED.fullmatch(value)
    return match["value"] if match else value


# --------------------------------------------------------------------------- Windows events

_LABEL = re.compile(r"^([^\W\d_][^:\n]{0,40}?)[ \u00a0]?: *", re.MULTILINE)


def _viewer(text: str, place: Place) -> Draft:
    """What Event Viewer copies as text, in the language of the machine."""
    labels = list(_LABEL.finditer(text))
    log, date, event, grade, computer, description = next(
        (words for words in _VIEWERS if words[0] == labels[0][1]), _VIEWERS[0]
    )
    begins = next((m for m in labels if m[1] == description), None)
    head = text[: begins.start()] if begins else text
    members = {name.replace("\u2019", "'"): value.strip() for name, value in reversed(_parts(_LABEL, head))}
    draft = Draft(level=level(members.get(grade)), host=members.get(computer) or None)
    draft.time, draft.time_assumed = timestamps.parse(
        members.get(date, ""), place.zone, day_first=log != _VIEWERS[0][0]
    )
    draft.event_id = number(members.get(event, ""))
    event_body(draft, text[begins.end() :].split("\nEvent Xml:", maxsplit=1)[0].strip() if begins else text)
    return draft


_LISTED = re.compile(r"^(\w{1,40}) {1,40}: ?", re.MULTILINE)


def _powershell(text: str, place: Place) -> Draft:
    """What ``Get-WinEvent | Format-List`` prints: further lines of a value stand below its first."""
    members = _unindented(_parts(_LISTED, text))
    draft = Draft(level=level(members.get("LevelDisplayName")), host=members.get("MachineName") or None)
    draft.time, draft.time_assumed = timestamps.parse(members.get("TimeCreated", ""), place.zone)
    draft.event_id = number(members.get("Id", ""))
    first, _, further = members.get("Message", "").partition("\n")
    event_body(draft, f"{first}\n{dedent(further)}".strip())
    return draft


_READERS: dict[str, Callable[[str, Place], Draft]] = {
    "otel-console": _otel,
    "otel-debug": _otel_debug,
    "powershell-list": _powershell,
    "windows-event-text": _viewer,
}
