"""From what was given to what it means: one reader for each kind of option, and what must hold between options."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Final

from authlens.config.given import Given, did_you_mean
from authlens.errors import Fault
from authlens.model import Severity
from authlens.options import OPTIONS, Kind, Settings

MOST_JOBS: Final = 256
NEVER: Final = "none"
FAIL_ON: Final = (*(s.value for s in Severity), "info", NEVER)
SECRET: Final = "AUTHLENS_SECRET"  # noqa: S105 - a variable's name
"""The variable that holds a secret itself; no argument and no configuration file ever does."""
LARGEST_SECRET: Final = 64 * 1024
"""Bytes of a secret."""


class Values:
    """What was given, read; every fault goes into one list."""

    def __init__(self, given: Mapping[str, Given], environ: Mapping[str, str], faults: list[Fault]) -> None:
        """Reads the zone and the present first: other times are told from them.

        Args:
            given: By option name, already decided between flag, environment and file.
            environ: The environment, for what stands below every option.
            faults: Filled with what is wrong.
        """
        self._given = given
        self._environ = environ
        self._faults = faults
        self._zone: tzinfo = self.zone(given["timezone"]) if "timezone" in given else UTC
        self._now = self.time(given["now"]) if "now" in given else self._epoch()

    def settings(self) -> Settings:
        """All options, decided; without meaning where there are faults."""
        read = {
            option.field: _READERS[option.kind](self, self._given[name])
            for name, option in OPTIONS.items()
            if name in self._given and name not in {"timezone", "now", "config"}
        }
        if "cache" not in read and not read.get("offline"):
            read["cache"] = _cache_folder(self._environ)
        if variable := self._secret_variable():
            read["secret"] = variable
        decided = Settings(**read, timezone=self._zone, now=self._now)
        self._agree(decided)
        return decided

    def _agree(self, settings: Settings) -> None:
        """What no option can tell by itself."""
        if settings.online and settings.offline:
            self._fault("online", "--offline opens no socket at all.", "Leave one of the two out.")
        if settings.since is not None and settings.until is not None and settings.since >= settings.until:
            self._fault("since", "--since is not before --until.", "Nothing lies between the two.")
        self._places(settings.reports)

    def _places(self, reports: Mapping[str, str]) -> None:
        """A report that cannot be written is known before anything is read."""
        taken: dict[str, str] = {}
        for name, path in reports.items():
            place = path if path == "-" else os.path.realpath(path)
            if place in taken:
                what = "standard output" if path == "-" else path
                self._fault(name, f"--{taken[place]} goes to {what} already.", "Give each report its own file.")
            elif path != "-" and (wrong := _why_not_written(Path(path), name)) is not None:
                self._fault(name, *wrong)
            taken.setdefault(place, name)

    def _fault(self, name: str, message: str, hint: str) -> None:
        self._faults.append(self._given[name].fault(message, hint))

    def _wrong(self, given: Given, message: str, hint: str) -> None:
        self._faults.append(given.fault(message, hint))

    # ------------------------------------------------------------------ by kind

    def flag(self, given: Given) -> bool:
        """Whether it holds."""
        return bool(given.value)

    def negation(self, given: Given) -> bool:
        """Whether what it takes back still holds."""
        return not given.value

    def text(self, given: Given) -> str:
        """As it was written."""
        return given.text

    def path(self, given: Given) -> str:
        """From the folder of the file that names it."""
        return given.placed(given.text)

    def paths(self, given: Given) -> tuple[str, ...]:
        """Each from the folder of the file that names it."""
        return tuple(map(given.placed, given.texts))

    def key_sets(self, given: Given) -> tuple[str, ...]:
        """``FILE`` or ``ISSUER=FILE``."""
        from authlens.trust.bundles import split_spec  # noqa: PLC0415 - only those who give key sets need it

        parted = (split_spec(text, given.folder) for text in given.texts)
        return tuple(
            given.placed(path) if issuer is None else f"{issuer}={given.placed(path)}" for issuer, path in parted
        )

    def issuers(self, given: Given) -> tuple[str, ...]:
        """Patterns of issuers that may be asked, each read once to see whether it is one."""
        from authlens.trust import fetch  # noqa: PLC0415 - only those who name issuers need it

        for text in given.texts:
            try:
                fetch.pattern(text)
            except fetch.PatternError as error:
                self._wrong(given, f"“{text[:80]}” is no issuer: {error.reason}.", error.hint)
        return tuple(given.texts)

    def format(self, given: Given) -> str:
        """The name of a log format."""
        from authlens.reading.formats import sniff  # noqa: PLC0415 - only those who name a format need the list

        name, known = given.text, sniff.names()
        if name not in known:
            message = f"“{name[:40]}” is no format.{did_you_mean(name, known)}"
            self._wrong(given, message, f"One of {', '.join(known)}.")
        return name

    def level(self, given: Given) -> Severity | None:
        """A severity; None for never."""
        level = given.text.lower()
        if level == NEVER:
            return None
        try:
            return Severity("informational" if level == "info" else level)
        except ValueError:
            message = f"“{level[:40]}” is no severity.{did_you_mean(level, FAIL_ON)}"
            self._wrong(given, message, f"One of {' '.join(FAIL_ON)}.")
        return None

    def zone(self, given: Given) -> tzinfo:
        """A name of the database, or an offset."""
        name = given.text
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
            message = f"“{name[:60]}” is no time zone.{did_you_mean(name, sorted(available_timezones()))}"
            self._wrong(given, message, "A name such as Europe/Paris, or an offset such as +02:00.")
        return UTC

    def time(self, given: Given) -> datetime | None:
        """A time, or the midnight with which a date begins."""
        try:
            return _time(given.value, self._zone)
        except (ValueError, OverflowError):
            message = f"“{given.text[:40]}” is no time."
            self._wrong(given, message, "A time such as 2026-11-24T10:02:00Z, or a date such as 2026-11-24.")
        return None

    def moment(self, given: Given) -> datetime | None:
        """A time, a date, or how long before the present."""
        try:
            ago = _AGO.fullmatch(given.text.strip())
            if ago is not None:
                seconds = int(ago.group(1)) * _UNITS[ago.group(2).lower()]
                return (self._now or datetime.now(UTC)) - timedelta(seconds=seconds)
            return _time(given.value, self._zone)
        except (ValueError, OverflowError):
            hint = "A time, a date, or how long ago: 2026-11-24T10:02:00Z, 2026-11-24, 2h, 7d."
            self._wrong(given, f"“{given.text[:40]}” is no time.", hint)
        return None

    def processes(self, given: Given) -> int | None:
        """How many."""
        text = given.text.strip()
        if text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= MOST_JOBS:
            return int(text)
        self._wrong(given, f"“{text[:40]}” is no number of processes.", f"A number from 1 to {MOST_JOBS}.")
        return None

    def cache(self, given: Given) -> str | None:
        """The folder that was named, or none."""
        return None if given.text.lower() == NEVER else self.path(given)

    def secret(self, given: Given) -> bytes | None:
        """What the file holds, as it stands."""
        path = self.path(given)
        hint = f"A file that holds the secret and nothing else; or {SECRET}."
        if self._secret_variable():
            return None
        try:
            with Path(path).open("rb") as stream:
                secret = stream.read(LARGEST_SECRET + 1)
        except OSError as error:
            self._wrong(given, f"cannot read {path}: {error.strerror or error}.", hint)
            return None
        if not secret or len(secret) > LARGEST_SECRET:
            what = "is empty" if not secret else "is too large for a secret (64 KiB at most)"
            self._wrong(given, f"{path} {what}.", hint)
            return None
        return secret

    # ------------------------------------------------------------------ from the environment alone

    def _secret_variable(self) -> bytes:
        """The secret of the environment, unless a flag names a file."""
        given = self._given.get("secret-file")
        if given is not None and given.path.startswith("--"):
            return b""
        return self._environ.get(SECRET, "").encode("utf-8", "surrogateescape")

    def _epoch(self) -> datetime | None:
        """The present of reproducible builds."""
        epoch = self._environ.get("SOURCE_DATE_EPOCH", "")
        if not epoch:
            return None
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            message = f"“{epoch[:40]}” is no number of seconds since 1970."
            self._faults.append(Given(value=epoch, path="SOURCE_DATE_EPOCH").fault(message, "Unset it."))
        return None


_READERS: Final[Mapping[Kind, Callable[[Values, Given], Any]]] = {
    kind: getattr(Values, kind.name.lower()) for kind in Kind
}

_AGO = re.compile(r"(\d{1,6})\s?(s|sec|min|m|h|d|w)", re.IGNORECASE)
_UNITS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def _time(value: object, zone: tzinfo) -> datetime:
    """A time, or the midnight with which a date begins; ValueError for anything else."""
    time = value if isinstance(value, date) else datetime.fromisoformat(str(value).strip())
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day, tzinfo=zone)
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def _why_not_written(path: Path, report: str) -> tuple[str, str] | None:
    """Why no report can be written there, and what to do."""
    try:
        if path.is_dir():
            return f"{path} is a folder.", f"Name a file: {path / f'report.{report}'}"
        if not path.parent.is_dir():
            return f"there is no folder {path.parent}.", "Make the folder first."
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        return f"{path}: {error.strerror or error}.", "Name another file."
    return None


def _cache_folder(environ: Mapping[str, str]) -> str | None:
    """Our folder among what this platform keeps because it can be fetched again; None where the user has no home."""
    folder = _caches(environ)
    return str(folder / "authlens") if folder is not None else None


def _caches(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME", "")
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return Path(local) if local else Path(home) / "AppData" / "Local" if home else None
    if sys.platform == "darwin":
        return Path(home) / "Library" / "Caches" if home else None
    named = environ.get("XDG_CACHE_HOME", "")  # relative ones are to be ignored, says the specification
    return Path(named) if named.startswith("/") else Path(home) / ".cache" if home else None
