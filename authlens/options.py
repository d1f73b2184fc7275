"""Every option, declared once: type, default, flag, help, name in the configuration file and in the environment.

What the library takes (:class:`Basis`, :class:`ScanOptions`) and what the command line adds (:class:`Settings`) are one
dataclass over another. A field with :func:`option` as metadata is one; ``cli.options`` makes its flag,
``config`` reads it from the file and the environment.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:  # the types load slower than all that --version does
    from authlens.model import Severity


class Shape(enum.Enum):
    """How a value is written in a configuration file."""

    FLAG = "true or false"
    WORD = "a text"
    WORDS = "a text or a list of texts"
    NUMBER = "a number"


class Kind(enum.Enum):
    """What an option's text means; ``config.values`` reads each."""

    FLAG = enum.auto()
    NEGATION = enum.auto()
    """A flag that takes back what holds without it."""
    TEXT = enum.auto()
    PATH = enum.auto()
    PATHS = enum.auto()
    KEY_SETS = enum.auto()
    """``FILE`` or ``ISSUER=FILE``."""
    ISSUERS = enum.auto()
    FORMAT = enum.auto()
    LEVEL = enum.auto()
    ZONE = enum.auto()
    TIME = enum.auto()
    MOMENT = enum.auto()
    """A time, or how long ago."""
    PROCESSES = enum.auto()
    CACHE = enum.auto()
    """A folder, or ``none``."""
    SECRET = enum.auto()
    """A file that holds it."""

    @property
    def shape(self) -> Shape:
        """How it is written."""
        return _SHAPES.get(self, Shape.WORD)


_SHAPES: Final = {
    Kind.FLAG: Shape.FLAG,
    Kind.NEGATION: Shape.FLAG,
    Kind.PATHS: Shape.WORDS,
    Kind.KEY_SETS: Shape.WORDS,
    Kind.ISSUERS: Shape.WORDS,
    Kind.PROCESSES: Shape.NUMBER,
}


class Section(enum.StrEnum):
    """Under which heading the help lists an option."""

    REPORTS = "Reports (- is standard output)"
    KNOWN = "What is known besides the log"
    ASKED = "Which documents are fetched"
    RULES = "Rules"
    READ = "What is read"
    COUNTS = "What counts"
    RUN = "How it runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """How a field is given on the command line, in the environment and in the configuration file."""

    name: str
    kind: Kind
    section: Section
    metavar: str | None = None
    help: str = ""
    short: str | None = None
    flag: bool = True
    """There is a flag of this name; otherwise only the file and the environment have it."""
    field: str = ""
    """Of :class:`Settings`."""

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"AUTHLENS_{self.name.upper().replace('-', '_')}"


def option(
    name: str,
    kind: Kind,
    section: Section,
    metavar: str | None = None,
    about: str = "",
    *,
    short: str | None = None,
    flag: bool = True,
) -> Mapping[type[Option], Option]:
    """What makes a field an option, as its metadata.

    Args:
        name: Of the flag, without ``--``; the same in the file, and in capitals in the environment.
        kind: What its text means.
        section: Of the help.
        metavar: What stands for its value in the help.
        about: Its help.
        short: The flag of one letter.
        flag: Whether there is a flag.
    """
    return {Option: Option(name=name, kind=kind, section=section, metavar=metavar, help=about, short=short, flag=flag)}


# --------------------------------------------------------------------------- what the library takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a diagnosis rests on besides the log: what is known, who may be asked, by which rules, and when."""

    settings: Sequence[str | Path] = field(
        default=(),
        metadata=option("settings", Kind.PATHS, Section.KNOWN, "FILE", "The API's appsettings.json; repeatable."),
    )
    """Later ones over earlier ones."""
    bundles: Sequence[str | Path] = field(
        default=(),
        metadata=option("bundle", Kind.PATHS, Section.KNOWN, "FILE", "Documents recorded earlier; repeatable."),
    )
    jwks: Sequence[str | Path] = field(
        default=(), metadata=option("jwks", Kind.KEY_SETS, Section.KNOWN, "[ISSUER=]FILE", "A key set; repeatable.")
    )
    secret: bytes | None = field(
        default=None,
        repr=False,
        metadata=option("secret-file", Kind.SECRET, Section.KNOWN, "FILE", "A symmetric secret; or AUTHLENS_SECRET."),
    )
    """As it stands in its file; it reaches no output."""
    apis: Sequence[Mapping[str, object]] = ()
    """``[[api]]`` tables of the configuration."""
    online: bool = field(
        default=False,
        metadata=option("online", Kind.FLAG, Section.ASKED, about="Also of issuers in the log whose vendor is known."),
    )
    offline: bool = field(
        default=False, metadata=option("offline", Kind.FLAG, Section.ASKED, about="None: open no socket.")
    )
    """A cache is read where one is named."""
    allow_issuers: Sequence[str] = field(
        default=(),
        metadata=option("allow-issuer", Kind.ISSUERS, Section.ASKED, "PATTERN", "Also of this issuer; repeatable."),
    )
    """``*`` stands for one host label or one path segment."""
    ca_bundle: str | Path | None = field(
        default=None,
        metadata=option("ca-bundle", Kind.PATH, Section.ASKED, "FILE", "Further certificate authorities, PEM."),
    )
    cache: str | Path | None = field(
        default=None,
        metadata=option(
            "cache", Kind.CACHE, Section.ASKED, "DIR|none", "Where they are kept [default: the user's cache]."
        ),
    )
    """Folder of fetched documents and their history; none is kept when None."""
    rules: Sequence[str | Path] = field(
        default=(),
        metadata=option("rules", Kind.PATHS, Section.RULES, "PATH", "Further rule files or folders; repeatable."),
    )
    default_rules: bool = field(
        default=True,
        metadata=option("no-default-rules", Kind.NEGATION, Section.RULES, about="Without the rules that are shipped."),
    )
    now: datetime | None = field(
        default=None,
        metadata=option("now", Kind.TIME, Section.READ, "TIME", "The present [default: SOURCE_DATE_EPOCH, the clock]."),
    )
    """For lifetimes; the clock when None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions(Basis):
    """All of a scan but the logs."""

    since: datetime | None = field(
        default=None,
        metadata=option("since", Kind.MOMENT, Section.READ, "TIME", "Only from then on: a time, a date, 2h, 7d."),
    )
    """Failures without a time are kept."""
    until: datetime | None = field(
        default=None, metadata=option("until", Kind.MOMENT, Section.READ, "TIME", "Only before then, likewise.")
    )
    timezone: tzinfo = field(
        default=UTC,
        metadata=option("timezone", Kind.ZONE, Section.READ, "ZONE", "For times without one [default: UTC]."),
    )
    format: str | None = field(
        default=None, metadata=option("format", Kind.FORMAT, Section.READ, "NAME", "Do not guess the log's format.")
    )
    jobs: int | None = field(
        default=None,
        metadata=option(
            "jobs", Kind.PROCESSES, Section.RUN, "N", "Processes [default: 1 below 64 MiB, else the cores]."
        ),
    )
    """When None one process for small inputs, else as many as there are cores."""


# --------------------------------------------------------------------------- what the command line adds


def _low() -> Severity:
    from authlens.model import Severity  # noqa: PLC0415 - see above

    return Severity.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ScanOptions):
    """All options of one run, decided."""

    html: str | None = field(
        default=None, metadata=option("html", Kind.PATH, Section.REPORTS, "FILE", "A page for people.")
    )
    json: str | None = field(
        default=None, metadata=option("json", Kind.PATH, Section.REPORTS, "FILE", "Everything, for programs.")
    )
    jsonl: str | None = field(
        default=None, metadata=option("jsonl", Kind.PATH, Section.REPORTS, "FILE", "One failure a line.")
    )
    csv: str | None = field(
        default=None, metadata=option("csv", Kind.PATH, Section.REPORTS, "FILE", "One row a failure.")
    )
    markdown: str | None = field(
        default=None, metadata=option("markdown", Kind.PATH, Section.REPORTS, "FILE", "The answer, for a ticket.")
    )
    sarif: str | None = field(
        default=None, metadata=option("sarif", Kind.PATH, Section.REPORTS, "FILE", "SARIF 2.1.0, for code scanning.")
    )
    junit: str | None = field(
        default=None, metadata=option("junit", Kind.PATH, Section.REPORTS, "FILE", "JUnit XML, a case a cause.")
    )
    prometheus: str | None = field(
        default=None,
        metadata=option("prometheus", Kind.PATH, Section.REPORTS, "FILE", "Metrics for the textfile collector."),
    )
    fail_on: Severity | None = field(
        default_factory=_low,
        metadata=option(
            "fail-on", Kind.LEVEL, Section.COUNTS, "LEVEL|none", "Exit 1 from this severity on [default: low]."
        ),
    )
    """None for never."""
    baseline: str | None = field(
        default=None,
        metadata=option("baseline", Kind.PATH, Section.COUNTS, "FILE", "An earlier --json: only what is new counts."),
    )
    show_values: bool = field(
        default=False,
        metadata=option("show-values", Kind.FLAG, Section.RUN, about="Personal values as they are; never secrets."),
    )
    quiet: bool = field(
        default=False, metadata=option("quiet", Kind.FLAG, Section.RUN, about="Print errors only.", short="q")
    )
    verbose: bool = field(
        default=False, metadata=option("verbose", Kind.FLAG, Section.RUN, about="Print everything found.", short="v")
    )
    no_color: bool = field(
        default=False, metadata=option("no-color", Kind.FLAG, Section.RUN, about="Print without colour.")
    )
    timings: bool = field(
        default=False, metadata=option("timings", Kind.FLAG, Section.RUN, about="Print how long each stage took.")
    )
    config: Path | None = field(
        default=None,
        metadata=option("config", Kind.PATH, Section.RUN, "FILE", "Options; else ./authlens.toml, ./pyproject.toml."),
    )
    """The configuration file that was read."""
    pseudonym_key: str | None = field(
        default=None, repr=False, metadata=option("pseudonym-key", Kind.TEXT, Section.RUN, flag=False)
    )
    unknown: Sequence[str] = ()
    """Variables that look like options and are none, each with a sentence."""

    @property
    def reports(self) -> dict[str, str]:
        """Path by report, ``-`` for standard output."""
        return {name: path for name in REPORTS if (path := getattr(self, name)) is not None}


def _declared(kind: type[Basis]) -> Iterator[Option]:
    for one in dataclasses.fields(kind):
        if Option in one.metadata:
            yield dataclasses.replace(one.metadata[Option], field=one.name)


def names(kind: type[Basis]) -> tuple[str, ...]:
    """The options that a class has."""
    return tuple(option.name for option in _declared(kind))


OPTIONS: Final = {option.name: option for option in _declared(Settings)}
"""By name."""
REPORTS: Final = tuple(option.name for option in OPTIONS.values() if option.section is Section.REPORTS)
"""Reports that an option of the same name asks for."""


# --------------------------------------------------------------------------- keywords

_P = ParamSpec("_P")
_Options = TypeVar("_Options")
_Subject = TypeVar("_Subject")
_Result = TypeVar("_Result")


def keywords(
    options: Callable[_P, _Options],
) -> Callable[[Callable[[_Subject, _Options], _Result]], Callable[Concatenate[_Subject, _P], _Result]]:
    """Lets a function take its options as keywords, typed and shown as their class has them."""

    def decorate(function: Callable[[_Subject, _Options], _Result]) -> Callable[Concatenate[_Subject, _P], _Result]:
        @functools.wraps(function)
        def called(subject: _Subject, /, *args: _P.args, **given: _P.kwargs) -> _Result:
            return function(subject, options(*args, **given))

        first = next(iter(inspect.signature(function).parameters.values()))
        taken = [first.replace(kind=first.POSITIONAL_ONLY), *inspect.signature(options).parameters.values()]
        called.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]  # what help() shows
        return called

    return decorate
