"""What MEL's event log provider makes of an event: one text, which every export of the Windows event log holds."""

from __future__ import annotations

import re

from authlens.reading.formats.base import CATEGORY, Draft

_EVENT_BODY = re.compile(r"Category: (?P<cat>[^\n]{0,400})\nEventId: (?P<id>-?\d{1,9})\n(?:(?:SpanId|TraceId|ParentId|ConnectionId|RequestId|RequestPath|ActionId|ActionName): ?[^\n]{0,1024}\n){0,12}\s{0,4}")  # fmt: skip
_LOGGER = re.compile(CATEGORY)
_EVENT_FIELD = re.compile(r"^(SpanId|TraceId|ConnectionId|RequestId|RequestPath): ?([^\n]{0,1024})$", re.MULTILINE)


def is_event_body(text: str) -> bool:
    """Whether a text is what the provider makes of an event."""
    return text.startswith("Category: ") and _EVENT_BODY.match(text) is not None


def event_body(draft: Draft, body: str) -> None:
    """What MEL's event log provider writes: the category, the event id, then the message and the exception."""
    body = body.replace("\r\n", "\n")
    match = _EVENT_BODY.match(body)
    if match is None:
        first, _, rest = body.partition("\n")
        if _LOGGER.fullmatch(first.strip()):
            draft.logger, body = first.strip(), rest
        draft.text = body
        return
    draft.logger, draft.event_id = match["cat"], int(match["id"])
    values = dict(_EVENT_FIELD.findall(match.group()))
    draft.fields = {**draft.fields, **values}
    draft.request_id, draft.trace_id = values.get("RequestId"), values.get("TraceId")
    draft.text = re.sub(r"\n\n?Exception: ?\n", "\n", body[match.end() :], count=1)
