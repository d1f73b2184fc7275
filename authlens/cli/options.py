"""Flags as ``authlens.options`` declares them, and how all that is wrong with them is told at once."""

from __future__ import annotations

import functools
import inspect
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer
from typer.core import TyperArgument, TyperCommand

from authlens.cli.said import say
from authlens.errors import Fault, FaultsError, UsageError
from authlens.options import OPTIONS, Option, Section, Settings, Shape

HELP: Final = {"help_option_names": ["-h", "--help"]}
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_P = ParamSpec("_P")
_TYPES: Final = {Shape.FLAG: bool | None, Shape.WORDS: list[str] | None}


def takes(names: Iterable[str]) -> Callable[[Callable[Concatenate[Settings, _P], int]], Callable[..., int]]:
    """Gives a command the flags of these options; it gets all options, decided, as its first argument."""
    flags = [OPTIONS[name] for name in names if OPTIONS[name].flag]

    def decorate(command: Callable[Concatenate[Settings, _P], int]) -> Callable[..., int]:
        @functools.wraps(command)
        def called(ctx: typer.Context, *args: Any, **given: Any) -> int:
            found = {option.name: _given(given.pop(option.field)) for option in flags}
            return command(_chosen(found, ctx.obj or []), *args, **given)

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        taken = [context, *own, *map(_parameter, flags)]
        called.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]  # what typer reads
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in taken}
        return called

    return decorate


def _given(value: object) -> object:
    """What was given; no flag and an empty list are what typer has where nothing was."""
    return None if value is False or value == [] else value


def _parameter(option: Option) -> inspect.Parameter:
    names = [f"--{option.name}", *([f"-{option.short}"] if option.short else [])]
    flag = typer.Option(*names, metavar=option.metavar, help=option.help)
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_TYPES.get(option.kind.shape, str | None), flag],
    )


class Command(TyperCommand):
    """A command that lists its options by section, and reports unknown ones together with whatever else is wrong."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes unknown options out of ``args``; a command that :func:`takes` options reports them with the rest."""
        takes = {name: not getattr(p, "is_flag", False) for p in self.params for name in (*p.opts, *p.secondary_opts)}
        known, unknown = _sorted_out(args, takes)
        ctx.obj = [_unknown(option, takes) for option in unknown]
        try:
            left = list(super().parse_args(ctx, known))
        except typer.TyperException:  # the value of an option that is none is no argument either
            if not unknown:
                raise
            raise _no_such(ctx) from None
        if unknown and not any(param.name in _SECTIONS for param in self.params):
            raise _no_such(ctx)
        return left

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, the command's own options, and those that commands share by section; the help stands last."""
        rows: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if isinstance(param, TyperArgument):  # its record names Python's types
                rows["Arguments"].append((param.metavar or "", param.help or ""))
            elif record is not None:
                rows[_heading(param)].append(record)
        headings = [h for h in ("Arguments", "Options", *Section) if h in rows]
        rows[headings[-1]] += rows.pop("Help", [])
        width = max(len(name) for part in rows.values() for name, _ in part)
        for heading in headings:
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows[heading]])


_SECTIONS: Final = {option.field: option.section for option in OPTIONS.values()}


def _heading(param: Any) -> str:
    if "--help" in param.opts:
        return "Help"
    return _SECTIONS.get(param.name, "Options")


def _no_such(ctx: Any) -> FaultsError:
    return FaultsError(tuple(ctx.obj), hint=f"{ctx.command_path} --help lists the options.")


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
    from authlens.config.given import did_you_mean  # noqa: PLC0415 - only a mistake needs it

    return Fault(path=option, line=0, message=f"there is no such option.{did_you_mean(option, takes)}")


def _chosen(flags: Mapping[str, object], faults: Sequence[Fault]) -> Settings:
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
