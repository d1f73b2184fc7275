"""Finds out from its beginning how a source is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from authlens.errors import UsageError
from authlens.model import Layout
from authlens.reading import envelopes, needles, timestamps
from authlens.reading.formats import blocks, jsonl, learn, registry, text, xml
from authlens.reading.formats.base import LEVEL_WORDS, LINE, plain
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
    known = {h.name for h in text.HEADS} | jsonl.FORMATS | jsonl.INDENTED | set(xml.FORMATS) | set(blocks.FORMATS)
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
    layout = _sniff(head.removeprefix(_BOM), _DEPTH, partial=len(head) >= HEAD)
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
    layout = _with_others(layout, lines, known)
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
    rises = falls = 0
    for run in streams.values():
        pieces = run.slice(0, min(len(run.data), _SAMPLE)).pieces[:300]
        stamps = [timestamps.parse(p.note.stamp)[0] for p in pieces if p.note and p.note.stamp]
        moments = [s for s in stamps if s is not None]
        pairs = list(pairwise(moments))
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
    if (
        len(cells) < 2
        or not all(map(_COLUMN.fullmatch, cells))
        or not cells & _TEXT_COLUMNS
        or not cells & _OTHER_COLUMNS
    ):
        return None
    return _wrapped("csv", head, depth, "a table with a header", partial=partial)


_TEXT_COLUMNS = frozenset({"message", "@message", "logmessage", "log_s", "resultdescription", "_raw", "outermessage", "innermostmessage", "renderedmessage", "line", "log", "content", "textpayload", "msg", "text", "description"})  # fmt: skip
_COLUMN = re.compile(r"[\w@.$#\[\] ()/-]{0,80}")
_OTHER_COLUMNS = frozenset({"timestamp", "@timestamp", "timestamp [utc]", "timegenerated", "timegenerated [utc]", "time", "date", "_time", "timecreated", "date and time", "datetime", "logged", "level", "loglevel", "severity", "severitylevel", "logger", "exception", "messagetemplate"})  # fmt: skip


def _lines_in_envelopes(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    lines = [line for line in plain(head).split(b"\n")[:_LINES] if line.strip()]
    lines = lines[:-1] if partial and len(lines) > 1 else lines
    for name in envelopes.LINE_PREFIXES:
        envelope = envelopes.of(name)
        share = sum(envelope.starts(line, 0, len(line)) for line in lines) / max(1, len(lines))
        if share < _SHARES.get(name, 0.8) or (share < 0.5 and not envelope.starts(lines[0], 0, len(lines[0]))):
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


_SHARES = {"cri": 0.5, "syslog-5424": 0.05, "syslog": 0.3, "docker-desktop": 0.45}
_SURE = frozenset({"cri", "syslog-5424", "syslog", "logcli", "kubectl"})


# --------------------------------------------------------------------------- JSON


def _json(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    """Objects, one a line."""
    around: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    objects = []
    lines = head.split(b"\n")[:_LINES]
    for line in lines[:-1] if partial and len(lines) > 1 else lines:
        value = jsonl.line(line)
        if value:
            objects.append(value)
            around[envelopes.of_object(value) or ""] += 1
            kinds[jsonl.kind(value)] += 1
    filled = sum(1 for line in lines if line.strip())
    if not objects or (len(objects) * 5 < filled and not _is_object(lines)):
        return None
    kind, count = kinds.most_common(1)[0]
    name = _envelope(around)
    if name is None and kind == "json" and sum(map(_is_list, objects)) * 2 > len(objects):
        return None  # a document, or several
    name = name or (_message_envelope(objects, kinds) if depth else None)
    if name is not None and depth:
        layout = _wrapped(name, head, depth, f"lines are {name} objects", partial=partial)
        if layout.format not in _UNKNOWN or not _whole_events(objects):
            return layout
        kind = "json"
    if kind == "json" and not any(map(jsonl.is_event, objects[:_FEW])) and _behind_heads(lines, len(objects)):
        return None
    layout = Layout(format=kind, why=f"{count} lines are JSON objects of this form")
    return _with_others(layout, [line[:LINE].rstrip(b"\r") for line in plain(head).split(b"\n")[:_LINES]], count)


_FEW = 20


def _is_object(lines: list[bytes]) -> bool:
    """Whether the first line is all of an object, so that what follows is no rest of one."""
    first = next((line for line in lines if line.strip()), b"")
    return first.startswith(b"{") and jsonl.line(first) is not None


def _whole_events(objects: list[dict[str, object]]) -> bool:
    """Whether an object holds all that was logged at once: several lines in one text."""
    texts = (v.rstrip("\r\n") for o in objects for v in o.values() if isinstance(v, str))
    return any("\n" in text for text in texts)


def _behind_heads(lines: list[bytes], objects: int) -> bool:
    """Whether the objects are the properties of events whose heads are text."""
    shape, alike = _shape([line[:LINE] for line in lines if not line.startswith(b"{")])
    return shape is not None and alike * 5 >= objects * 4


def _is_list(value: dict[str, object]) -> bool:
    return envelopes.holds_list(jsonl.written(value))


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
    heads = sum(isinstance(jsonl.parse(t), dict) for t in texts)
    if layout.format not in _UNKNOWN:
        heads += sum(form.starts(t, 0, len(t) - 1) for t in texts)
    frames = any(_FRAME.match(t) for t in texts)
    return "json-message" if heads and (heads * 4 >= len(texts) or frames) else None


_MESSAGES = 400
_FRAME = re.compile(rb"[ \t]{1,12}at [A-Za-z_<]")


def _single(value: dict[str, object]) -> Run:
    return Run(jsonl.written(value), (Piece(0, 0, 1),))


def _document(head: bytes, depth: int, *, partial: bool) -> Layout | None:
    """An array, or an object over several lines."""
    start = head.lstrip(b" \t\r\n\x1e\x00")
    if partial and start[:1] in {b"[", b"{"}:
        head = start = jsonl.closed(start)
    if re.match(rb"\[\s*[\[{\]]", start):
        return _wrapped("json-document", head, depth, "a JSON array", partial=partial)
    if not re.match(rb"\{\s*\"", start):
        return None
    indented = re.match(rb"\{\s*\n", start) is not None
    value, end = jsonl.first(start)
    if end and start[end : end + 256].lstrip(b" \t\r\n\x1e\x00,")[:1] not in {b"", b"{", b"["}:
        return None  # text follows: another logger's
    if indented and isinstance(value, dict) and envelopes.of_object(value) is None and jsonl.kind(value) != "json":
        return Layout(format=f"{jsonl.kind(value)}-indented", why="JSON objects over several lines")
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
    if learned is None:
        return layout
    taught, read = learned
    if layout.format in _UNKNOWN:
        return _with_others(taught, lines, len(lines))
    return _merged(taught, layout) if read or layout.format not in registry.INFERRED else taught


def _known_text(head: bytes, lines: list[bytes], *, partial: bool) -> Layout:
    """By the heads that are known, and by times and levels that lines begin with."""
    best, most = None, 0
    for known in text.HEADS:
        count = sum(1 for line in lines if known.starts(line))
        if count > most:
            best, most = known.name, count
    shape, count = _shape(lines)
    if shape is not None and count > most * 1.2:
        return _with_others(_inferred(_timed_behind(shape, lines), count), lines, count)
    if best is not None:
        return _with_others(Layout(format=best, why=f"{most} lines begin like it"), lines, most)
    if not partial and len(head) <= _PASTE:
        return Layout(format="paste", why="no line begins with a time or a level that others share")
    return Layout(format="unknown", why="no line begins with a time or a level that others share")


def _timed_behind(shape: str, lines: list[bytes]) -> str:
    """The head of a layout; where it has no date and most of its lines end with one, that is noted in it."""
    if "P<ts>" in shape or "P<dmy>" in shape:
        return shape
    starts = re.compile(shape.encode())
    heads = [line[-LINE:].decode(errors="replace") for line in lines if starts.match(line)]
    behind = sum(text.TRAILING_TIME.search(line) is not None for line in heads)
    return f"{shape}(?P<tail>)" if behind * 2 > len(heads) else shape


def _inferred(shape: str, count: int) -> Layout:
    name = "serilog-text" if _SERILOG.search(shape) else "text"
    return Layout(format=name, head=shape, why=f"{count} lines begin alike")


def _with_others(main: Layout, lines: list[bytes], count: int) -> Layout:
    """With what else writes whole records into the same log."""
    form = registry.of(main)
    rest = [line for line in lines if line.strip() and not form.starts(line, 0, len(line))]
    enough = max(3, count // 100)
    known = [h.name for h in text.HEADS if h.name not in _WEAK and sum(map(h.starts, rest)) >= enough]
    objects = Counter(jsonl.kind(v) for v in map(jsonl.line, rest) if v and jsonl.is_event(v))
    known += [kind for kind, n in objects.items() if n >= enough]
    known += _indented_objects(lines, enough)
    known += [name for name, tag in xml.FORMATS.items() if sum(_opens(line, tag) for line in rest) >= enough]
    shape, alike = _shape(rest)
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
    value, _ = jsonl.first(b"\n".join(lines[begins[0] :]))
    return [f"{jsonl.kind(value)}-indented"] if isinstance(value, dict) and jsonl.is_event(value) else []


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


_LEVEL = rf"(?i:{LEVEL_WORDS})"
_LEVEL_COLUMN = re.compile(rf"(?<![A-Za-z0-9])({_LEVEL})(?![A-Za-z0-9=])")
_TIMES = [(kind, re.compile(timestamps.pattern(kind))) for kind in timestamps.KINDS if kind != "epoch"]
_BEFORE = re.compile(
    rf"(?:<\d{{1,3}}>)?[\[(<|{{\"' ]{{0,3}}(?:(?P<lvl>{_LEVEL})(?![A-Za-z0-9])[\])>|: ]{{0,4}}[\[(<|: -]{{0,4}})?"
)
_PUNCTUATION = re.compile(r"[^A-Za-z0-9]{0,8}")
_SERILOG = re.compile(r"P<lvl>")


def _shape(lines: list[bytes]) -> tuple[str | None, int]:
    """The pattern that most heads share, and how many do."""
    counts: Counter[str] = Counter()
    first: str | None = None
    day_first = False
    for raw in lines:
        line = raw.decode(errors="replace")
        shape = _head_of(line) if line.strip() else None
        if shape is not None:
            counts[shape] += 1
            day_first = day_first or _day_first(line)
        if first is None and line.strip():
            first = shape or ""
    if not counts:
        return None, 0
    best, count = counts.most_common(1)[0]
    if count == 1 and best != first:
        return None, 0
    return (best.replace("(?P<ts>", "(?P<dmy>") if day_first else best), count


_NUMERIC = re.compile(timestamps.KINDS["numeric"])


def _day_first(line: str) -> bool:
    before = _BEFORE.match(line)
    match = _NUMERIC.match(line, before.end() if before else 0)
    return match is not None and 12 < int(match["a"]) <= 31 and int(match["b"]) <= 12


def _head_of(line: str) -> str | None:
    before = _BEFORE.match(line)
    at = before.end() if before else 0
    for kind, compiled in _TIMES:
        match = compiled.match(line, at)
        if match is not None and not line[match.end() : match.end() + 1].isalnum():
            return _pattern(line, before, kind, match.end())
    if before is not None and before["lvl"] and _is_column(line, before):
        end = before.end("lvl")
        return _literal(line[: before.start("lvl")]) + _named_level() + _literal(line[end : end + 1])
    return None


def _is_column(line: str, before: re.Match[str]) -> bool:
    """Whether a level without a time is a head and not a word of a sentence."""
    follows = line[before.end("lvl") : before.end("lvl") + 1]
    return follows in set("]|)>") if before.start("lvl") > 0 else before["lvl"].isupper() and follows in set("]|: ")


def _pattern(line: str, before: re.Match[str] | None, kind: str, end: int) -> str | None:
    time = rf"(?P<ts>{timestamps.pattern(kind)})"
    follows = line[end : end + 1]
    if before is not None and before["lvl"]:
        lead = _literal(line[: before.start("lvl")]) + _named_level() + r"[^\w\n]{0,8}"
        return lead + time + _literal(follows)
    lead = _literal(line[: before.end() if before else 0])
    level = _LEVEL_COLUMN.search(line, end, end + 100)
    if level is None or not _delimited(line, level):
        return lead + time + _literal(follows) if follows else None
    between = line[end : level.start()]
    middle = _padded(between) if _PUNCTUATION.fullmatch(between) else r"(?P<mid>[^\n]{0,100}?)"
    return lead + time + middle + _named_level() + _behind(line, level.end())


def _delimited(line: str, level: re.Match[str]) -> bool:
    """Whether a level stands in a column of its own."""
    before, after = line[level.start() - 1], line[level.end() : level.end() + 1]
    if before in "[(<|\t{" or after in set("])>|\t}:"):
        return True
    return level[1].isupper() or len(level[1]) in {3, 4}


def _named_level() -> str:
    return rf"(?P<lvl>{_LEVEL})"


def _padded(between: str) -> str:
    """What stands before a level, which may be padded within its brackets."""
    return _literal(between).replace(" +", " *") if between.strip() else _literal(between)


_CLOSING = re.compile(r" {0,12}([\])>}|])")


def _behind(line: str, end: int) -> str:
    """What stands behind a level, which may be padded within its brackets."""
    closing = _CLOSING.match(line, end)
    return f" *{re.escape(closing[1])}" if closing else _literal(line[end : end + 1])


def _literal(words: str) -> str:
    """Taken as it stands, but for the number of blanks."""
    return re.sub(r"(?:\\ )+", " +", re.escape(words))
