"""Records printed as blocks of named values: OpenTelemetry's console exporter, Event Viewer's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from authlens.model import Record
from authlens.reading import timestamps
from authlens.reading.formats import jsonl
from authlens.reading.formats.base import Draft, Place, decoded, level, number, plain_text, record, request_id, within
from authlens.reading.formats.xml import event_body
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
FORMATS = {"otel-console": b"LogRecord.Timestamp:", "windows-event-text": b"Log Name:"}


@dataclass(frozen=True, slots=True)
class Blocks:
    """A record is from the line with the block's first name to the next."""

    name: str
    limit: int = LIMIT
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = re.compile(rb"\nLog")
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line names the first value of a block."""
        return data.startswith(FORMATS[self.name], begin, end)

    def divide(self, run: Run) -> Iterable[Run]:
        """One record."""
        return (run,)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the values."""
        text, broken = decoded(run.data)
        text = plain_text(text).replace("\r\n", "\n")
        known = text.startswith(FORMATS[self.name].decode())
        draft = _READERS[self.name](text, place) if known else Draft(text=text.strip())
        draft.text = draft.text.strip()
        draft.request_id = draft.request_id or request_id(draft.text[:2048])
        return record(draft, run, place), broken


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
    message = members.get("FormattedMessage") or jsonl.filled(members.get("Body", ""), attributes)
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


# --------------------------------------------------------------------------- Event Viewer

_NAMED = re.compile(
    r"^(Log Name|Source|Date|Event ID|Task Category|Level|Keywords|User|Computer|Description): *", re.MULTILINE
)


def _viewer(text: str, place: Place) -> Draft:
    members: dict[str, str] = {}
    for name, value in _parts(_NAMED, text):
        members.setdefault(name, value.strip())
    description = text.find("\nDescription:")
    draft = Draft(level=level(members.get("Level")), host=members.get("Computer") or None)
    draft.time, draft.time_assumed = timestamps.parse(members.get("Date", ""), place.zone)
    draft.event_id = number(members.get("Event ID", ""))
    event_body(
        draft, text[description + 14 :].split("\nEvent Xml:", maxsplit=1)[0].strip() if description >= 0 else text
    )
    return draft


_READERS: dict[str, Callable[[str, Place], Draft]] = {"otel-console": _otel, "windows-event-text": _viewer}
