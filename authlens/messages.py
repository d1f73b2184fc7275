"""One record's text becomes what the library said in it: code, template, values, fields, what was hidden.

``authlens.codes`` is this module: ``match`` reads one message, ``lookup`` and ``search`` ask the catalogue.
Nothing here is verified; a message is what the library claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

from authlens.catalogue import exceptions as thrown
from authlens.catalogue import fields, fitting
from authlens.catalogue.codes import Entry, lookup, search
from authlens.catalogue.cutting import Cut, cuts
from authlens.catalogue.fields import Dates, Said
from authlens.catalogue.fitting import Fit, Place, Squeezed
from authlens.catalogue.mentions import Mentions
from authlens.catalogue.plain import Plain, plain
from authlens.catalogue.printed import short
from authlens.catalogue.restored import restored
from authlens.catalogue.templates import Template, host_templates, openiddict, templates
from authlens.catalogue.versions import library
from authlens.model import Frozen, Message

__all__ = ["Entry", "Match", "exceptions", "library", "lookup", "match", "primary", "read", "search"]

_CODES: Final = re.compile(r"ID(?:[XW][0-9]{4,5}|[1-8][0-9]{3}):")
_RARE: Final = re.compile(r"(?:MIML1|Jwt10|WIF1)[0-9]{3,4}:")
_ESCAPE: Final = re.compile(r"(?:\\(?:[nrt]|u00[0-9A-Fa-f]{2})|\x1b\[[0-9;]{0,12}m)$")
"""Escapes that end in a letter or digit: a code may follow them."""
_BEGINNING: Final = len("ID4037: The key needed")
"""So much of a text is enough to know it, characters; less where it is cut."""
_IDENTITY_MODEL: Final = ("System.IdentityModel.", "Microsoft.IdentityModel.")
_MOST_CODES: Final = 2000
"""A text with more codes than that is no record; what follows them is not read."""
_CACHED: Final = 16 * 1024
"""Texts up to this length are remembered, characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The catalogue's reading of one message."""

    code: str
    template: str
    values: tuple[str, ...]
    """By placeholder number, each number once."""
    versions: tuple[str, str] | None
    """First and last library version that can have written the text; None where none is known."""
    informational: bool


def match(text: str) -> Match | None:
    """Reads the first message of a text, which may be cut, go on or be unknown; None where there is no code."""
    said = [m for m in read(text) if m.code] or [m for m in _read(text, None, mentions=True)[0] if m.code]
    for m in sorted(said, key=lambda m: m.start):
        return Match(
            code=m.code or "",
            template=m.template,
            values=m.values,
            versions=m.versions,
            informational=m.informational,
        )
    return None


def read(text: str, at: datetime | None = None) -> tuple[Message, ...]:
    """Every message in one record's text, the outermost failure first, nested ones behind it.

    ``at`` is when the record was written (aware): it decides whether a printed date begins with day or month.
    """
    found, sure = told(text)
    if sure or at is None:
        return found
    return _read(text, at)[0]


def told(text: str) -> tuple[tuple[Message, ...], bool]:
    """Every message whenever the record was written, and whether every date in them reads one way only."""
    return _remembered(text) if len(text) <= _CACHED else _read(text, None)


def exceptions(text: str) -> tuple[str, ...]:
    """Types of the exceptions printed in a text, outermost first."""
    return thrown.chain(text)


def primary(messages: Iterable[Message]) -> str | None:
    """The code of the outermost failure that has one; informational messages are no failures."""
    return next((m.code for m in messages if m.code and not m.informational), None)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> tuple[tuple[Message, ...], bool]:
    return _read(text, None)


def _read(text: str, at: datetime | None, *, mentions: bool = False) -> tuple[tuple[Message, ...], bool]:
    """The messages, and whether every date in them reads one way only; with ``mentions`` also codes only talked about."""
    glance = plain(text) if len(text) <= _CACHED and not mentions else None
    if glance is not None:
        return _glanced(glance, Dates(at))
    whole = restored(text)
    if whole is None:
        return _said(text, at, mentions=mentions)
    found, sure = _said(whole.text, at, mentions=mentions)
    return tuple(m._replace(start=whole.back(m.start), end=whole.back(m.end)) for m in found), sure


def _glanced(found: Plain, dates: Dates) -> tuple[tuple[Message, ...], bool]:
    form, by_gap, start, end, front = found
    said = fields.said(form, by_gap, dates)
    if front.thrown:
        said.fields.setdefault("exception_type", front.thrown[0])
        if len(front.thrown) > 1:
            said.fields.setdefault("inner_exception_types", front.thrown[1:])
    message = Message(
        code=form.code,
        template=form.text,
        values=fields.values(form, by_gap),
        versions=form.versions,
        fields=Frozen(said.fields),
        hidden=tuple(said.hidden),
        exception_type=front.adjacent,
        start=start,
        end=end,
    )
    return (message,), dates.sure


def _said(text: str, at: datetime | None, *, mentions: bool) -> tuple[tuple[Message, ...], bool]:
    found = thrown.heads(text)
    codes = _codes(text, found)
    dates = Dates(at)
    messages = list(_coded(text, codes, found, dates, mentions=mentions)) if codes else []
    if _OPENIDDICT in text:
        messages += _openiddict(text)
    if all(m.informational for m in messages):
        messages += _host(text, found, dates)
    if not messages:
        return (), True
    if len(messages) > 1:
        messages.sort(key=lambda m: m.start)
    return tuple(_completed(text, messages, found)), dates.sure


# --------------------------------------------------------------------------- codes


def _codes(text: str, thrown_here: Sequence[thrown.Head]) -> list[tuple[int, str]]:
    """Where codes stand that count: their digits, a colon, and neither letter nor digit in front."""
    found = [(m.start(), m[0][:-1]) for m in _CODES.finditer(text)]
    if "MIML1" in text or "Jwt10" in text or "WIF1" in text:
        found = sorted(found + [(m.start(), m[0][:-1]) for m in _RARE.finditer(text)])
    return [(at, code) for at, code in found[:_MOST_CODES] if _counts(text, at, code, thrown_here)]


def _counts(text: str, at: int, code: str, thrown_here: Sequence[thrown.Head]) -> bool:
    if code[2].isdigit() and not _of_foundation(text, at, code, thrown_here):
        return False
    if len(code) == 7 and not templates(code):  # IDX1400 was shipped with four digits
        return False
    if not at:
        return True
    before = text[at - 1]  # a slash makes it a help link
    return (not before.isalnum() and before != "/") or _ESCAPE.search(text, max(0, at - 16), at) is not None


def _of_foundation(text: str, at: int, code: str, thrown_here: Sequence[thrown.Head]) -> bool:
    """Whether a short code is one of Windows Identity Foundation's: anybody may number records like that."""
    if any(form.text.startswith(text[at : at + _BEGINNING]) for form in templates(code)):
        return True
    name = thrown.type_of(text, thrown_here, at) or ""
    return name.startswith(_IDENTITY_MODEL) or short(name).startswith("SecurityToken")


def _coded(
    text: str, codes: Sequence[tuple[int, str]], found: Sequence[thrown.Head], dates: Dates, *, mentions: bool
) -> Iterator[Message]:
    only_mentioned = Mentions(text, found)
    quiet_until = -1
    for cut in cuts(text, codes):
        quiet = cut.quiet
        if quiet:
            quiet_until = max(quiet_until, cut.end)
        if not mentions and only_mentioned.holds(cut):
            continue
        exception_type = thrown.type_of(text, found, cut.start)
        yield _message(text, cut, exception_type, dates, quiet=quiet or cut.start < quiet_until)


def _message(text: str, cut: Cut, exception_type: str | None, dates: Dates, *, quiet: bool) -> Message:
    form = cut.template
    if form is None:
        return Message(
            code=cut.code,
            template=text[cut.start : cut.end],
            informational=quiet,
            exception_type=exception_type,
            start=cut.start,
            end=cut.end,
        )
    by_gap = cut.values(text)
    said = fields.said(form, by_gap, dates, open_gap=cut.open)
    return Message(
        code=form.code,
        template=form.text,
        values=fields.values(form, by_gap),
        versions=cut.versions,
        informational=quiet,
        fields=Frozen(said.fields),
        hidden=tuple(said.hidden),
        exception_type=exception_type,
        start=cut.start,
        end=cut.end,
    )


# --------------------------------------------------------------------------- the record as a whole


def _completed(text: str, messages: list[Message], found: Sequence[thrown.Head]) -> list[Message]:
    """The outermost failure comes first and carries what the record says around its messages."""
    if thrown.innermost_first(text, found):
        messages.reverse()
    place = next((i for i, m in enumerate(messages) if not m.informational), 0)
    main = messages[place]
    around = _around(text, main, found)
    if parameter := _parameter(text, (main, *(m for m in messages if m.start >= main.end))):
        around["parameter_name"] = parameter
    if len(messages) > 1:
        around |= {k: v for k, v in _keys_of(main, messages).items() if k not in main.hidden}
    new = {name: value for name, value in around.items() if name not in main.fields}
    if new:
        messages[place] = main._replace(fields=Frozen({**main.fields, **new}))
    return messages


_STATED: Final = ("Could not load", "Method not found")
_BEHIND: Final = 160
"""A parameter's name stands within so many characters behind the message."""


def _around(text: str, main: Message, found: Sequence[thrown.Head]) -> dict[str, object]:
    out = _chain(text, main, found)
    if found or any(mark in text for mark in _STATED):
        out |= thrown.facts(text, found)
    if "error_description" in text:
        out |= {name: value for name, value in _described(text).items() if name not in out}
    return out


def _parameter(text: str, messages: Iterable[Message]) -> str | None:
    """The parameter that the outermost exception names behind its message; those caught and listed in one are others."""
    for m in messages:
        if text[m.end : m.end + 1] in _BLANKS:
            start = m.end if m.versions else m.start
            if parameter := thrown.parameter(text, start, m.end + _BEHIND):
                return parameter
    return None


_BLANKS: Final = (" ", "\r", "\n", "(", "", "\\")


def _chain(text: str, main: Message, found: Sequence[thrown.Head]) -> dict[str, object]:
    if not found:
        return {}
    types = thrown.chain(text, found)
    first = found[0]
    apart = first.start >= main.end and (thrown.stands_apart(text, first) or _says_again(text, main, first))
    outer = first.start < main.start or apart or thrown.innermost_first(text, found)
    out: dict[str, object] = {"exception_type": types[0]} if outer else {}
    inner = types[1:] if outer else types
    if inner:
        out["inner_exception_types"] = inner
    return out


def _says_again(text: str, main: Message, head: thrown.Head) -> bool:
    """Whether an exception's text is the message itself: error pages print it as a title, then with its type."""
    said = text[main.start : main.end].strip()
    return said != "" and text[head.end : head.end + len(said) + 10].lstrip().startswith(said)


def _keys_of(main: Message, messages: Sequence[Message]) -> dict[str, object]:
    """The keys that the exceptions inside a message name, where it does not list them itself."""
    if "keys_tried_count" in main.fields:
        return {}
    named_keys = [k for m in messages if m is not main for k in _tuple(m.fields.get("keys_tried"))]
    count = len(dict.fromkeys((k["type"], k["kid"], k["internal_id"]) for k in named_keys))
    types = [t for m in messages if m is not main for t in _tuple(m.fields.get("key_types"))]
    if not types:
        return {}
    out: dict[str, object] = {"keys_tried_count": count or 1, "key_types": tuple(dict.fromkeys(types))}
    if count:
        out["keys_tried"] = tuple({(k["type"], k["kid"], k["internal_id"]): k for k in named_keys}.values())
    return out


def _tuple(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


# --------------------------------------------------------------------------- without a code

_DESCRIBED: Final = (
    (re.compile(r"The audience ['\"]([^'\"\n]{1,2000})['\"] is invalid"), "aud"),
    (re.compile(r"The issuer ['\"]([^'\"\n]{1,1000})['\"] is invalid"), "iss"),
    (re.compile(r"expired at ['\"]([^'\"\n]{1,60})['\"]"), "valid_to"),
    (re.compile(r"(?:not valid before|NotBefore:) ['\"]([^'\"\n]{1,60})['\"]"), "valid_from"),
    (re.compile(r"Expires: ['\"]([^'\"\n]{1,60})['\"]"), "valid_to"),
)


def _described(text: str) -> dict[str, object]:
    """Fields that a ``WWW-Authenticate`` header states."""
    said = Said({})
    start = text.find("error_description")
    window = text[start : start + 4000]
    for pattern, name in _DESCRIBED:
        m = pattern.search(window)
        if m is not None:
            said.take(name, m[1])
    fields.header_dates(said)
    return said.fields


_OPENIDDICT: Final = "openiddict.com/errors/ID"
_IN_ERROR_URI: Final = re.compile(
    r"(?:error_uri|Error URI)(?:[^A-Za-z0-9]|u0022|quot){1,24}https?://(?:documentation\.)?$"
)
_NUMBER: Final = re.compile(r"\d{4}(?!\d)")
_ERROR: Final = re.compile(r"\b(?:error[\"']?\s?[:=]\s?[\"']|Error:\s{0,4})(\w{1,60})")
_DESCRIPTION: Final = re.compile(
    r"\berror_description\"?\s?[:=]\s?\"([^\"\n]{1,1000})|Error description:\s{0,4}([^\n]{1,1000})"
)
_MOST_RESPONSES: Final = 100
_RESPONSE: Final = 3000
"""An error response is shorter than this, characters."""


def _openiddict(text: str) -> Iterator[Message]:
    """OpenIddict's numbers, which stand in ``error_uri`` only."""
    position = text.find(_OPENIDDICT)
    for _ in range(_MOST_RESPONSES):
        if position < 0:
            return
        number = _NUMBER.match(text, position + len(_OPENIDDICT))
        if number and _IN_ERROR_URI.search(text[max(0, position - 60) : position]):
            yield _response_message(text, f"ID{number[0]}", position, number.end())
        position = text.find(_OPENIDDICT, position + len(_OPENIDDICT))


def _response_message(text: str, code: str, position: int, end: int) -> Message:
    first = max(0, position - _RESPONSE)
    window = Squeezed(text[first:end])
    errors = list(_ERROR.finditer(window.text))
    described = list(_DESCRIPTION.finditer(_lines(text[first:end])))
    fields: dict[str, object] = {}
    if errors:
        fields["error"] = errors[-1][1]
    if described:
        fields["error_description"] = (described[-1][1] or described[-1][2]).strip()
    row = openiddict().get(code, {})
    return Message(
        code=code,
        template=row.get("text") or str(fields.get("error_description", "")),
        informational=bool(row.get("quiet")),
        fields=Frozen(fields),
        start=first + window.back(errors[-1].start()) if errors else position,
        end=end,
    )


def _lines(window: str) -> str:
    """Escapes resolved, lines kept."""
    return "\n".join(Squeezed(line).text for line in window.replace("\\r", "").replace("\\n", "\n").split("\n"))


_ANCHOR: Final = re.compile(
    r"(?:^|[\r\n]|Failure message: |RemoteAuthentication: |error_description=\\?\"|processing message: |\()[\s\"'“]{0,40}"
)
_QUOTES: Final = re.compile(r"[ '\"“]{0,6}")
_ANYWHERE: Final = re.compile(
    r"invalid bearer token received|No token validator (?:or token handler )?was found for|OpenIdConnectMessage\.Error was not null"
    r"|The MetadataAddress or Authority must use HTTPS"
)
"""Texts that nobody writes by accident count wherever they stand."""
_NEWLINE: Final = re.compile("\n")
_MOST_ANCHORS: Final = 1000
_REFUSED: Final = " was not authenticated. Failure message: "
_START: Final = 5


def _host(text: str, found: Sequence[thrown.Head], dates: Dates) -> list[Message]:
    """What a host says of a refusal that has no code; what it only says beside one is informational."""
    fits = _host_fits(text, found)
    roles = {f.template.role for f in fits}
    chosen = [f for f in fits if f.template.role in ("refusal", "context")]
    if "refusal" not in roles:
        chosen += [f for f in fits if f.template.role == "wrapper"][:1]
    out = [_host_message(text, f, found, dates) for f in chosen]
    if not roles & {"refusal", "wrapper", "cookie"}:
        out += _refused(text) if _REFUSED in text else _header(text, fits)
    return out


def _host_fits(text: str, found: Sequence[thrown.Head]) -> list[Fit]:
    place = Place(text, [m.start() for m in _NEWLINE.finditer(text)])  # no value goes beyond its line
    anchors = {m.end() for m, _ in zip(_ANCHOR.finditer(text), range(_MOST_ANCHORS), strict=False)}
    anchors |= {m.end() for h in found if (m := _QUOTES.match(text, h.end))}
    anchors |= {m.start() for m, _ in zip(_ANYWHERE.finditer(text), range(_MOST_ANCHORS), strict=False)}
    out: dict[int, Fit] = {}
    for at in sorted(anchors):
        for form in _by_start().get(text[at : at + _START], ()):
            fit = fitting.complete(place, at, form, form.literals)
            if fit is not None and _is_whole(text, fit):
                out.setdefault(at, fit)
    return list(out.values())


_GOES_ON: Final = re.compile(r"[.\s\"'”]{0,8}(?!at [\w.<>`+]{3,300}\()\w")


def _is_whole(text: str, fit: Fit) -> bool:
    """A host's text, not a sentence that begins with its words."""
    role = fit.template.role
    if role == "refusal":
        return "\n" in text[fit.end : fit.end + 9] or _GOES_ON.match(text, fit.end) is None
    return role != "wrapper" or not fit.values or " " not in text[slice(*fit.values[0])]


@cache
def _by_start() -> Mapping[str, tuple[Template, ...]]:
    out: dict[str, list[Template]] = {}
    for form in sorted(host_templates(), key=lambda t: -sum(map(len, t.literals))):
        out.setdefault(form.literals[0][:_START], []).append(form)
    return {start: tuple(forms) for start, forms in out.items()}


def _host_message(text: str, fit: Fit, found: Sequence[thrown.Head], dates: Dates) -> Message:
    form = fit.template
    start = fit.values[0][0] - len(form.literals[0]) if fit.values else fit.end - len(form.literals[0].rstrip())
    cut = Cut("", start, fit.end, form, fit.values, None)
    return _message(text, cut, thrown.type_of(text, found, start), dates, quiet=form.role == "context")


def _refused(text: str) -> Iterator[Message]:
    """An application's own words in the host's record of a refusal."""
    at = text.find(_REFUSED)
    if at < 0:
        return
    start = text.rfind("\n", max(0, at - 300), at) + 1
    end = text.find("\n", at + len(_REFUSED))
    end = min(end if end >= 0 else len(text), at + 2000)
    why = text[at + len(_REFUSED) : end].strip().strip('"“”')
    if not why.startswith("{"):  # a template, not yet rendered
        yield Message(
            code=None,
            template="{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}",
            values=(text[start:at].strip().strip('"“”'), why),
            start=start,
            end=end,
        )


_HEADER: Final = re.compile(
    r"\bBearer (?:realm=\\?\"[^\"\n]{0,300}\", ?)?error=\\?[\"']?invalid_token\b\\?[\"']?"
    r"(?:, ?error_description=\\?\"(?P<why>[^\"\n\\]{1,2000}))?"
)
HEADER: Final = 'WWW-Authenticate: Bearer error="invalid_token"'
"""The template of a refusal that only the response's header tells of begins so."""


def only_header(found: Sequence[Message]) -> bool:
    """Whether nothing but the response's header tells of a refusal: beside any other record of it, it adds nothing."""
    failing = False
    for m in found:
        if not m.informational:
            if m.code is not None or not m.template.startswith(HEADER):
                return False
            failing = True
    return failing


def _header(text: str, fits: Sequence[Fit]) -> Iterator[Message]:
    """The header of a response: that a token was refused, and mostly why, with what the token said."""
    m = _HEADER.search(text) if "invalid_token" in text else None
    if m is None or "openiddict" in text:
        return
    why = [f.template.text for f in fits if m.start() <= f.end <= m.end() + 2]
    fields: dict[str, object] = {"error": "invalid_token"}
    if m["why"]:
        fields |= {"error_description": m["why"].strip(), **_described(text)}
    template = HEADER + (f', error_description="{why[0] if why else m["why"]}"' if m["why"] else "")
    yield Message(code=None, template=template, fields=Frozen(fields), start=m.start(), end=m.end())
