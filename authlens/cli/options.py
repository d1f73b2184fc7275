"""Options that several commands share, and how all that is wrong with them is told at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer
from typer.core import TyperCommand

from authlens.cli.said import say
from authlens.errors import Fault, FaultsError, UsageError

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.config import Settings

HELP: Final = {"help_option_names": ["-h", "--help"]}

Texts: TypeAlias = list[str] | None

SettingsFiles = Annotated[
    Texts, typer.Option("--settings", metavar="FILE", help="The API's appsettings.json; repeatable.")
]
Bundles = Annotated[Texts, typer.Option("--bundle", metavar="FILE", help="Documents recorded earlier; repeatable.")]
Jwks = Annotated[Texts, typer.Option("--jwks", metavar="[ISSUER=]FILE", help="A key set; repeatable.")]
Online = Annotated[
    bool | None, typer.Option("--online", help="Ask also for issuers from the log whose vendor is known.")
]
Offline = Annotated[bool | None, typer.Option("--offline", help="Open no socket.")]
AllowIssuer = Annotated[
    Texts, typer.Option("--allow-issuer", metavar="PATTERN", help="A further issuer to ask for; repeatable.")
]
CaBundle = Annotated[
    str | None, typer.Option("--ca-bundle", metavar="FILE", help="Further certificate authorities, PEM.")
]
SecretFile = Annotated[
    str | None,
    typer.Option("--secret-file", metavar="FILE", help="A symmetric secret to verify with; or AUTHLENS_SECRET."),
]
Cache = Annotated[
    str | None,
    typer.Option("--cache", metavar="DIR|none", help="Where fetched documents are kept [default: the user's cache]."),
]
Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Options; else ./authlens.toml or ./pyproject.toml."),
]
Rules = Annotated[Texts, typer.Option("--rules", metavar="PATH", help="Further rule files or folders; repeatable.")]
NoDefaultRules = Annotated[bool | None, typer.Option("--no-default-rules", help="Without the rules that are shipped.")]
Format = Annotated[str | None, typer.Option("--format", metavar="NAME", help="Do not guess the log's format.")]
Now = Annotated[
    str | None, typer.Option("--now", metavar="TIME", help="The present [default: SOURCE_DATE_EPOCH, the clock].")
]
Timezone = Annotated[
    str | None, typer.Option("--timezone", metavar="ZONE", help="For times without one [default: UTC].")
]
ShowValues = Annotated[
    bool | None, typer.Option("--show-values", help="Personal values instead of pseudonyms; never secrets.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_NAMES: Final = {"config_file": "config", "log_format": "format"}


class AllFaults(TyperCommand):
    """A command that reports unknown options together with whatever else is wrong."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes unknown options out of ``args`` and keeps them for the command to report."""
        takes = {name: not getattr(p, "is_flag", False) for p in self.params for name in (*p.opts, *p.secondary_opts)}
        known, unknown = _sorted_out(args, takes)
        ctx.obj = [_unknown(option, takes) for option in unknown]
        return list(super().parse_args(ctx, known))


def _sorted_out(args: Sequence[str], takes: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Arguments that are understood, and long options that are not."""
    known: list[str] = []
    unknown: list[str] = []
    rest = iter(args)
    for arg in rest:
        name, equals, _ = arg.partition("=")
        if arg == "--":
            known += (arg, *rest)
        elif not arg.startswith("--") or name in takes or name == "--help":
            known.append(arg)
            if takes.get(name) and not equals:
                known += [value for value in [next(rest, None)] if value is not None]
        else:
            unknown.append(name)
    return known, unknown


def _unknown(option: str, takes: Iterable[str]) -> Fault:
    import difflib  # noqa: PLC0415 - only a mistake needs it

    near = difflib.get_close_matches(option, list(takes), n=1, cutoff=0.7)
    meant = f" Did you mean {near[0]}?" if near else ""
    return Fault(path=option, line=0, message=f"there is no such option.{meant}")


def given(arguments: Mapping[str, object], *leave: str) -> dict[str, object]:
    """The options that were given, by the names that the configuration has for them.

    Args:
        arguments: Of the command's function.
        leave: Arguments that are no options of a scan.
    """
    return {
        _NAMES.get(name, name).replace("_", "-"): value
        for name, value in arguments.items()
        if name not in {"ctx", "paths", *leave} and value is not None and value != []
    }


def chosen(flags: Mapping[str, object], faults: list[Fault]) -> Settings:
    """The options decided; where they are wrong, what is wrong with the rules is reported with them."""
    from authlens import config  # noqa: PLC0415 - --version needs none of it

    try:
        found = config.load(flags, os.environ, Path(), faults=faults)
    except FaultsError as error:
        rules = flags.get("rules")
        raise _with_rules(error, [str(path) for path in rules] if isinstance(rules, list) else []) from error
    if not found.quiet:
        say(*(f"authlens: {text}" for text in found.unknown))
    return found


def _with_rules(error: FaultsError, rules: Sequence[str]) -> FaultsError:
    if not rules:
        return error
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only a mistake needs it this early

    try:
        ruleset.load([Path(path) for path in rules])
    except FaultsError as also:
        return FaultsError((*error.faults, *also.faults), hint=error.hint)
    except UsageError as also:
        return FaultsError((*error.faults, Fault(path="--rules", line=0, message=str(also))), hint=error.hint)
    return error
