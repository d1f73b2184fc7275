"""What stands before each line of a log, or on a line of its own before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from authlens.reading import timestamps
from authlens.reading.envelopes.base import Bundle, ByLine, Payload, gathered, lines
from authlens.reading.formats.base import LEVEL_WORDS, plain, syslog_level
from authlens.reading.runs import Note, Run, Sheaf

_LINE = 1024
"""So many bytes of a line decide whether it is an envelope."""


@dataclass(frozen=True, slots=True)
class Prefix(ByLine):
    """A prefix of each line: the payload is what stands behind it."""

    pattern: re.Pattern[bytes]
    escaped: bool = False
    """``#012`` stands for a line feed, as rsyslog writes it."""
    coloured: bool = False
    """The prefix may be in colour."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line has the prefix."""
        return self._match(data, begin, min(end, begin + _LINE)) is not None

    def _match(self, data: bytes, begin: int, end: int) -> re.Match[bytes] | None:
        if self.coloured and data.find(b"\x1b", begin, min(begin + 16, end)) >= 0:
            return self.pattern.match(plain(data[begin:end]))
        return self.pattern.match(data, begin, end)

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the prefix off each line; a line without one goes on with the line before."""
        run = run.indexed()
        data, partial = run.data, self.pattern.groupindex.get("partial", 0)
        named = _named_groups(self.pattern)
        bundles: dict[str, Bundle] = {}
        by_names: dict[bytes | tuple[bytes, ...], Bundle] = {}
        bundle = None
        for begin, end in lines(data):
            match = self._match(data, begin, min(end, begin + _LINE))
            if match is None:
                bundle = bundle or bundles.setdefault("", Bundle())
                bundle.add(data[begin:end], begin, end)
                continue
            key = match.group(*named) if named else b""
            bundle = by_names.get(key)
            if bundle is None:  # different names may read the same once they are joined
                bundle = by_names[key] = bundles.setdefault(_joined_names(key), Bundle())
            rest = data[match.end() : end] if match.string is data else plain(data[begin:end])[match.end() :]
            rest = self._cleared(rest)
            bundle.add(rest if partial and match[partial] == b"P" else rest + b"\n", begin, end)
        return gathered(run, bundles, self.note)

    def _cleared(self, rest: bytes) -> bytes:
        """A payload without line ends and byte order mark, its escapes undone."""
        rest = rest.rstrip(b"\n").removesuffix(b"\r")
        if not self.escaped:
            return rest
        rest = rest.removeprefix(b"\xef\xbb\xbf")
        if b"#0" in rest:
            return rest.replace(b"#012", b"\n").replace(b"#011", b"\t").replace(b"#033", b"\x1b").replace(b"#015", b"")
        return rest

    def note(self, data: bytes, begin: int, end: int) -> Note:
        """What the prefix says."""
        match = self._match(data, begin, min(end, begin + _LINE))
        if match is None:
            return Note()
        groups = match.groupdict()
        host = groups.get("host")
        stamp = (groups.get("ts") or b"").decode(errors="replace")
        return Note(
            stamp,
            host.decode(errors="replace") if host else None,
            syslog_level(int(groups["pri"])) if groups.get("pri") else None,
        )

    def payload(self, data: bytes, begin: int, end: int) -> Payload | None:
        """What one envelope holds, or None where there is none."""
        match = self._match(data, begin, min(end, begin + _LINE))
        if match is None:
            return None
        named = _named_groups(self.pattern)
        key = match.group(*named) if named else b""
        return Payload(_joined_names(key), self._cleared(data[match.end() : end]), self.note(data, begin, end))


@dataclass(frozen=True, slots=True)
class OwnLine(Prefix):
    """A time on a line of its own before each line."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the lines with the time away."""
        run = run.indexed()
        data = run.data
        heads = [begin for begin, end in lines(data) if self.starts(data, begin, end)]
        bundle = Bundle()
        for begin, end in pairwise(sorted({0, *heads, len(data)})):
            feed = data.find(b"\n", begin, end) + 1 if begin in heads[:1] or self.starts(data, begin, end) else begin
            bundle.add(data[feed or end : end], begin, end)
        return gathered(run, {"": bundle}, self.note)


@lru_cache(maxsize=64)
def _named_groups(pattern: re.Pattern[bytes]) -> tuple[int, ...]:
    """Numbers of the groups that name the stream."""
    return tuple(pattern.groupindex[n] for n in ("host", "tag", "pid", "stream") if n in pattern.groupindex)


@lru_cache(maxsize=4096)
def _joined_names(names: bytes | tuple[bytes | None, ...]) -> str:
    parts = (names,) if isinstance(names, bytes) else names
    return "/".join(p.decode(errors="replace") for p in parts if p)


_ISO = timestamps.pattern("iso")
_RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_PREFIXES = {
    "cri": rf"(?P<ts>{_RFC3339}) (?P<stream>stdout|stderr)(?: (?P<partial>[FP])(?::[^\s:]{{1,32}}){{0,4}})?(?: |$|(?=[\r\n]))",
    "cri-tag": r"(?P<partial>[FP]) ",
    "syslog-5424": r"(?:\d{1,7} )?<(?P<pri>\d{1,3})>1 (?P<ts>\S{1,40}) (?P<host>\S{1,255}) (?P<tag>\S{1,48}) (?P<pid>\S{1,128}) \S{1,32} (?:-|(?:\[(?:[^\]\\\n]|\\.){0,512}\]){1,8})(?: |$|(?=[\r\n]))",
    "syslog": rf"(?:<(?P<pri>\d{{1,3}})>)?(?P<ts>{timestamps.pattern('yearless')}(?: \d{{4}})?|(?:[A-Z][a-z]{{2}} )?\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d| [A-Z]{{3,4}})?|\d{{10}}\.\d{{6}}) (?!(?i:{LEVEL_WORDS}) )(?P<host>[A-Za-z0-9][\w.:-]{{0,254}}) (?P<tag>[\w./@-]{{1,64}})(?:\[(?P<pid>\d{{1,10}})\])?: ",
    "compose": r"(?P<stream>[A-Za-z0-9][\w.@-]{0,120}) {1,40}\| ?",
    "kubectl": r"\[(?P<stream>(?:pod|po)/[\w./-]{1,300})\] ?",
    "stern": r"(?P<stream>[a-z0-9][a-z0-9.-]{0,200}-[a-z0-9]{5} [a-z0-9][a-z0-9-]{0,62})(?: [›>])? ",
    "logcli": rf"(?P<ts>{_RFC3339}) (?P<stream>\{{[^}}\n]{{0,700}}\}})\s",
    "cloudwatch-tail": rf"(?P<ts>{_RFC3339}) (?P<stream>[\w$.-]{{1,200}}/[\w$./\[\]-]{{1,300}}) ",
    "fluentd": rf"(?P<ts>{_RFC3339})\t(?P<stream>[\w.*-]{{1,200}})\t(?=\{{)",
    "timestamps": rf"(?P<ts>{_RFC3339}) ",
    "docker-desktop": rf"(?P<ts>{_ISO})\s*(?:\n|$)",
}
_ESCAPED = {"syslog", "syslog-5424"}
_COLOURED = {"compose", "kubectl", "stern"}
LINE_PREFIXES = {
    name: Prefix(re.compile(pattern.encode()), escaped=name in _ESCAPED, coloured=name in _COLOURED)
    for name, pattern in _PREFIXES.items()
} | {"docker-desktop": OwnLine(re.compile(_PREFIXES["docker-desktop"].encode()))}
"""By name, in the order in which they are tried."""


@lru_cache(maxsize=64)
def learned(prefix: str) -> Prefix:
    """What stands before each line of one log, by the pattern that the log itself shows."""
    return Prefix(re.compile(prefix.encode()), coloured=True)
