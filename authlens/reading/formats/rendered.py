"""The text of an event that was logged as an object: its message with the template's holes filled, and its exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from authlens.reading import needles, timestamps
from authlens.reading.formats.base import plain_text
from authlens.reading.formats.json_text import parse

TEMPLATE = ("@mt", "MessageTemplate", "messageTemplate", "{OriginalFormat}")
MESSAGE = ("@m", "RenderedMessage", "Message", "message", "msg", "full_message", "short_message", "FormattedMessage", "OuterMessage", "outerMessage", "Content", "content", "body", "@message", "Text", "text", "Msg", "MESSAGE", "logMessage", "log_message", "log.message", "event.original")  # fmt: skip
EXCEPTION = ("@x", "Exception", "exception", "exceptions", "error", "ex", "exc_info", "stack_trace", "stackTrace", "StackTrace", "Stacktrace", "error.stack_trace", "exception.stacktrace")  # fmt: skip
_QUOTED = 256 * 1024
_VALUES = 100


def first_of(value: Mapping[str, Any], names: Iterable[str]) -> Any:
    """What the first of several members says that is there and not empty."""
    return next((value[name] for name in names if value.get(name) not in (None, "")), None)


def as_text(value: Any) -> str | None:
    """A text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def rendered_text(value: Mapping[str, Any], flat: Mapping[str, Any]) -> str:
    """The message and the exception; ``flat``: the members and properties that fill a template's holes."""
    message = message_of(value, flat)
    exception = _thrown(value)
    parts = [message]
    if exception and exception not in message:
        parts.append(exception)
    text = plain_text("\n".join(p for p in parts if p)).replace("\r\n", "\n")
    if not needles.hit(text.encode(errors="replace")):
        text = "\n".join([text, *_leaves_with_hits(value)])
    return text.strip()


def _thrown(value: Mapping[str, Any]) -> str:
    if "ExceptionType" in value or "outerMessage" in value or "OuterMessage" in value:
        return _of_insights(value)
    thrown = first_of(value, EXCEPTION)
    if not isinstance(thrown, dict):
        kind_, said = first_of(value, _TYPES), first_of(value, _TEXTS)
        if isinstance(kind_, str) and isinstance(said, str):
            return _exception_object({"type": kind_, "message": said, "stack": _exception(thrown)}, 0)
    return _exception(thrown if thrown is not None else _shaped_exception(value))


_TYPES = ("errorType", "exceptionType", "exception.type", "error.type")
_TEXTS = ("errorMessage", "exceptionMessage", "exception.message", "error.message")
"""An exception whose type and text are members of the record itself, as AWS Lambda and ASP.NET Web API write them."""


_PRINTED = re.compile(r"[A-Za-z_][\w.+`]{0,300}Exception(?:: | \()")
_THROWN = re.compile(r"exception|error|thrown|failure", re.IGNORECASE)


def _shaped_exception(value: Mapping[str, Any]) -> Any:
    """The exception in a layout of the user's own: printed, or an object of its parts."""
    printed = [v for v in value.values() if isinstance(v, str) and _PRINTED.match(v)]
    if printed:
        return max(printed, key=len)
    return next((v for k, v in value.items() if isinstance(v, dict) and _THROWN.search(k)), None)


def _of_insights(value: Mapping[str, Any]) -> str:
    """Application Insights keeps the chain of exceptions as a list in a string, and the stacks as objects."""
    details = first_of(value, ("Details", "details"))
    chain = parse(details) if isinstance(details, str) else details
    if isinstance(chain, list) and any(isinstance(e, dict) and e.get("message") for e in chain):
        return "\n ---> ".join(_of_chain(e) for e in chain if isinstance(e, dict))
    outer = first_of(value, ("OuterMessage", "outerMessage")) or ""
    kind_ = first_of(value, ("OuterType", "outerType", "ExceptionType", "type")) or ""
    inner = first_of(value, ("InnermostMessage", "innermostMessage"))
    kind_inner = first_of(value, ("InnermostType", "innermostType")) or ""
    nested = f"\n ---> {kind_inner}: {inner}" if inner and inner != outer else ""
    return f"{kind_}: {outer}{nested}"


def _of_chain(entry: Mapping[str, Any]) -> str:
    stack = entry.get("parsedStack")
    frames = [f"\n   at {f.get('method')}()" for f in stack if isinstance(f, dict)] if isinstance(stack, list) else []
    return f"{entry.get('type', '')}: {entry.get('message', '')}" + "".join(frames)


def message_of(value: Mapping[str, Any], flat: Mapping[str, Any]) -> str:
    """The message alone."""
    template = as_text(first_of(value, TEMPLATE))
    rendered = as_text(first_of(value, MESSAGE))
    if "ExceptionType" in value or rendered is None:
        rendered = as_text(flat.get("FormattedMessage")) or (None if "ExceptionType" in value else rendered)
    if template is None and rendered is None and "ExceptionType" not in value:
        rendered = _shaped_message(value) or _nested_message(value)
    if template is not None and (rendered is None or "RenderedMessage" in value):
        return filled(template, flat, value.get("@r"))
    if rendered is not None and "@m" in value:
        return _unquoted(rendered, flat)
    return rendered or ""


def _shaped_message(value: Mapping[str, Any]) -> str:
    """The message in a layout of the user's own: the first text of several words."""
    texts = (v for v in value.values() if isinstance(v, str) and " " in v.strip() and not _PRINTED.match(v))
    return next((t for t in texts if len(t) > _LONGEST_TIME or timestamps.parse(t)[0] is None), "")


def _nested_message(value: Mapping[str, Any]) -> str:
    """The message of a layout that keeps it, and what belongs to it, in an object of its own."""
    inner = (v for k, v in value.items() if isinstance(v, dict) and not _THROWN.search(k))
    return next((text for v in inner if (text := as_text(first_of(v, MESSAGE)))), "")


_LONGEST_TIME = 40


_FILLED = 1024 * 1024
"""Holes are filled with about so many characters; what is behind stays as it was written."""
_HOLE = re.compile(r"\{\{|\}\}|\{[@$]?([A-Za-z0-9_.-]{1,128})(?:,-?\d{1,4})?(:[^{}]{1,64})?\}")


def filled(template: str, values: Mapping[str, Any], renderings: Any = None) -> str:
    """A message template with its holes filled."""
    formatted = iter(renderings if isinstance(renderings, list) else ())
    room = _FILLED

    def fill(match: re.Match[str]) -> str:
        nonlocal room
        if match[1] is None:
            return match.group()[0]
        if room <= 0:
            return match.group()
        text = next(formatted, None) if match[2] is not None else None
        if text is None:
            text = _shown(values[match[1]]) if match[1] in values else match.group()
        room -= len(str(text))
        return str(text)

    return _HOLE.sub(fill, template)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def _unquoted(text: str, values: Mapping[str, Any]) -> str:
    """Serilog renders strings in quotes; the values themselves tell which quotes are its own."""
    if '"' not in text or len(text) > _QUOTED:
        return text
    for value in islice(values.values(), _VALUES):
        if isinstance(value, str) and value:
            text = text.replace('"' + value.replace('"', '\\"') + '"', value)
    return text


def _exception(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 16:
        return ""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return "\n".join(value)
    if isinstance(value, list):
        return "\n ---> ".join(t for t in (_exception(v, depth + 1) for v in value) if t)
    return _exception_object(value, depth) if isinstance(value, dict) else ""


def _exception_object(value: Mapping[str, Any], depth: int) -> str:
    if isinstance(value.get("values"), list):  # as Sentry writes a chain
        return _exception(value["values"], depth + 1)
    stack = as_text(
        first_of(value, ("stack_trace", "StackTrace", "StackTraceString", "stackTrace", "stacktrace", "stack"))
    )
    kind_ = as_text(first_of(value, ("ClassName", "Type", "type", "errorType", "kind", "exception.type"))) or ""
    message = as_text(first_of(value, ("Message", "message", "errorMessage", "exception.message", "value"))) or ""
    head = f"{kind_}: {message}" if kind_ and message else kind_ or message
    if stack and (_PRINTED.match(stack) or (message and message in stack)):
        head = ""
    inner = value.get("InnerException", value.get("innerException", value.get("inner_exception")))
    nested = _exception(inner, depth + 1) if inner else ""
    return "\n".join(p for p in (head, f" ---> {nested}" if nested else "", stack or "") if p)


def _leaves_with_hits(value: Any) -> Iterator[str]:
    """Strings anywhere in the object that a hit stands in."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and needles.hit(item.encode(errors="replace")):
            yield item
