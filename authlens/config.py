"""Options of a scan from wherever they come: flag, environment, configuration file, default; in this order.

The file is ``authlens.toml``, or ``[tool.authlens]`` in ``pyproject.toml``; every option stands in it under its
own name. All that is wrong is found at once, each with its place.
"""

from __future__ import annotations

import difflib
import enum
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Final

from authlens.errors import Fault, FaultsError, UsageError
from authlens.model import Severity

LARGEST_FILE: Final = 1024 * 1024
"""Bytes of a configuration file; it is written by hand."""
REPORTS: Final = ("html", "json", "jsonl", "csv", "markdown", "sarif", "junit", "prometheus")
"""Reports that an option of the same name asks for."""
MOST_JOBS: Final = 256
NEVER: Final = "none"
FAIL_ON: Final = (*(s.value for s in Severity), "info", NEVER)


class Kind(enum.Enum):
    """What an option takes."""

    FLAG = "true or false"
    WORD = "a text"
    WORDS = "a text or a list of texts"
    NUMBER = "a number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of ``scan``."""

    name: str
    kind: Kind = Kind.WORD
    file: bool = False
    """Its value is a path; in a configuration file it counts from that file's folder."""
    flag: bool = True
    """There is a flag of this name; otherwise only the file and the environment have it."""

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"AUTHLENS_{self.name.upper().replace('-', '_')}"


OPTIONS: Final = (
    Option(name="config", file=True),
    Option(name="settings", kind=Kind.WORDS, file=True),
    Option(name="bundle", kind=Kind.WORDS, file=True),
    Option(name="jwks", kind=Kind.WORDS, file=True),
    Option(name="online", kind=Kind.FLAG),
    Option(name="offline", kind=Kind.FLAG),
    Option(name="allow-issuer", kind=Kind.WORDS),
    Option(name="ca-bundle", file=True),
    Option(name="secret-file", file=True),
    Option(name="cache", file=True),
    Option(name="rules", kind=Kind.WORDS, file=True),
    Option(name="no-default-rules", kind=Kind.FLAG),
    *(Option(name=name, file=True) for name in REPORTS),
    Option(name="format"),
    Option(name="since"),
    Option(name="until"),
    Option(name="fail-on"),
    Option(name="baseline", file=True),
    Option(name="jobs", kind=Kind.NUMBER),
    Option(name="now"),
    Option(name="timezone"),
    Option(name="quiet", kind=Kind.FLAG),
    Option(name="verbose", kind=Kind.FLAG),
    Option(name="no-color", kind=Kind.FLAG),
    Option(name="timings", kind=Kind.FLAG),
    Option(name="show-values", kind=Kind.FLAG),
    Option(name="pseudonym-key", flag=False),
)
_BY_NAME: Final = {option.name: option for option in OPTIONS}
_SECRET: Final = "AUTHLENS_SECRET"  # noqa: S105 - a variable's name
"""The variable that holds a secret itself; no argument and no configuration file ever does."""
LARGEST_SECRET: Final = 64 * 1024
"""Bytes of a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All options of one scan, decided."""

    config: Path | None = None
    """The configuration file that was read."""
    settings: tuple[str, ...] = ()
    bundle: tuple[str, ...] = ()
    jwks: tuple[str, ...] = ()
    online: bool = False
    offline: bool = False
    allow_issuer: tuple[str, ...] = ()
    ca_bundle: str | None = None
    cache: str | None = None
    """The folder of fetched documents; None keeps none."""
    secret: bytes | None = field(default=None, repr=False)
    """A symmetric secret to verify and compare with."""
    rules: tuple[str, ...] = ()
    default_rules: bool = True
    reports: Mapping[str, str] = field(default_factory=dict)
    """Path by report, ``-`` for standard output."""
    format: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    fail_on: Severity | None = Severity.LOW
    """None for never."""
    baseline: str | None = None
    jobs: int | None = None
    """None leaves it to the size of the input."""
    now: datetime | None = None
    """None for the clock."""
    timezone: tzinfo = UTC
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    timings: bool = False
    show_values: bool = False
    pseudonym_key: str | None = field(default=None, repr=False)
    apis: tuple[Mapping[str, object], ...] = ()
    unknown: tuple[str, ...] = ()
    """Variables that look like options and are none, each with a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A value and where it was given."""

    value: Any
    path: str
    line: int = 0
    """0 where the place is a name already: a flag, a variable."""
    column: int = 0
    folder: Path | None = None
    """From which its paths count; None for the current folder."""

    def fault(self, message: str, hint: str = "") -> Fault:
        return Fault(path=self.path, line=self.line, column=self.column, message=message, hint=hint)


def load(
    flags: Mapping[str, object], environ: Mapping[str, str], folder: Path, *, faults: Sequence[Fault] = ()
) -> Settings:
    """Decides every option.

    Args:
        flags: By option name; what was not given is missing or None.
        environ: The environment.
        folder: Where ``authlens.toml`` and ``pyproject.toml`` are looked for.
        faults: What is known to be wrong already; reported together with the rest.

    Raises:
        FaultsError: Something is wrong; all of it at once.
    """
    found = list(faults)
    from_flags = {name: _Given(value=value, path=f"--{name}") for name, value in flags.items() if value is not None}
    from_env, unknown = _environment(environ, found)
    chosen = from_flags.get("config") or from_env.get("config")
    path = Path(str(chosen.value)) if chosen else None
    file, apis = _file(path, chosen, folder, found)
    merged = {**file, **from_env, **from_flags}
    _first_word(merged, (from_flags, from_env, file))
    settings = _decide(merged, environ, found)
    if found:
        raise FaultsError(tuple(dict.fromkeys(found)), hint=_hint(found))
    return _with(settings, config=path, apis=apis, unknown=unknown)


def _hint(faults: Sequence[Fault]) -> str:
    """What to type next: what the only fault advises, or where to read on."""
    advice = faults[0].hint if len(faults) == 1 else ""
    return advice or "Nothing was read. authlens scan --help lists the options."


_PAIRS: Final = (("quiet", "verbose"), ("online", "offline"))
"""Options that say the same thing both ways."""


def _first_word(merged: dict[str, _Given], layers: Sequence[Mapping[str, _Given]]) -> None:
    """The first layer that speaks of a pair decides both: ``-q`` beats ``verbose = true`` in the file."""
    for pair in _PAIRS:
        layer = next((layer for layer in layers if any(name in layer for name in pair)), {})
        for name in pair:
            merged.pop(name, None)
            if name in layer:
                merged[name] = layer[name]


# --------------------------------------------------------------------------- the environment


def _environment(environ: Mapping[str, str], faults: list[Fault]) -> tuple[dict[str, _Given], tuple[str, ...]]:
    """What ``AUTHLENS_…`` variables say, and those that say nothing to us. An empty variable is not set."""
    variables = {option.variable: option for option in OPTIONS}
    out: dict[str, _Given] = {}
    unknown: list[str] = []
    for name in sorted(n for n in environ if n.startswith("AUTHLENS_") and environ[n]):
        option = variables.get(name)
        if option is None:
            if name != _SECRET:
                unknown.append(f"{name} is not an option.{_did_you_mean(name, variables)}")
            continue
        given = _Given(value=environ[name], path=name)
        value = _from_text(option, given, faults)
        if value is not None:
            out[option.name] = _Given(value=value, path=name)
    return out, tuple(unknown)


def _from_text(option: Option, given: _Given, faults: list[Fault]) -> bool | str | list[str] | None:
    text = str(given.value).strip()
    if option.kind in {Kind.WORD, Kind.NUMBER}:
        return text
    if option.kind is Kind.FLAG:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        faults.append(given.fault(f"“{text[:40]}” is neither true nor false.", "Write 1 or 0."))
        return None
    try:
        return _words(text)
    except ValueError as error:
        faults.append(given.fault(f"{error}.", "Separate values by spaces; quote those that hold one."))
        return None


def _words(text: str) -> list[str]:
    """Words as a shell splits them, but for backslashes: they part folders on Windows."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.escape = lexer.commenters = ""
    return list(lexer)


# --------------------------------------------------------------------------- the file


def _file(
    path: Path | None, chosen: _Given | None, folder: Path, faults: list[Fault]
) -> tuple[dict[str, _Given], tuple[Mapping[str, object], ...]]:
    """The options and ``[[api]]`` tables of the file that was named or lies in the folder."""
    for candidate in [path] if path else [folder / "authlens.toml", folder / "pyproject.toml"]:
        if path is None and not candidate.is_file():
            continue
        text = _read(candidate, chosen, faults)
        if text is None:
            break
        document = _Toml.parse(candidate, text, faults)
        if document is None:
            break
        if candidate.name != "pyproject.toml":
            return _options(document, (), candidate.parent, faults)
        if document.at(("tool", "authlens")) is not None:
            return _options(document, ("tool", "authlens"), candidate.parent, faults)
        if path is not None:
            faults.append(document.fault((), "there is no [tool.authlens] table in it."))
    return {}, ()


def _read(path: Path, chosen: _Given | None, faults: list[Fault]) -> str | None:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            faults.append(Fault(path=str(path), message="is too large for a configuration file (1 MiB at most)."))
            return None
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.append(Fault(path=str(path), line=line, message="is not UTF-8.", hint="Save the file as UTF-8."))
    except OSError as error:
        place = chosen or _Given(value=None, path=str(path))
        reason = f"cannot read {path}: {error.strerror or error}."
        faults.append(place.fault(reason, "Name an authlens.toml, or leave --config out."))
    return None


def _options(
    document: _Toml, prefix: tuple[str, ...], folder: Path, faults: list[Fault]
) -> tuple[dict[str, _Given], tuple[Mapping[str, object], ...]]:
    out: dict[str, _Given] = {}
    apis: list[Mapping[str, object]] = []
    for key, value in (document.at(prefix) or {}).items():
        name, place = key.replace("_", "-"), (*prefix, key)
        if name == "api":
            apis = list(_apis(document, place, value, faults))
            continue
        option = _BY_NAME.get(name)
        if option is None or name == "config":
            known = [*(n for n in _BY_NAME if n != "config"), "api"]
            faults.append(document.fault(place, f"“{key}” is not an option.{_did_you_mean(name, known)}"))
        elif name in out:
            faults.append(document.fault(place, f"“{key}” stands here twice, with - and with _."))
        elif (problem := _wrong_type(option, value)) is not None:
            faults.append(document.fault(place, f"{key}: {problem}."))
        else:
            line, column = document.place(place)
            out[name] = _Given(value=value, path=str(document.path), line=line, column=column, folder=folder)
    return out, tuple(apis)


def _wrong_type(option: Option, value: object) -> str | None:
    fits = {
        Kind.FLAG: isinstance(value, bool),
        Kind.WORD: isinstance(value, str) or (option.name in _TIMES and isinstance(value, date)),
        Kind.NUMBER: isinstance(value, int) and not isinstance(value, bool),
        Kind.WORDS: isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value)),
    }
    return None if fits[option.kind] else f"{option.kind.value} is wanted here, not {_kind_of(value)}"


_TIMES: Final = ("now", "since", "until")


def _kind_of(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "a time")


def _apis(
    document: _Toml, place: tuple[str | int, ...], value: object, faults: list[Fault]
) -> Iterator[Mapping[str, object]]:
    """The tables, each with the line it stands at as its source."""
    from authlens.trust import expectations  # noqa: PLC0415 - only a file with such tables needs it

    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        faults.append(document.fault(place, "api: write one [[api]] table for each scheme."))
        return
    try:
        expectations.from_config(value, path=str(document.path), text=document.text)
    except FaultsError as error:
        faults += error.faults
    for number, table in enumerate(value):
        yield {**table, "source": f"{document.path}:{document.place((*place, number))[0]}"}


@dataclass(frozen=True, slots=True)
class _Toml:
    """A TOML document that knows where its keys stand."""

    path: Path
    text: str
    values: Mapping[str, Any]
    places: Mapping[tuple[str | int, ...], tuple[int, int]]

    @classmethod
    def parse(cls, path: Path, text: str, faults: list[Fault]) -> _Toml | None:
        try:
            return cls(path, text, tomllib.loads(text), dict(_places(text)))
        except tomllib.TOMLDecodeError as error:
            what, line, column = _toml_error(str(error), text)
            faults.append(
                Fault(
                    path=str(path), line=line, column=column, message=f"{what}.", hint="Correct it; the file is TOML."
                )
            )
        except RecursionError:
            faults.append(Fault(path=str(path), message="is nested too deeply."))
        return None

    def at(self, place: tuple[str, ...]) -> Mapping[str, Any] | None:
        value: Any = self.values
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else None

    def place(self, place: tuple[str | int, ...]) -> tuple[int, int]:
        """Line and column of a key, else of the nearest table around it."""
        while place and place not in self.places:
            place = place[:-1]
        return self.places.get(place, (1, 1))

    def fault(self, place: tuple[str | int, ...], message: str, hint: str = "") -> Fault:
        line, column = self.place(place)
        return Fault(path=str(self.path), line=line, column=column, message=message, hint=hint)


def _toml_error(error: str, text: str) -> tuple[str, int, int]:
    match = re.search(r" \(at (?:line (\d{1,9}), column (\d{1,9})|end of document)\)$", error)
    if match is None:
        return error, 1, 1
    what = error[: match.start()]
    if match.group(1):
        return what, int(match.group(1)), int(match.group(2))
    lines = text.split("\n")
    return what, len(lines), len(lines[-1]) + 1


_HEADER = re.compile(r"[ \t]{0,40}(\[\[?)([^\[\]#]{1,200})\]")
_KEY = re.compile(
    r"[ \t]{0,80}((?:[A-Za-z0-9_\-]{1,80}|\"[^\"\n]{0,80}\"|'[^'\n]{0,80}')(?:[ \t]{0,9}\.[^=\n]{1,200})?)[ \t]{0,40}="
)


def _places(text: str) -> Iterator[tuple[tuple[str | int, ...], tuple[int, int]]]:
    """Where tables and keys of a valid document begin; texts and lists over several lines are passed over."""
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    inside = ""  # what must come before keys are looked for again
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            inside = _still_inside(inside, line)
            continue
        if (header := _HEADER.match(line)) is not None:
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                counts[table] = counts.get(table, -1) + 1
                yield table, (number, header.start(1) + 1)
                table = (*table, counts[table])
            yield table, (number, header.start(1) + 1)
        elif (key := _KEY.match(line)) is not None:
            yield (*table, *_parts(key.group(1))), (number, key.start(1) + 1)
            inside = _opens(line[key.end() :])


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _opens(value: str) -> str:
    """What a value leaves open at the end of its line."""
    for quote in ('"""', "'''"):
        if value.lstrip().startswith(quote):
            return quote if value.count(quote) == 1 else ""
    bare = re.sub(r"\"[^\"\n]{0,2000}\"|'[^'\n]{0,2000}'|#.*", "", value)
    return "]" * max(0, bare.count("[") - bare.count("]"))


def _still_inside(inside: str, line: str) -> str:
    if inside[0] != "]":
        return "" if inside in line else inside
    bare = re.sub(r"\"[^\"\n]{0,2000}\"|'[^'\n]{0,2000}'|#.*", "", line)
    return "]" * max(0, len(inside) + bare.count("[") - bare.count("]"))


# --------------------------------------------------------------------------- values


def _decide(given: Mapping[str, _Given], environ: Mapping[str, str], faults: list[Fault]) -> Settings:
    zone = _zone(given.get("timezone"), faults)
    reports = {name: _path(given[name]) for name in REPORTS if name in given}
    _check_reports({name: given[name] for name in reports}, reports, faults)
    key = given.get("pseudonym-key")
    fail_on = _fail_on(given.get("fail-on"), faults)
    now = _now(given.get("now"), environ.get("SOURCE_DATE_EPOCH", ""), zone, faults)
    since, until = _period(given, now, zone, faults)
    online, offline = _flag(given, "online"), _flag(given, "offline")
    if online and offline:
        faults.append(given["online"].fault("--offline opens no socket at all.", "Leave one of the two out."))
    return Settings(
        settings=_paths(given.get("settings")),
        bundle=_paths(given.get("bundle")),
        jwks=_paths(given.get("jwks"), named=True),
        online=online,
        offline=offline,
        allow_issuer=_allowed(given.get("allow-issuer"), faults),
        ca_bundle=_path(given["ca-bundle"]) if "ca-bundle" in given else None,
        cache=_cache(given.get("cache"), environ, offline=offline),
        secret=_secret(given.get("secret-file"), environ.get(_SECRET, ""), faults),
        rules=_paths(given.get("rules")),
        default_rules=not _flag(given, "no-default-rules"),
        reports=reports,
        format=_format(given.get("format"), faults),
        fail_on=fail_on,
        baseline=_path(given["baseline"]) if "baseline" in given else None,
        jobs=_jobs(given.get("jobs"), faults),
        now=now,
        since=since,
        until=until,
        timezone=zone,
        quiet=_flag(given, "quiet"),
        verbose=_flag(given, "verbose"),
        no_color=_flag(given, "no-color"),
        timings=_flag(given, "timings"),
        show_values=_flag(given, "show-values"),
        pseudonym_key=str(key.value) if key is not None else None,
    )


def _with(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, **changes)


def _flag(given: Mapping[str, _Given], name: str) -> bool:
    return bool(given[name].value) if name in given else False


def _path(given: _Given) -> str:
    return _placed(str(given.value), given.folder)


def _placed(path: str, folder: Path | None) -> str:
    return path if folder is None or path == "-" else str(folder / path)


def _paths(given: _Given | None, *, named: bool = False) -> tuple[str, ...]:
    """Paths, those of a configuration file from its folder; ``ISSUER=FILE`` where they may be named."""
    if given is None:
        return ()
    out = []
    for text in [given.value] if isinstance(given.value, str) else given.value:
        issuer, equals, path = text.rpartition("=") if named else ("", "", text)
        out.append(f"{issuer}{equals}{_placed(path, given.folder)}")
    return tuple(out)


def _check_reports(given: Mapping[str, _Given], reports: Mapping[str, str], faults: list[Fault]) -> None:
    """A report that cannot be written is known before anything is read."""
    taken: dict[str, str] = {}
    for name, path in reports.items():
        if path in taken:
            what = "standard output" if path == "-" else path
            faults.append(
                given[name].fault(f"--{taken[path]} goes to {what} already.", "Give each report its own file.")
            )
        elif path != "-" and Path(path).is_dir():
            faults.append(given[name].fault(f"{path} is a folder.", f"Name a file: {Path(path) / f'report.{name}'}"))
        elif path != "-" and not Path(path).parent.is_dir():
            faults.append(given[name].fault(f"there is no folder {Path(path).parent}.", "Make the folder first."))
        taken.setdefault(path, name)


def _format(given: _Given | None, faults: list[Fault]) -> str | None:
    if given is None:
        return None
    from authlens.reading.formats import sniff  # noqa: PLC0415 - only those who name a format need the list

    name, known = str(given.value), sniff.names()
    if name not in known:
        message = f"“{name[:40]}” is no format.{_did_you_mean(name, known)}"
        faults.append(given.fault(message, f"One of {', '.join(known)}."))
    return name


def _fail_on(given: _Given | None, faults: list[Fault]) -> Severity | None:
    if given is None:
        return Severity.LOW
    level = str(given.value).lower()
    if level == NEVER:
        return None
    try:
        return Severity("informational" if level == "info" else level)
    except ValueError:
        message = f"“{level[:40]}” is no severity.{_did_you_mean(level, FAIL_ON)}"
        faults.append(given.fault(message, f"One of {' '.join(FAIL_ON)}."))
    return None


def _zone(given: _Given | None, faults: list[Fault]) -> tzinfo:
    if given is None:
        return UTC
    name = str(given.value)
    if name.upper() in {"UTC", "Z"}:
        return UTC
    offset = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name)
    if offset is not None and int(offset.group(2)) < 24 and int(offset.group(3)) < 60:
        minutes = int(offset.group(2)) * 60 + int(offset.group(3))
        return timezone(timedelta(minutes=minutes if offset.group(1) == "+" else -minutes))
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 - only zones with a name need it

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder of the database, a path, an unknown name
        message = f"“{name[:60]}” is no time zone.{_did_you_mean(name, sorted(available_timezones()))}"
        faults.append(given.fault(message, "A name such as Europe/Paris, or an offset such as +02:00."))
    return UTC


def _now(given: _Given | None, epoch: str, zone: tzinfo, faults: list[Fault]) -> datetime | None:
    if given is None and epoch:
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            message = f"“{epoch[:40]}” is no number of seconds since 1970."
            faults.append(Fault(path="SOURCE_DATE_EPOCH", line=0, column=0, message=message, hint="Unset it."))
    if given is None:
        return None
    try:
        return _time(given.value, zone)
    except (ValueError, OverflowError):
        message = f"“{str(given.value)[:40]}” is no time."
        faults.append(given.fault(message, "A time such as 2026-11-24T10:02:00Z, or a date such as 2026-11-24."))
    return None


def _time(value: object, zone: tzinfo) -> datetime:
    """A time, or the midnight with which a date begins; ValueError for anything else."""
    time = value if isinstance(value, date) else datetime.fromisoformat(str(value).strip())
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day, tzinfo=zone)
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


_AGO = re.compile(r"(\d{1,6})\s?(s|sec|min|m|h|d|w)", re.IGNORECASE)
_UNITS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def _period(
    given: Mapping[str, _Given], now: datetime | None, zone: tzinfo, faults: list[Fault]
) -> tuple[datetime | None, datetime | None]:
    """The times between which failures count."""
    since, until = (_moment(given.get(name), now, zone, faults) for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        faults.append(given["since"].fault("--since is not before --until.", "Nothing lies between the two."))
    return since, until


def _moment(given: _Given | None, now: datetime | None, zone: tzinfo, faults: list[Fault]) -> datetime | None:
    """A time, a date, or how long before the present."""
    if given is None:
        return None
    try:
        ago = _AGO.fullmatch(str(given.value).strip())
        if ago is not None:
            seconds = int(ago.group(1)) * _UNITS[ago.group(2).lower()]
            return (now or datetime.now(UTC)) - timedelta(seconds=seconds)
        return _time(given.value, zone)
    except (ValueError, OverflowError):
        message = f"“{str(given.value)[:40]}” is no time."
        faults.append(
            given.fault(message, "A time, a date, or how long ago: 2026-11-24T10:02:00Z, 2026-11-24, 2h, 7d.")
        )
    return None


def _jobs(given: _Given | None, faults: list[Fault]) -> int | None:
    if given is None:
        return None
    text = str(given.value).strip()
    if text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= MOST_JOBS:
        return int(text)
    faults.append(given.fault(f"“{text[:40]}” is no number of processes.", f"A number from 1 to {MOST_JOBS}."))
    return None


def _allowed(given: _Given | None, faults: list[Fault]) -> tuple[str, ...]:
    """Patterns of issuers that may be asked, each read once to see whether it is one."""
    if given is None:
        return ()
    from authlens.trust import fetch  # noqa: PLC0415 - only those who name issuers need it

    texts = [given.value] if isinstance(given.value, str) else list(given.value)
    for text in texts:
        try:
            fetch.pattern(text)
        except UsageError as error:
            reason = str(error).removeprefix(f"--allow-issuer {text!r}: ")
            faults.append(given.fault(f"“{text[:80]}” is no issuer: {reason}.", error.hint))
    return tuple(texts)


def _secret(given: _Given | None, variable: str, faults: list[Fault]) -> bytes | None:
    """The secret as it stands: of the file that a flag names, of the environment, of a file named elsewhere."""
    if variable and (given is None or not given.path.startswith("--")):
        return variable.encode("utf-8", "surrogateescape")
    if given is None:
        return None
    path = _path(given)
    try:
        with Path(path).open("rb") as stream:
            secret = stream.read(LARGEST_SECRET + 1)
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror or error}."
        faults.append(given.fault(reason, f"A file that holds the secret and nothing else; or {_SECRET}."))
        return None
    if not secret or len(secret) > LARGEST_SECRET:
        what = "is empty" if not secret else "is too large for a secret (64 KiB at most)"
        faults.append(given.fault(f"{path} {what}.", f"A file that holds the secret and nothing else; or {_SECRET}."))
        return None
    return secret


def _cache(given: _Given | None, environ: Mapping[str, str], *, offline: bool) -> str | None:
    """The folder that was named, none, or the platform's own; where no socket is opened, only the one named."""
    if given is not None:
        return None if str(given.value).lower() == NEVER else _path(given)
    folder = None if offline else _cache_folder(environ)
    return str(folder / "authlens") if folder is not None else None


def _cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where this platform keeps what can be fetched again; None where the user has no home."""
    home = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME", "")
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return Path(local) if local else Path(home) / "AppData" / "Local" if home else None
    if sys.platform == "darwin":
        return Path(home) / "Library" / "Caches" if home else None
    named = environ.get("XDG_CACHE_HOME", "")  # relative ones are to be ignored, says the specification
    return Path(named) if named.startswith("/") else Path(home) / ".cache" if home else None


def _did_you_mean(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else ""
