"""How .NET prints exceptions: their types, in which order they stand, and what their texts state.

Forms: ``Type: message`` with `` ---> `` in front of inner ones; the developer page and the yellow page, which begin
with the innermost; lists of an AggregateException; debuggers' ``Exception type:``.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from authlens.catalogue import printed

_WORD: Final = "Exception"
_LONGEST_NAME: Final = 300
_NAME: Final = string.ascii_letters + string.digits + "._+"
_MOST: Final = 400
"""So many exception types are looked at in one text."""
_ARITY: Final = re.compile(r"`\d{1,2}(?:\[[^\n]{0,600}?\](?=[:\s'\"]))?")
_NUMBER: Final = re.compile(r" \([0-9A-Fa-fx, -]{1,40}\)")
_BEFORE_INNER: Final = re.compile(r"(?:-+>|\(Inner Exception #\d{1,4}\)|InnerException:)\s{0,40}$")
_ENDS_BEFORE_INNER: Final = (">", ")", ":")
_BEFORE_TYPE: Final = re.compile(r"[Tt]ype ?:\s{0,40}$")
_LABELLED: Final = re.compile(r"(?:^|[\r\n])[ \t]{0,40}(?:Exception )?[Tt]ype ?:\s{0,40}$")
_GLUED: Final = re.compile(r"[a-z]{1,40}\.(?=(?:System|Microsoft)\.)")
"""The last word of a sentence whose line break is lost."""
_BEFORE_QUOTED: Final = re.compile(r"(?:\[PII of type|:)\s?['\"]$")
_LINE: Final = re.compile(r"(?:^|[\r\n]|\\n)[ \t]{0,40}$")
_NO_TYPES: Final = frozenset(("InnerException", "innerException", "FirstChanceException", "UnhandledException"))


class Head(NamedTuple):
    """An exception's type as printed in front of its message."""

    name: str
    start: int
    end: int
    """Behind the colon, where there is one."""
    line: bool
    """It begins a line, perhaps in a bracket."""
    inner: bool
    """Behind an arrow: the exception before it wraps it."""


def heads(text: str) -> tuple[Head, ...]:
    """Every exception type that is printed as one, in the order of the text."""
    return tuple(_heads(text)) if _WORD in text else ()


def _heads(text: str) -> Iterator[Head]:
    position = 0
    for _ in range(_MOST):
        found = text.find(_WORD, position)
        if found < 0:
            return
        position = found + len(_WORD)
        head = _head(text, found, position)
        if head is not None:
            yield head


def _head(text: str, found: int, end: int) -> Head | None:
    after = text[end : end + 1]
    if after.isalnum() or after == "_" or (after == "." and text[end + 1 : end + 2].strip()):
        return None
    window = text[max(0, found - _LONGEST_NAME) : found]
    start = found - len(window) + len(window.rstrip(_NAME))
    arity = _ARITY.match(text, end) if after == "`" else None
    name = text[start:end] + (arity[0].partition("[")[0] if arity else "")
    end = arity.end() if arity else end
    number = _NUMBER.match(text, end)
    end = number.end() if number else end
    if name in _NO_TYPES or name[0] in ".+":
        return None
    glued = _GLUED.match(name)
    if glued:
        start, name = start + glued.end(), name[glued.end() :]
    before = text[max(0, start - 60) : start]
    inner = before.rstrip()[-1:] in _ENDS_BEFORE_INNER and _BEFORE_INNER.search(before) is not None
    line = _LINE.search(before) is not None or start == 0 or before.endswith("[") or glued is not None
    if text[end : end + 1] == ":":
        if name == _WORD and text.startswith(": '", end):
            return None  # a part of a message
        fits = inner or line or (name != _WORD and (before[-1].isspace() or before[-1] in "'\"“‘({>:=*|"))
        return Head(name, start, end + 1, line, inner) if fits else None
    return (
        Head(name, start, end, line, inner) if _stands_alone(text, name, before, end, inner=inner, line=line) else None
    )


def _stands_alone(text: str, name: str, before: str, end: int, *, inner: bool, line: bool) -> bool:
    """A type without a message behind it."""
    if inner or _BEFORE_TYPE.search(before):
        return True
    after = text[end : end + 1]
    if after in ("'", '"'):
        return "." in name and _BEFORE_QUOTED.search(before) is not None
    return line and "." in name and after in ("", "\r", "\n")


def stands_apart(text: str, head: Head) -> bool:
    """Whether a type behind a message is that of the message: it begins a line or stands on one of its own, labelled."""
    if head.inner:
        return False
    return head.line or _LABELLED.search(text[max(0, head.start - 60) : head.start]) is not None


def innermost_first(text: str, found: Sequence[Head]) -> bool:
    """Whether this is a page that begins with the innermost exception: short names (or brackets) on lines of their own."""
    if len(found) < 2:  # one exception has no order
        return False
    lined = [h for h in found if h.line and not h.inner]
    if len(lined) < 2 or "xceptions caught" in text:
        return False
    if all(text[h.start - 1 : h.start] == "[" for h in lined[-2:]):
        return True
    return all("." not in h.name for h in lined[:2])


def chain(text: str, found: Sequence[Head] | None = None) -> tuple[str, ...]:
    """The exceptions' types, outermost first, each once."""
    found = heads(text) if found is None else found
    return _once(h.name for h in ordered(text, found))


def ordered(text: str, found: Sequence[Head]) -> Sequence[Head]:
    """The exceptions, outermost first."""
    if not innermost_first(text, found):
        return found
    raw = next((i for i, h in enumerate(found) if h.inner), len(found) + 1) - 1
    return (*found[raw:], *reversed(found[:raw]))


def _once(names: Iterator[str]) -> tuple[str, ...]:
    """Each type once, with its namespace where that is printed somewhere."""
    seen: dict[str, str] = {}
    for name in names:
        key = printed.short(name)
        if "." not in seen.get(key, ""):
            seen[key] = name
    return tuple(seen.values())


_BETWEEN: Final = re.compile(
    r"[\s'\"\u201c\u201d\u2018\u2019«({\[]{0,40}(?:(?:Exception )?[Mm]essage ?:?[\s'\"\u201c\u2018]{0,40})?"
)
"""What stands between an exception's type and its message."""
_NEAR: Final = 100
"""A type stands within so many characters in front of its message."""


def type_of(text: str, found: Sequence[Head], start: int) -> str | None:
    """The type of the exception whose message begins at ``start``."""
    before = bisect_right(found, start, key=_end) - 1
    if before < 0:
        return None
    end = found[before].end
    return found[before].name if start - end <= _NEAR and _BETWEEN.fullmatch(text, end, start) else None


_end: Final = attrgetter("end")

# --------------------------------------------------------------------------- what their texts state

_STATUS: Final = re.compile(
    r"HttpRequestException[^\n]{0,300}?\b([1-5]\d\d) \(|StatusCode: ([1-5]\d\d)\b|WebException[^\n]{0,200}?\(([1-5]\d\d)\)"
    r"|does not indicate success: ([1-5]\d\d)\b"
)
_PARAMETER: Final = re.compile(
    r"\((?:Parameter|Paramètre|Parámetro|Parametro|Parâmetro|параметр|Параметр|参数|參數|パラメーター|매개 변수|Parametre|Parametr) ?['\"]([\w.]{1,100})['\"]\)"
    r"|(?:Parameter name|Parametername|Nom du paramètre|Nombre del parámetro|Nome parametro|Nome do parâmetro|Nazwa parametru|Parameternaam"
    r"|Имя параметра|参数名|參數名稱|パラメーター名|매개 변수 이름|Parametre adı|Název parametru|Parameternamn) ?[:：] ?([\w.]{1,100})"
)
_ASSEMBLY: Final = re.compile(r"([A-Za-z][\w.-]{1,200}), Version=(\d{1,6}(?:\.\d{1,6}){1,3})")
_METHOD: Final = re.compile(r"(?:MissingMethodException|Method not found)[^\n'\"]{0,100}['\"]([^'\"\n]{1,1000})['\"]")
_TYPE: Final = re.compile(
    r"TypeLoadException[^\n'\"“„«]{0,100}['\"“„«]([\w.+`]{1,400})|Could not load type ['\"]([\w.+`]{1,400})['\"]"
)
_FAILED_CALLS: Final = frozenset(("HttpRequestException", "SocketException", "WebException", "AuthenticationException"))
_FAILED_LOADS: Final = frozenset(
    (
        "TypeLoadException",
        "FileLoadException",
        "FileNotFoundException",
        "MissingMethodException",
        "MissingFieldException",
        "MissingMemberException",
        "BadImageFormatException",
    )
)
_NOT_LOADED: Final = ("Could not load", "Method not found")


def is_telling(found: Sequence[Head]) -> bool:
    """Whether one of the exceptions is of those whose own texts state fields."""
    return any(printed.short(h.name) in _FAILED_LOADS | _FAILED_CALLS for h in found)


def facts(text: str, found: Sequence[Head]) -> dict[str, object]:
    """Fields that exceptions' own texts state: network and TLS errors, and what could not be loaded."""
    out: dict[str, object] = {}
    names = {printed.short(h.name) for h in found}
    if not names.isdisjoint(_FAILED_LOADS) or any(mark in text for mark in _NOT_LOADED):
        out |= _loading(text)
    if not names.isdisjoint(_FAILED_CALLS) or "indicate success: " in text:
        out |= _network(text)
    return out


def parameter(text: str, start: int, end: int) -> str | None:
    """The parameter that .NET names behind the message of an argument exception."""
    m = _PARAMETER.search(text, start, end)
    return (m[1] or m[2]) if m else None


def _network(text: str) -> dict[str, object]:
    status = _STATUS.search(text)
    said = {
        "http_status": int(next(g for g in status.groups() if g)) if status else None,
        "socket_error": printed.socket_error(text),
        "ssl_policy_error": printed.ssl_policy_error(text),
    }
    return {name: value for name, value in said.items() if value}


def _loading(text: str) -> dict[str, object]:
    out: dict[str, object] = {}
    missing = _TYPE.search(text)
    if missing:
        out["missing_type"] = missing[1] or missing[2]
    method = _METHOD.search(text)
    if method:
        out["missing_method"] = _bare(method[1])
    words = (*_FAILED_LOADS, *_NOT_LOADED)
    at = min((i for i in (text.find(word) for word in words) if i >= 0), default=0)
    assembly = _ASSEMBLY.search(text, at, at + 4000)
    if assembly:
        out["assembly"], out["assembly_version"] = assembly[1], assembly[2]
    return out


def _bare(signature: str) -> str:
    """A method's name without its result and parameters: ``Void A.B..ctor(C)`` is ``A.B..ctor``."""
    return signature.partition("(")[0].rpartition(" ")[2]
