"""Finds out from its beginning how a source is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice, pairwise

from authlens.errors import UsageError
from authlens.model import Layout
from authlens.reading import envelopes, needles, timestamps
from authlens.reading.formats import blocks, event, heads, json_text, jsonl, learn, registry, shapes, xml
from authlens.reading.formats.base import LINE, plain
from authlens.reading.runs import Piece, Run, Sheaf

HEAD = 256 * 1024
"""So many bytes of the beginning are enough to decide."""
_LINES = 4000
_DEPTH = 5
_PASTE = 64 * 1024
_SAMPLE = 32 * 1024
_STREAMS = 6
_UNKNOWN = frozenset({"unknown", "paste"})
_BOM = b"\xef\xbb\xbf"


def names() -> tuple[str, ...]:
    """The formats that may be forced."""
    known = {h.name for h in heads.HEADS} | event.FORMATS | jsonl.INDENTED | set(xml.FORMATS) | set(blocks.FORMATS)
    return tuple(sorted(known | {"serilog-text", "text", "paste", "unknown"}))


def sniff(data: bytes, path: str, forced: str | None = None, later: Iterable[bytes] = ()) -> Layout:
    """Decide a layout from the first 256 KiB or so, as UTF-8, and from samples of what follows.

    ``path`` serves messages only: a name proves nothing. ``forced`` is the innermost format; envelopes are found
    all the same. ``later`` are stretches from further on: another logger may take over, or begin late.

    Raises:
        UsageError: ``forced`` names no format.
    """
    if forced is not None and forced not in names():
        raise UsageError(f"{path}: there is no format {forced!r}", hint=f"one of: {', '.join(names())}")
    head = data.lstrip(b"\x00")[:HEAD]
    layout = _sniff(head.removeprefix(_BOM), _DEPTH, partial=len(data) >= HEAD)
    for sample in (*samples(data), *later):
        layout = _with_later(layout, sample)
    if forced is None or layout.format == forced:
        return layout
    shaped = forced in {"serilog-text", "text"} and layout.head is not None
    return replace(layout, format=forced, head=layout.head if shaped else None, why="as the user says")


def samples(data: bytes) -> Iterator[bytes]:
    """Stretches of what lies behind the beginning, evenly spread, the last of them at the end."""
    step = max(_SAMPLE, (len(data) - HEAD) // _SAMPLES)
    for end in range(len(data), HEAD + _SAMPLE // 2, -step):
        yield data[max(HEAD, end - _SAMPLE) : end]


_SAMPLES = 12


def _with_later(layout: Layout, sample: bytes) -> Layout:
    """With what writes records in a stretch from further on, and did not at the beginning."""
    if not _mixes(layout) or any(envelopes.of(name, layout.prefix).whole for name in layout.envelopes):
        return layout
    whole = sample[sample.find(b"\n") + 1 : sample.rfind(b"\n") + 1]
    streams: list[Run | Sheaf] = [Run(whole, (Piece(0, 0, 1),))]
    for name in layout.envelopes:
        streams = [inner for run in streams for inner in envelopes.of(name, layout.prefix).peel(run).values()]
    for run in sorted(streams, key=_promise, reverse=True)[:_STREAMS]:
        layout = _with_stretch(layout, run.data)
    return layout


def _with_stretch(layout: Layout, data: bytes) -> Layout:
    lines = [line[:LINE].rstrip(b"\r") for line in plain(data).split(b"\n")[:_LINES]]
    known = sum(_begins(layout, line) for line in lines)
    layout = _dated(_with_others(layout, lines, known), lines)
    if known * 20 >= len(lines):
        return layout
    other = _sniff(data, 0, partial=True)
    if not _mixes(other) or other.format in _UNKNOWN:
        return layout
    begun = sum(_begins(other, line) and not _begins(layout, line) for line in lines)
    return _merged(layout, other) if begun >= max(_ENOUGH, 5 * known) else layout


_ENOUGH = 5
"""So many records that another logger began are no accident."""


def _begins(layout: Layout, line: bytes) -> bool:
    return bool(line) and registry.of(layout).starts(line, 0, len(line))


def _sniff(head: bytes, depth: int, *, partial: bool) -> Layout:
    start = head.lstrip(b" \t\r\n\x1e\x00")[:1]
    tries = (_octets, _json, _document, _xml, _csv, _lines_in_envelopes, _prefixed) if depth else (_json, _xml)
    if start:
        for attempt in tries:
            found = attempt(head, depth, partial=partial)
            if found is not None:
                return found
    return _text(head, partial=partial)


# --------------------------------------------------------------------------- envelopes


def _wrapped(name: str, head: bytes, depth: int, why: str, *, partial: bool, prefix: str | None = None) -> Layout:
    """The layout of what an envelope holds, with the envelope around it."""
    envelope = envelopes.of(name, prefix)
    whole = head if envelope.whole or not partial else head[: head.rfind(b"\n") + 1] or head
    streams = envelope.peel(Run(whole, (Piece(0, 0, 1),)))
    around = ("reversed", name) if _backwards(streams) else (name,)
    if len(around) > 1:
        streams = {key: _turned(run) for key, run in streams.items()}
    ranked = sorted(streams.values(), key=_promise, reverse=True)[:_STREAMS]
    found = [_sniff(run.data, depth - 1, partial=partial) for run in ranked] or [Layout(format="unknown")]
    known = [layout for layout in found if layout.format not in _UNKNOWN]
    inner = known[0] if known else replace(found[0], format="unknown")
    for other in known[1:]:
        if other.envelopes == inner.envelopes and _mixes(other) and _mixes(inner):
            inner = _merged(inner, other)
    return replace(inner, envelopes=around + inner.envelopes, prefix=prefix or inner.prefix, why=f"{why}; {inner.why}")


def _mixes(layout: Layout) -> bool:
    """Whether its records begin at the beginnings of lines, also where another logger's stand between."""
    return not registry.of(layout).whole


def _promise(run: Run | Sheaf) -> tuple[bool, bool, int]:
    return needles.hit(run.data), needles.authentication(run.data), len(run.data)


def _backwards(streams: Mapping[str, Run | Sheaf]) -> bool:
    """Whether the newest comes first."""
    beginnings = [run.slice(0, min(len(run.data), _SAMPLE)).pieces[:_MOMENTS] for run in streams.values()]
    stamps = ([p.note.stamp for p in pieces if p.note and p.note.stamp] for pieces in beginnings)
    return _fall([timestamps.parse(stamp)[0] for stamp in stream] for stream in stamps)


_MOMENTS = 300


def _fall(streams: Iterable[Iterable[datetime | None]]) -> bool:
    """Whether the times of streams fall, but for few."""
    rises = falls = 0
    for moments in streams:
        pairs = list(pairwise([m for m in moments if m is not None]))
        rises += sum(a < b for a, b in pairs)
        falls += sum(a > b for a, b in pairs)
    return falls > 2 and falls > 3 * rises


def _turned(run: Run | Sheaf) -> Run:
    lines = run.data.split(b"\n")
    return Run(b"\n".join(reversed(lines[:-1])) + b"\n", (Piece(0, 0, 1),))


def _octets(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    match = re.match(rb"(\d{1,7}) <\d{1,3}>1 ", head)
    if match is None:
        return None
    end = match.end(1) + 1 + int(match[1])
    if end >= len(head) or head[end : end + 1] in b"\r\n":
        return None  # a frame a line: the line reader will do
    return _wrapped("octets", head, depth, "syslog frames with their length in front", partial=partial)


def _csv(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    first = head.split(b"\n", 1)[0].decode(errors="replace").strip("\r\ufeff ")
    delimiter = max(",;\t", key=first.count)
    if first.count(delimiter) < 1 or len(first) > 8192:
        return None
    cells = {c.strip().lower() for c in envelopes.cells(first, delimiter)}
    if len(cells) < 2 or not all(map(_COLUMN.fullmatch, cells)):
        return None
    if not (cells & _TEXT_COLUMNS and cells & _OTHER_COLUMNS) and not _has_unnamed_text(head, delimiter):
        return None
    return _wrapped("csv", head, depth, "a table with a header", partial=partial)


def _has_unnamed_text(head: bytes, delimiter: str) -> bool:
    """Whether the rows of a table have a cell more than its header, and one of theirs is a time."""
    first, *others = [
        envelopes.cells(head[begin:end].decode(errors="replace"), delimiter)
        for begin, end in islice(envelopes.rows(head), _ROWS)
    ]
    longer = [row for row in others if len(row) == len(first) + 1]
    timed = any(timestamps.parse(cell)[0] for row in longer[:1] for cell in row[:-1])
    return timed and len(longer) * 2 > len(others)


_ROWS = 50
_TEXT_COLUMNS = frozenset({"message", "@message", "logmessage", "log_s", "resultdescription", "_raw", "outermessage", "innermostmessage", "renderedmessage", "line", "log", "content", "textpayload", "msg", "text", "description"})  # fmt: skip
_COLUMN = re.compile(r"[\w@.$#\[\] ()/-]{0,80}")
_OTHER_COLUMNS = frozenset({"timestamp", "@timestamp", "timestamp [utc]", "timegenerated", "timegenerated [utc]", "time", "date", "_time", "timecreated", "date and time", "datetime", "logged", "level", "loglevel", "severity", "severitylevel", "logger", "exception", "messagetemplate"})  # fmt: skip


def _lines_in_envelopes(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    lines = [line for line in plain(head).split(b"\n")[:_LINES] if line.strip()]
    lines = lines[:-1] if partial and len(lines) > 1 else lines
    for name in envelopes.BY_LINE:
        envelope = envelopes.of(name)
        share = sum(envelope.starts(line, 0, len(line)) for line in lines) / max(1, len(lines))
        begun = name in envelopes.ENTRIES or share >= 0.5 or envelope.starts(lines[0], 0, len(lines[0]))
        if share < _SHARES.get(name, 0.8) or not begun:
            continue
        layout = _wrapped(name, head, depth, f"{share:.0%} of the lines are {name} lines", partial=partial)
        if layout.format not in _UNKNOWN or name in _SURE:
            return layout
    return None


def _prefixed(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    """Lines that all stand behind something alike, whatever printed it."""
    lines = [line[:LINE].decode(errors="replace") for line in plain(head).split(b"\n")[:_LINES] if line.strip()]
    pattern = learn.prefix(lines[:-1] if partial and len(lines) > 1 else lines)
    if pattern is None:
        return None
    layout = _wrapped("prefix", head, depth, "lines stand behind what is alike", partial=partial, prefix=pattern)
    return layout if layout.format not in _UNKNOWN and layout.envelopes.count("prefix") == 1 else None


_SHARES = {
    "journald-export": 0.02,
    "journald-verbose": 0.02,
    "cri-tag": 0.95,
    "cri": 0.5,
    "syslog-5424": 0.05,
    "syslog": 0.3,
    "docker-desktop": 0.45,
}
_SURE = frozenset({"cri", "journald-export", "journald-verbose", "syslog-5424", "syslog", "logcli", "kubectl"})


# --------------------------------------------------------------------------- JSON


def _json(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    """Objects, one a line."""
    around: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    objects = []
    lines = head.split(b"\n")[:_LINES]
    for line in lines[:-1] if partial and len(lines) > 1 else lines:
        value = json_text.line(line)
        if value:
            objects.append(value)
            around[envelopes.of_object(value) or ""] += 1
            kinds[event.kind(value)] += 1
    filled = sum(1 for line in lines if line.strip())
    if not objects or (len(objects) * 5 < filled and not _is_object(lines)):
        return None
    kind, count = kinds.most_common(1)[0]
    name = _envelope(around)
    if name is None and kind == "json" and sum(map(envelopes.is_container, objects)) * 2 > len(objects):
        return None  # a document, or several
    name = name or (_message_envelope(objects, kinds) if depth else None)
    if name is not None and depth:
        layout = _wrapped(name, head, depth, f"lines are {name} objects", partial=partial)
        if layout.format not in _UNKNOWN or not _whole_events(objects):
            return layout
        kind = "json"
    if kind == "json" and not any(map(event.is_event, objects[:_FEW])) and _behind_heads(lines, len(objects)):
        return None
    backwards = depth > 0 and _fall([map(event.moment, objects[:_MOMENTS])])
    why = f"{count} lines are JSON objects of this form{', the newest first' if backwards else ''}"
    layout = Layout(format=kind, envelopes=("reversed",) if backwards else (), why=why)
    return _with_others(layout, [line[:LINE].rstrip(b"\r") for line in plain(head).split(b"\n")[:_LINES]], count)


_FEW = 20


def _is_object(lines: list[bytes]) -> bool:
    """Whether the first line is all of an object, so that what follows is no rest of one."""
    first = next((line for line in lines if line.strip()), b"")
    return first.startswith(b"{") and json_text.line(first) is not None


def _whole_events(objects: list[dict[str, object]]) -> bool:
    """Whether an object holds all that was logged at once: several lines in one text."""
    texts = (v.rstrip("\r\n") for o in objects for v in o.values() if isinstance(v, str))
    return any("\n" in text for text in texts)


def _behind_heads(lines: list[bytes], objects: int) -> bool:
    """Whether the objects are the properties of events whose heads are text."""
    shape, alike = shapes.common([line[:LINE] for line in lines if not line.startswith(b"{")])
    return shape is not None and alike * 5 >= objects * 4


def _envelope(around: Counter[str]) -> str | None:
    doubtful = around.pop("docker-json?", 0)
    if doubtful:
        around["docker-json" if around["docker-json"] else "fluent"] += doubtful
    name, count = max(around.items(), key=lambda item: item[1])
    return name or None if count else None


def _message_envelope(objects: list[dict[str, object]], kinds: Counter[str]) -> str | None:
    """``json-message`` where the objects' messages are lines of a log in turn."""
    if kinds.most_common(1)[0][0] not in {"json", "nlog-json", "ecs", "appinsights-json"}:
        return None
    texts = [next(iter(envelopes.of("json-message").peel(_single(o)).values())).data for o in objects[:_MESSAGES]]
    layout = _text(b"".join(texts), partial=True)
    form = registry.of(layout)
    heads = sum(isinstance(json_text.parse(t), dict) for t in texts)
    if layout.format not in _UNKNOWN:
        heads += sum(form.starts(t, 0, len(t) - 1) for t in texts)
    frames = any(_FRAME.match(t) for t in texts)
    return "json-message" if heads and (heads * 4 >= len(texts) or frames) else None


_MESSAGES = 400
_FRAME = re.compile(rb"[ \t]{1,12}at [A-Za-z_<]")


def _single(value: dict[str, object]) -> Run:
    return Run(json_text.written(value), (Piece(0, 0, 1),))


def _document(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    """An array, or an object over several lines."""
    start = head.lstrip(b" \t\r\n\x1e\x00")
    if partial and start[:1] in {b"[", b"{"}:
        head = start = json_text.closed(start)
    if re.match(rb"\[\s*[\[{\]\"]", start):
        return _wrapped("json-document", head, depth, "a JSON array", partial=partial)
    if not re.match(rb"\{\s*\"", start):
        return None
    indented = re.match(rb"\{\s*\n", start) is not None
    value, end = json_text.first(start)
    if end and start[end : end + 256].lstrip(b" \t\r\n\x1e\x00,")[:1] not in {b"", b"{", b"["}:
        return None  # text follows: another logger's
    if indented and isinstance(value, dict) and envelopes.of_object(value) is None and event.kind(value) != "json":
        return Layout(format=f"{event.kind(value)}-indented", why="JSON objects over several lines")
    if isinstance(value, dict) or envelopes.holds_list(start):
        return _wrapped("json-document", head, depth, "a JSON document", partial=partial)
    return None


# --------------------------------------------------------------------------- XML


def _xml(head: bytes, _depth: int, *, partial: bool) -> Layout | None:
    del partial
    if not head.lstrip().startswith(b"<"):
        return None
    for name, element in xml.FORMATS.items():
        if re.search(rb"<" + re.escape(element.encode()) + rb"[\s>]", head[:65536]):
            return Layout(format=name, why="XML events")
    own = xml.repeated(head)
    return Layout(format=xml.OWN, head=own, why=f"XML events, each in {own}") if own else None


# --------------------------------------------------------------------------- text


def _text(head: bytes, *, partial: bool) -> Layout:
    lines = [line[:LINE].rstrip(b"\r") for line in plain(head).split(b"\n")[:_LINES]]
    for name, mark in blocks.FORMATS.items():
        if any(line.startswith(mark) for line in lines):
            return Layout(format=name, why="blocks of named values")
    layout = _known_text(head, lines, partial=partial)
    learned = learn.better(layout, lines)
    return _dated(layout if learned is None else _taught(layout, *learned, lines), lines)


def _taught(layout: Layout, taught: Layout, read: int, lines: list[bytes]) -> Layout:
    """With what telling lines taught; ``read``: so many of them the layout reads without it."""
    if layout.format in _UNKNOWN:
        return _with_others(taught, lines, len(lines))
    return _merged(taught, layout) if read or layout.format not in registry.INFERRED else taught


def _dated(layout: Layout, lines: list[bytes]) -> Layout:
    """With the order of day and month in the heads' dates."""
    head = layout.head
    if layout.format == xml.OWN or head is None or "(?P<ts>" not in head:
        return layout
    first = f"(?P<{heads.DAY_FIRST}>"
    if first not in head and not shapes.day_first(line.decode(errors="replace") for line in lines):
        return layout
    return replace(layout, head=head.replace("(?P<ts>", first))


def _known_text(head: bytes, lines: list[bytes], *, partial: bool) -> Layout:
    """By the heads that are known, and by times and levels that lines begin with."""
    best, most = None, 0
    for known in heads.HEADS:
        count = sum(1 for line in lines if known.starts(line))
        if count > most:
            best, most = known.name, count
    shape, count = shapes.common(lines)
    if shape is not None and count > most * 1.2:
        return _with_others(_inferred(shapes.timed_behind(shape, lines), count), lines, count)
    if best is not None:
        return _with_others(Layout(format=best, why=f"{most} lines begin like it"), lines, most)
    if not partial and len(head) <= _PASTE:
        return Layout(format="paste", why="no line begins with a time or a level that others share")
    return Layout(format="unknown", why="no line begins with a time or a level that others share")


def _inferred(shape: str, count: int) -> Layout:
    name = "serilog-text" if "P<lvl>" in shape else "text"
    return Layout(format=name, head=shape, why=f"{count} lines begin alike")


def _with_others(main: Layout, lines: list[bytes], count: int) -> Layout:
    """With what else writes whole records into the same log."""
    form = registry.of(main)
    rest = [line for line in lines if line.strip() and not form.starts(line, 0, len(line))]
    enough = max(3, count // 100)
    known = [h.name for h in heads.HEADS if h.name not in _WEAK and sum(map(h.starts, rest)) >= enough]
    objects = Counter(event.kind(v) for v in map(json_text.line, rest) if v and event.is_event(v))
    known += [kind for kind, n in objects.items() if n >= enough]
    known += _indented_objects(lines, enough)
    known += [name for name, tag in xml.FORMATS.items() if sum(_opens(line, tag) for line in rest) >= enough]
    shape, alike = shapes.common(rest)
    layout = main
    for name in [n for n in known if n != main.format][:2]:
        layout = _merged(layout, Layout(format=name, why=f"and {name}"))
    if shape is not None and alike >= enough and not known and "P<lvl>" in shape and re.search(r"P<(?:ts|dmy)>", shape):
        layout = _merged(layout, _inferred(shape, alike))
    return layout


def _indented_objects(lines: list[bytes], enough: int) -> list[str]:
    """The form of objects over several lines, where there are enough of them."""
    begins = [at for at, line in enumerate(lines) if line.rstrip() == b"{"]
    if len(begins) < enough:
        return []
    value, _ = json_text.first(b"\n".join(lines[begins[0] :]))
    return [f"{event.kind(value)}-indented"] if isinstance(value, dict) and event.is_event(value) else []


def _opens(line: bytes, element: str) -> bool:
    return re.match(rb"[ \t]{0,80}<" + re.escape(element.encode()) + rb"[ \t>]", line) is not None


_WEAK = frozenset({"log4net-detail", "mel-debug", "katana-trace"})
"""Heads that a line of a message may look like."""


def _merged(one: Layout, other: Layout) -> Layout:
    """A layout of the records of both."""
    names = dict.fromkeys([*one.format.split("+"), *other.format.split("+")])
    heads = dict.fromkeys(h for layout in (one, other) if layout.head for h in layout.head.split("\n"))
    if one == other or (len(names) == len(one.format.split("+")) and (one.head or "") == "\n".join(heads)):
        return one
    return replace(one, format="+".join(names), head="\n".join(heads) or None, why=f"{one.why}; {other.why}")
