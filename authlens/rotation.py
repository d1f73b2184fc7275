"""Several files that are one log, and content that stands in several files.

Loggers begin a new file by size or by day (``app.log app.log.1 app.log.2.gz``, ``log20260304.txt
log20260304_001.txt``): a request may begin in one and end in the next. Folders hold copies, links and rotations
that overlap: what was read twice counts once. Both are decided by what the records say; the names only group.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final, NamedTuple, Protocol

from authlens.model import Amount
from authlens.sightings import Sighting

_COMPRESSED: Final = re.compile(r"\.(?:gz|bz2|xz|zst|zip|Z)$", re.IGNORECASE)
_DATE: Final = r"(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d(?:[-_.]?\d\d(?:[-_.]?\d\d)?)?"
_BEHIND: Final = re.compile(
    rf"^(?P<stem>.+?)(?:[.-](?P<number>\d{{1,4}})|[.-]?(?P<date>{_DATE})(?:[.-](?P<part>\d{{1,4}}))?)$"
)
_BEFORE: Final = re.compile(
    rf"^(?P<stem>.*?)[._-]?(?:(?P<date>{_DATE})(?:[._-](?P<part>\d{{1,4}}))?|\.(?P<number>\d{{1,4}})|_(?P<serial>\d{{3}}))"
    r"(?P<ext>\.[A-Za-z][A-Za-z0-9]{0,9})$"
)
_FEW: Final = 4
"""So many records that agree in all they say, and in how far they stand apart, are no accident."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_SHOWN: Final = 12


class Name(NamedTuple):
    """What a file's name says of a rotation."""

    stem: str
    """Equal for the files of one log."""
    order: tuple[str, int]
    """From the oldest on."""


def name(path: str) -> Name:
    """Takes date and number of a rotation out of a file's name."""
    whole = PurePath(path)
    folder, last = str(whole.parent), _COMPRESSED.sub("", whole.name)
    found = _BEHIND.match(last)
    if found is not None and found["number"]:
        return Name(f"{folder}/{found['stem']}", ("", -int(found["number"])))
    if found is None:
        found = _BEFORE.match(last)
    if found is None:
        return Name(f"{folder}/{last}", ("~", 0))  # the one that is being written is the newest
    rest = found.groupdict()
    stem = f"{folder}/{rest['stem']}{rest.get('ext') or ''}"
    if rest.get("number"):
        return Name(stem, ("", -int(rest["number"])))
    digits = re.sub(r"\D", "", rest.get("date") or "")
    return Name(stem, (digits, int(rest.get("part") or rest.get("serial") or 0)))


class Read(Protocol):
    """A log, as far as it matters here."""

    @property
    def path(self) -> str:
        """As given."""

    @property
    def sightings(self) -> Sequence[Sighting]:
        """In order of offset."""

    @property
    def size(self) -> Amount:
        """How much was read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Files that are one log, from the oldest on, and what each of them adds."""

    members: tuple[tuple[int, Sequence[Sighting]], ...]
    """Position in what was given, and the sightings that stand in no file before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """What was given, without what was read twice."""

    series: tuple[Series, ...]
    copies: frozenset[int] = frozenset()
    """Positions of those whose content was read before."""
    notes: tuple[str, ...] = ()


def arrange(logs: Sequence[Read]) -> Arranged:
    """Puts files that are one log in order and leaves out what was read twice."""
    notes: list[str] = []
    copies = _copies(logs, notes)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, log in enumerate(logs):
        if at not in copies:
            groups[name(log.path).stem if log.path != "-" else "-"].append(at)
    again = _again({at: logs[at] for group in groups.values() for at in group}, notes)
    series = []
    for group in groups.values():
        ordered = _ordered(group, logs, notes)
        members = tuple((at, _without(logs[at].sightings, again.get(at, ()))) for at in ordered)
        series.append(Series(members=members))
    return Arranged(series=tuple(series), copies=copies, notes=tuple(notes))


def _without(sightings: Sequence[Sighting], dropped: Iterable[int]) -> Sequence[Sighting]:
    gone = set(dropped)
    return tuple(s for at, s in enumerate(sightings) if at not in gone) if gone else sightings


def _ordered(group: Sequence[int], logs: Sequence[Read], notes: list[str]) -> list[int]:
    """From the oldest on: by the time of the records where all have one, else by the number or date in the name."""
    telling = [at for at in group if logs[at].sightings]
    if len(telling) < 2:
        return list(group)
    began = {at: _began(logs[at].sightings) for at in telling}
    by_name = sorted(telling, key=lambda at: (name(logs[at].path).order, logs[at].path))
    timed = all(began.values())
    ordered = sorted(by_name, key=lambda at: began[at] or _NEVER) if timed else by_name
    names = ", ".join(logs[at].path for at in ordered[:_SHOWN]) + (", …" if len(ordered) > _SHOWN else "")
    how = "the time of their records" if timed else "the numbers in their names, since their records have no time"
    notes.append(f"{names}: read as one log, ordered by {how}")
    return ordered + [at for at in group if at not in began]


def _began(sightings: Iterable[Sighting]) -> datetime | None:
    return next((s.time for s in sightings if s.time is not None), None)


# --------------------------------------------------------------------------- copies


def _copies(logs: Sequence[Read], notes: list[str]) -> frozenset[int]:
    """Those that agree with one before in size and in everything that their records say."""
    first: dict[object, list[int]] = defaultdict(list)
    found = set()
    for at, log in enumerate(logs):
        if not log.sightings:
            continue
        like = first[log.size, len(log.sightings), log.sightings[0].offset]
        twin = next((other for other in like if _equal(logs[other].sightings, log.sightings)), None)
        if twin is None:
            like.append(at)
        else:
            found.add(at)
            same = logs[twin].path
            what = "it was given twice" if same == log.path else f"it holds the same as {same}"
            notes.append(f"{log.path}: {what}; what it says counts once")
    return frozenset(found)


def _equal(one: Sequence[Sighting], other: Sequence[Sighting]) -> bool:
    return all(a.offset == b.offset and _words(a) == _words(b) for a, b in zip(one, other, strict=True))


def _words(s: Sighting) -> tuple[object, ...]:
    return s.time, s.request_id, s.role, s.level, s.logger, s.key, s.status, s.statement.text


# --------------------------------------------------------------------------- overlaps


_Stretch = tuple[int, list[int]]
"""Of a file, by its position, some of its sightings, by theirs."""


def _again(logs: Mapping[int, Read], notes: list[str]) -> dict[int, set[int]]:
    """Positions of the sightings that stand in a file before, by file.

    Where two files overlap, what they share begins with the first record of one and ends with the last of one.
    """
    found: dict[int, set[int]] = defaultdict(set)
    if len(logs) > 1:
        telling = {at: _telling(log.sightings) for at, log in logs.items()}
        for one, other in _overlaps(telling, logs):
            _leave_out(one, other, logs, found, notes)
            found[other[0]].update(range(other[1][0]))  # the rest of a record that the other file has whole
    return found


def _overlaps(telling: Mapping[int, list[int]], logs: Mapping[int, Read]) -> Iterator[tuple[_Stretch, _Stretch]]:
    """What one file says from some place on, and another from its beginning, up to the end of one of them."""
    said = {at: [logs[at].sightings[i] for i in own] for at, own in telling.items()}
    firsts: defaultdict[datetime | None, list[int]] = defaultdict(list)
    for at, own in said.items():
        if own:
            firsts[own[0].time].append(at)
    for at, own in said.items():
        starts: defaultdict[int, list[int]] = defaultdict(list)
        for start, one in enumerate(own):
            for other in firsts.get(one.time, ()):
                if other != at and _cut_alike(one, said[other][0]):
                    starts[other].append(start)
        for other, some in starts.items():
            begin, run = _agreeing(own, said[other], some)
            if run and _no_accident(own[begin : begin + run], said[other][:run]):
                yield (at, telling[at][begin : begin + run]), (other, telling[other][:run])


def _telling(sightings: Sequence[Sighting]) -> list[int]:
    """Positions of those that tell of something, but for a first one whose head stands in the file before."""
    own = [i for i, s in enumerate(sightings) if not s.secondary]
    return own[1:] if _headless(sightings, own) else own


def _headless(sightings: Sequence[Sighting], own: Sequence[int]) -> bool:
    return len(own) > 1 and sightings[own[0]].time is None and sightings[own[1]].time is not None


def _leave_out(
    one: _Stretch, other: _Stretch, logs: Mapping[int, Read], found: dict[int, set[int]], notes: list[str]
) -> None:
    """Counts what two files share in the one that was given first."""
    later, again = max(one, other, key=lambda stretch: stretch[0])
    new = set(again) - found[later]
    if new:
        found[later].update(new)
        before = logs[min(one[0], other[0])].path
        notes.append(f"{logs[later].path}: {_records(len(new))} in {before} too; counted once")


def _agreeing(own: Sequence[Sighting], theirs: Sequence[Sighting], starts: Iterable[int]) -> tuple[int, int]:
    """The first place from which on one says what the other says, up to the end of one of them, and how many records."""
    numbers: dict[tuple[object, ...], int] = {}
    same = _agreements(*([numbers.setdefault(_words(s), len(numbers)) for s in side] for side in (theirs, own)))
    for start in starts:
        run = min(len(own) - start, len(theirs))
        if same[start] >= run - 1 and _cut_alike(own[start + run - 1], theirs[run - 1]):
            return start, run
    return 0, 0


def _agreements(first: list[int], whole: list[int]) -> list[int]:
    """How many of ``first``, from its beginning, stand at each place of ``whole`` (Gusfield's Z, in linear time)."""
    both = [*first, -1, *whole]
    found = [0] * len(both)
    begin = end = 0
    for at in range(1, len(both)):
        n = min(end - at, found[at - begin]) if at < end else 0
        while at + n < len(both) and both[n] == both[at + n]:
            n += 1
        found[at] = n
        if at + n > end:
            begin, end = at, at + n
    return found[len(first) + 1 :]


def _cut_alike(one: Sighting, other: Sighting) -> bool:
    """Whether two records are one, of which the end of a file may have cut one."""
    texts = one.statement.text, other.statement.text
    alike = (one.time, one.request_id, one.role, one.level, one.logger) == (
        other.time,
        other.request_id,
        other.role,
        other.level,
        other.logger,
    )
    return alike and (texts[0].startswith(texts[1]) or texts[1].startswith(texts[0]))


def _records(count: int) -> str:
    return "1 record stands" if count == 1 else f"{count} records stand"


def _no_accident(one: Sequence[Sighting], other: Sequence[Sighting]) -> bool:
    """Two replicas may say the same in the same second: only ids, parts of a second or many records are proof.

    Where no record has a time, several must say different things.
    """
    if any(s.time is not None and (s.request_id is not None or s.time.microsecond) for s in one):
        return True
    if len(one) < _FEW or any(
        a.offset - one[0].offset != b.offset - other[0].offset for a, b in zip(one, other, strict=True)
    ):
        return False
    return one[0].time is not None or len({(s.statement.text, s.request_id) for s in one}) >= _FEW
