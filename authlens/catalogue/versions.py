"""Which library version wrote a text: what its texts, its hidden values, its types and its headers have in common.

A set of releases is a bit mask over ``templates.releases()``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, TypeAlias

from authlens.catalogue import printed
from authlens.catalogue.templates import Template, is_foundation, releases, templates
from authlens.model import Library, Message

_HEADER: Final = re.compile(r"(?:Microsoft\.IdentityModel Version|Library version): (\d{1,3}(?:\.\d{1,5}){1,3})")
_ASSEMBLY: Final = re.compile(
    r"(?:Microsoft\.IdentityModel\.[\w.]{1,80}|System\.IdentityModel\.Tokens\.Jwt), Version=(\d{1,3}\.\d{1,5}\.\d{1,5})"
)
_FORMS: Final = (
    ("[PII is hidden by default", (("5.2.1", "5.2.1"),)),
    ("[PII is hidden]", (("5.2.2", "5.4.0"), ("6.0.1", "6.1.0"))),
    ("[PII is hidden. For more details", (("5.5.0", "5.7.x"), ("6.2.0", "6.3.0"))),
    ("[PII of type '", (("6.15.0", ""),)),
    ("Logging.SecurityArtifact' is hidden", (("6.31.0", ""),)),
    ("[Security Artifact of type '", (("6.33.0", "6.36.0"), ("7.0.3", "7.0.3"), ("7.1.2", ""))),
)
"""How values are hidden, by releases; an empty end is the newest."""
_BARE: Final = ("6.4.1", "6.14.1")
_FRAMES: Final = (
    ("System.IdentityModel.Tokens.JwtSecurityTokenHandler.", (("3.0.0", "4.0.x"),)),
    ("System.IdentityModel.Tokens.SecurityToken", (("3.0.0", "4.0.x"),)),
    ("Microsoft.IdentityModel.Tokens.SecurityToken", (("5.0.0", ""),)),
    ("System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.", (("5.0.0", ""),)),
    ("Microsoft.IdentityModel.JsonWebTokens.", (("5.2.3", ""),)),
    ("SecurityKey, KeyId: '", (("5.5.0", "5.7.x"), ("6.2.0", ""))),
)
"""Namespaces and forms of values, by releases."""


_REMEMBERED: Final = 4096
"""So many answers of a kind are remembered: what tells of a version recurs, whatever values stand around it."""

_Text: TypeAlias = tuple[str, str, tuple[str, str]]
"""A message without its values: its code, its template, and the releases that it names."""


def library(text: str, messages: Iterable[Message]) -> Library:
    """The version that wrote the text: said by its header (sure), else inferred (a range), else unknown."""
    said = _HEADER.search(text) if "ersion: " in text else None
    if said is not None:
        return _said(said[1])
    found = tuple(messages)
    if any(m.code and is_foundation(m.code) for m in found):
        return Library()  # its exceptions are named like those of the library's oldest releases
    mask = everything()
    for evidence in _evidence(text, found):
        if mask & evidence:  # what contradicts the rest comes from another assembly
            mask &= evidence
    if mask == everything():
        return _assembly(text)
    return _range(mask)


def _said(version: str) -> Library:
    parts = tuple(int(p) for p in version.split(".")[:3])
    name = ".".join(map(str, parts))
    return Library(version=name, sure=True, low=parts, high=parts)


def _assembly(text: str) -> Library:
    m = _ASSEMBLY.search(text)
    if m is None:
        return Library()
    parts = tuple(map(int, m[1].split(".")))
    return Library(version=m[1], low=parts, high=parts)


@lru_cache(maxsize=_REMEMBERED)
def _range(mask: int) -> Library:
    names = releases()
    first, last = names[(mask & -mask).bit_length() - 1], names[mask.bit_length() - 1]
    version = first if first == last else f"{first}–{last}"  # a range
    return Library(version=version, low=_parts(first, 0), high=_parts(last, 999))


def _parts(name: str, unknown: int) -> tuple[int, ...]:
    return tuple(unknown if p == "x" else int(p) for p in name.partition("-")[0].split("."))


@cache
def everything() -> int:
    """All releases."""
    return (1 << len(releases())) - 1


@cache
def span(first: str, last: str) -> int:
    """The releases from one to another; an empty end is the newest."""
    names = releases()
    end = names.index(last) if last else len(names) - 1
    return run(names.index(first), end)


def run(first: int, last: int) -> int:
    """The releases at two positions and between."""
    return (1 << (last + 1)) - (1 << first)


@cache
def _union(spans: tuple[tuple[str, str], ...]) -> int:
    mask = 0
    for first, last in spans:
        mask |= span(first, last)
    return mask


def _evidence(text: str, messages: tuple[Message, ...]) -> Iterator[int]:
    """What each trace leaves possible, the strongest first; 0 is what says nothing."""
    known = [(m, (m.code, m.template, m.versions)) for m in messages if m.code and m.versions]
    for _, one in known:
        yield _of_text(one)
    for mark, spans in _FORMS:
        if mark in text:
            yield _union(spans)
    if any(_bare(m) for m in messages):
        yield span(*_BARE)
    off = any(_HIDDEN in _looks(m.values) for m in messages)
    for m, one in known:
        yield _of_looks(one, _looks(m.values), off=off)
    for mark, spans in _FRAMES:
        if mark in text:
            yield _union(spans)
    for m, one in known:
        if m.exception_type:
            yield _of_type(one, printed.short(m.exception_type))


@lru_cache(maxsize=_REMEMBERED)
def _forms(text: _Text) -> tuple[Template, ...]:
    """The texts that the message can be: one, or those between which a cut text does not decide."""
    code, template, versions = text
    every = templates(code)
    form = next((t for t in every if t.text == template), None)
    if form is None or versions == form.versions:
        return () if form is None else (form,)
    within = _mask(versions)
    return tuple(t for t in every if any(run(a, b) & within for a, b in t.spans))


def _mask(versions: tuple[str, str]) -> int:
    names = releases()
    known = versions[0] in names and versions[1] in names
    return span(*versions) if known else everything()


@lru_cache(maxsize=_REMEMBERED)
def _of_text(text: _Text) -> int:
    mask = 0
    for form in _forms(text):
        for first, last in form.spans:
            mask |= run(first, last)
    return mask & _mask(text[2])


def _bare(message: Message) -> bool:
    """A value that is hidden as a bare type name: its field was noted as hidden, and no other form stands there."""
    return bool(message.hidden) and any(v.startswith("System.") and printed.is_type_name(v) for v in message.values)


_HIDDEN, _NOTHING, _SHOWN = "HNS"
"""How a value is printed: withheld, as what says nothing or is a type of Microsoft's own, as it is."""


def _looks(values: Iterable[str]) -> str:
    """How each of the values is printed."""
    return "".join([_SHOWN if printed.is_plain(value) else _doubtful_look(value) for value in values])


def _doubtful_look(value: str) -> str:
    if printed.is_hidden(value) or (value.startswith("System.") and printed.is_type_name(value)):
        return _HIDDEN
    return _NOTHING if printed.is_nothing(value) or printed.is_type_name(value) else _SHOWN


@lru_cache(maxsize=_REMEMBERED)
def _of_looks(text: _Text, looks: str, *, off: bool) -> int:
    """With the switch off, a value that is printed belongs to a version that always prints it."""
    forms = _forms(text)
    mask = 0
    for shown in forms[0].shown if looks and len(forms) == 1 else ():
        if all(_agrees(how, look, off=off) for how, look in zip(shown.args, looks, strict=False)):
            mask |= run(shown.first, shown.last)
    return mask


def _agrees(how: str, look: str, *, off: bool) -> bool:
    """A value that is a type of Microsoft's own may be hidden or may print itself so."""
    if look == _HIDDEN:
        return how in "PAU"
    return not off or how in "NF" or look == _NOTHING


@lru_cache(maxsize=_REMEMBERED)
def _of_type(text: _Text, name: str) -> int:
    mask = 0
    for form in _forms(text):
        for first, last, types in form.types:
            if name in types:
                mask |= run(first, last)
    return mask
