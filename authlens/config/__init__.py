"""Options of a run from wherever they come: flag, environment, configuration file, default; in this order.

The file is ``authlens.toml``, or ``[tool.authlens]`` in ``pyproject.toml``; every option stands in it under its
own name. All that is wrong is found at once, each with its place.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from authlens.config.given import Given, did_you_mean
from authlens.config.toml import Toml
from authlens.config.values import SECRET, Values
from authlens.errors import Fault, FaultsError
from authlens.options import OPTIONS, Kind, Option, Settings, Shape

LARGEST_FILE: Final = 1024 * 1024
"""Bytes of a configuration file; it is written by hand."""
_PAIRS: Final = (("quiet", "verbose"), ("online", "offline"))
"""Options that say the same thing both ways."""


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
    given = {name: Given(value=value, path=f"--{name}") for name, value in flags.items() if value is not None}
    found += [one.fault("is empty.", "Give it a value, or leave it out.") for one in given.values() if one.value == ""]
    from_flags = {name: one for name, one in given.items() if one.value != ""}
    from_env, unknown = _environment(environ, found)
    chosen = from_flags.get("config") or from_env.get("config")
    file = _file(chosen, folder, found)
    merged = {**file.options, **from_env, **from_flags}
    _first_word(merged, (from_flags, from_env, file.options))
    settings = Values(merged, environ, found).settings()
    if found:
        raise FaultsError(tuple(dict.fromkeys(found)), hint=_hint(found))
    return replace(settings, config=Path(chosen.text) if chosen else None, apis=file.apis, unknown=unknown)


def _hint(faults: Sequence[Fault]) -> str:
    """What to type next: what the only fault advises, or where to read on."""
    advice = faults[0].hint if len(faults) == 1 else ""
    return advice or "Nothing was read. authlens scan --help lists the options."


def _first_word(merged: dict[str, Given], layers: Sequence[Mapping[str, Given]]) -> None:
    """The first layer that speaks of a pair decides both: ``-q`` beats ``verbose = true`` in the file."""
    for pair in _PAIRS:
        layer = next((layer for layer in layers if any(name in layer for name in pair)), {})
        for name in pair:
            merged.pop(name, None)
            if name in layer:
                merged[name] = layer[name]


# --------------------------------------------------------------------------- the environment


def _environment(environ: Mapping[str, str], faults: list[Fault]) -> tuple[dict[str, Given], tuple[str, ...]]:
    """What ``AUTHLENS_…`` variables say, and those that say nothing to us. An empty variable is not set."""
    variables = {option.variable: option for option in OPTIONS.values()}
    out: dict[str, Given] = {}
    unknown: list[str] = []
    for name in sorted(n for n in environ if n.startswith("AUTHLENS_") and environ[n]):
        option = variables.get(name)
        if option is None:
            if name != SECRET:
                unknown.append(f"{name} is not an option.{did_you_mean(name, variables)}")
            continue
        value = _from_text(option, Given(value=environ[name], path=name), faults)
        if value is not None:
            out[option.name] = Given(value=value, path=name)
    return out, tuple(unknown)


def _from_text(option: Option, given: Given, faults: list[Fault]) -> bool | str | list[str] | None:
    text = given.text.strip()
    if option.kind.shape is Shape.FLAG:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        faults.append(given.fault(f"“{text[:40]}” is neither true nor false.", "Write 1 or 0."))
        return None
    if option.kind.shape is not Shape.WORDS:
        return text
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What a configuration file says."""

    options: Mapping[str, Given] = field(default_factory=dict)
    apis: tuple[Mapping[str, object], ...] = ()


def _file(chosen: Given | None, folder: Path, faults: list[Fault]) -> _File:
    """The file that was named or lies in the folder."""
    for path in [Path(chosen.text)] if chosen else [folder / "authlens.toml", folder / "pyproject.toml"]:
        if chosen is None and not path.is_file():
            continue
        text = _text(path, chosen, faults)
        document = Toml.parse(path, text, faults) if text is not None else None
        if document is None:
            break
        if path.name != "pyproject.toml":
            return _options(document, (), faults)
        if document.at(("tool", "authlens")) is not None:
            return _options(document, ("tool", "authlens"), faults)
        if chosen is not None:
            faults.append(document.fault((), "there is no [tool.authlens] table in it."))
    return _File()


def _text(path: Path, chosen: Given | None, faults: list[Fault]) -> str | None:
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
        place = chosen or Given(value=None, path=str(path))
        reason = f"cannot read {path}: {error.strerror or error}."
        faults.append(place.fault(reason, "Name an authlens.toml, or leave --config out."))
    return None


def _options(document: Toml, prefix: tuple[str, ...], faults: list[Fault]) -> _File:
    out: dict[str, Given] = {}
    apis: tuple[Mapping[str, object], ...] = ()
    for key, value in (document.at(prefix) or {}).items():
        name, place = key.replace("_", "-"), (*prefix, key)
        if name == "api":
            apis = tuple(_apis(document, place, value, faults))
        elif (problem := _unfit(key, name, value, out)) is not None:
            faults.append(document.fault(place, problem))
        else:
            line, column = document.place(place)
            path = document.path
            out[name] = Given(value=value, path=str(path), line=line, column=column, folder=path.parent)
    return _File(options=out, apis=apis)


def _unfit(key: str, name: str, value: object, earlier: Mapping[str, Given]) -> str | None:
    """Why a key and its value are no option, in a sentence."""
    option = OPTIONS.get(name)
    if option is None or name == "config":
        known = [*(n for n in OPTIONS if n != "config"), "api"]
        return f"“{key}” is not an option.{did_you_mean(name, known)}"
    if name in earlier:
        return f"“{key}” stands here twice, with - and with _."
    if _fits(option, value):
        return f"{key}: no path and no name holds a NUL character." if _holds_nul(value) else None
    return f"{key}: {option.kind.shape.value} is wanted here, not {_kind_of(value)}."


def _fits(option: Option, value: object) -> bool:
    if option.kind.shape is Shape.FLAG:
        return isinstance(value, bool)
    if option.kind.shape is Shape.NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    if option.kind.shape is Shape.WORDS and isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str) or (option.kind in {Kind.TIME, Kind.MOMENT} and isinstance(value, date))


def _holds_nul(value: object) -> bool:
    return any("\0" in text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _kind_of(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "a time")


def _apis(
    document: Toml, place: tuple[str | int, ...], value: Any, faults: list[Fault]
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
