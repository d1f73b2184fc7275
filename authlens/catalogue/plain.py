"""Reads the record that most are: one message, word for word, and around it what thousands of records have in common.

One pattern a text takes all its values in one pass. What stands before and behind the message is looked at once for
all records that share it. Whatever is not certainly so simple is left to ``cutting``, which would find the same here.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from authlens.catalogue import exceptions, fitting
from authlens.catalogue.cutting import OVER
from authlens.catalogue.mentions import Mentions
from authlens.catalogue.restored import CODE, KEY_LINE, restored
from authlens.catalogue.templates import SLOT, Template, templates
from authlens.texts import Texts

_CODE: Final = re.compile(r"ID[XW][0-9]{4,5}:")
_ANY_CODE: Final = re.compile(CODE)
_SAYS_MORE: Final = (
    *("Could not load", "Method not found", "indicate success: ", "error_description", "openiddict.com"),
    *("MIML1", "Jwt10", "WIF1"),
)
"""Words that other readers look for anywhere in a record."""
_MORE: Final = Texts((*_SAYS_MORE, "Exception", '""', "IDX", "IDW"))
"""The same, and what no value that is taken at a glance may hold."""
_PRINTED: Final = r"[\t -%(-~]"
"""ASCII, but for the apostrophe that may end the value or belong to it, and the ampersand of an escape."""
_VALUE: Final = (
    rf"(?:\[(?:PII|Security Artifact) of type '[\w.+`]{{1,300}}' is hidden\. [ -%(-\\^-~]{{1,100}}\](?=')|{_PRINTED}*+)"
)
"""A value that is hidden names its type in apostrophes."""
_INSIDE_WORD: Final = re.compile(r"[A-Za-z0-9/_=+-]\r?\n")
_PROBE: Final = "IDX10000: x"
_LONGEST: Final = 1 << 13
"""What is longer is not remembered, characters."""
_PARAMETER: Final = 200
"""A parameter's name stands within so many characters behind the message."""


class Front(NamedTuple):
    """What stands before a message."""

    thrown: tuple[str, ...]
    """The exceptions that are printed there, outermost first."""
    adjacent: str | None
    """The one whose text the message is."""
    cites: bool
    """A text without values is only talked about behind such words."""


class Plain(NamedTuple):
    """A message and its values."""

    form: Template
    by_gap: tuple[str, ...]
    start: int
    end: int
    front: Front


def plain(text: str) -> Plain | None:
    """The one message of a text; None where there is none, or where it takes more than a glance to read it."""
    code = _CODE.search(text)
    if code is None:
        return None
    start, name = code.start(), code[0][:-1]
    for number, form in enumerate(templates(name)):
        pattern = _pattern(name, number)
        found = pattern.match(text, start) if pattern else None
        if found is not None:
            return _alone(text, form, found)
        if _may_be(text, start, form):
            return None
    return None


def _alone(text: str, form: Template, found: re.Match[str]) -> Plain | None:
    """The message that a pattern found, unless its values, or what is before or behind it, may be more than that."""
    start, end = found.span()
    front = _front(text[:start])
    if front is None or not _ends(text[end:]):
        return None
    by_gap = found.groups()
    if not by_gap:
        return None if front.cites else Plain(form, (), start, end, front)
    if _tell_more(by_gap):
        return None
    return Plain(form, by_gap, start, end, front) if any(by_gap) or not front.cites else None


def _tell_more(by_gap: tuple[str, ...]) -> bool:
    return bool(_MORE.find("\n".join(by_gap))) or fitting.is_doubtful(by_gap[-1])


def _may_be(text: str, start: int, form: Template) -> bool:
    """Whether the text holds all that the form would write."""
    first, *rest = form.literals
    if not text.startswith(first if rest else first.rstrip(), start):
        return False
    return all(text.find(piece.rstrip(), start) >= 0 for piece in rest)


# --------------------------------------------------------------------------- the message


@cache
def _pattern(code: str, number: int) -> re.Pattern[str] | None:
    """What takes the values out of one text of a code; None for a text that needs more than that."""
    form = templates(code)[number]
    first, *rest = form.literals
    if form.quiet or form.versions is None or form.repeats or not _is_quoted(form) or not _reads_as_written(form):
        return None
    if not rest:
        return re.compile(re.escape(first.rstrip()) + (f"(?={OVER.pattern})" if form.begins else ""))
    pieces = (*rest[:-1], rest[-1].rstrip())
    gaps = "".join(f"({_gap(kind, piece)}){re.escape(piece)}" for kind, piece in zip(form.kinds, pieces, strict=True))
    over = form.begins or form.kinds[-1] == fitting.NESTED
    return re.compile(f"{re.escape(first)}{gaps}(?={OVER.pattern if over else fitting.ENDS})")


def _is_quoted(form: Template) -> bool:
    """Whether every value stands between apostrophes, and printed keys, which hold some, are not the last."""
    pieces = form.literals
    quoted = all(a.endswith("'") and b.startswith("'") for a, b in pairwise(pieces))
    return quoted and fitting.KEYS not in form.kinds[-1:]


def _gap(kind: str, piece: str) -> str:
    """What a value may hold; printed keys hold quotes, and stand on lines of their own."""
    if kind != fitting.KEYS:
        return _VALUE
    return rf"(?:{_PRINTED}++|'(?!{re.escape(piece[1:])})|\r?\n(?={KEY_LINE}|'))*+"


def _reads_as_written(form: Template) -> bool:
    """Whether nothing in the form's own words is taken for something else, whatever its values."""
    for value in ("", "x"):
        text = SLOT.sub(value, form.text).replace("{{", "{").replace("}}", "}")
        if exceptions.heads(text) or _ANY_CODE.search(text, 1) or restored(text) is not None:
            return False
    return _INSIDE_WORD.search(form.text) is None


# --------------------------------------------------------------------------- before and behind


@lru_cache(maxsize=1024)
def _front(before: str) -> Front | None:
    """What stands before a message; None where that may be more than a host's words and one exception."""
    if not before:
        return Front((), None, cites=False)
    if before[-1].isalnum() or before[-1] == "/" or _may_wrap(before) or _is_odd(before, before + _PROBE):
        return None
    found = exceptions.heads(before)
    if exceptions.innermost_first(before, found) or exceptions.is_telling(found):
        return None
    at = len(before)
    thrown = exceptions.chain(before, found)
    return Front(thrown, exceptions.type_of(before, found, at), Mentions(before, found).cites(at))


def _may_wrap(before: str) -> bool:
    """Whether so many lines stand before the message that a tool may have wrapped them; an arrow begins a new line."""
    lines = before.split("\n")
    return len(lines) > 2 and not lines[-1].lstrip().startswith("-")  # a host's line and that of the message are two


@lru_cache(maxsize=1024)
def _ends(behind: str) -> bool:
    """Whether nothing follows, or nothing but a stack trace."""
    if not behind:
        return True
    if "'" in behind or _is_odd(behind, _PROBE + behind):
        return False
    return not exceptions.heads(behind) and exceptions.parameter(behind, 0, _PARAMETER) is None


def _is_odd(piece: str, message: str) -> bool:
    """Whether a piece of a record holds a code, or what is put back or read before messages are."""
    if len(piece) > _LONGEST or _ANY_CODE.search(piece) or any(word in piece for word in _SAYS_MORE):
        return True
    return restored(message) is not None
