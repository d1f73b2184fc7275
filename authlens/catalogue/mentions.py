"""Whether a code in a text is a message of the library or only mentioned: in release notes, alert rules, queries.

What speaks for a message: its text is one that the library writes, in whole or cut; the code is not known, so that a
newer library may have written it; an exception or a handler stands before it; it quotes values as the library does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from authlens.catalogue.cutting import Cut
from authlens.catalogue.exceptions import Head
from authlens.catalogue.templates import templates

_HANDLERS: Final = (
    "ailed to validate the token",
    "ailure message:",
    "Exception occurred while processing message",
    "Error from RemoteAuthentication",
    "handling the remote login",
    "An unhandled exception",
    "Error: 0 : Authentication failed",
    "Microsoft.IdentityModel Version:",
    "IdentityLoggerAdapter",
    "JwtBearerHandler",
    "JwtBearerMiddleware",
    "OpenIdConnectHandler",
    "Microsoft.Owin.Security",
    "Microsoft.AspNetCore.Authentication",
    "UnauthorizedAccessException",
)
_REFUSED: Final = r"(?:failed|failure|rejected|refused|denied|unauthori[sz]ed|invalid|threw|thrown|exception|error)\b"
_REFUSES: Final = re.compile(_REFUSED, re.IGNORECASE)
_REFUSAL: Final = re.compile(_REFUSED + r"[^:.;\n]{0,60}[:>(-]{1,3}\s{0,4}['\"]?$", re.IGNORECASE)
"""What an application says before the reason that it quotes."""
_SENTENCE_GOES_ON: Final = re.compile(r",? \w")
_VALUE: Final = re.compile(r"(?:: |is |\()'[^'\n]{1,300}'|aka\.ms/|\[PII ")
"""The library's way to quote a value, and its help links."""
_CITING: Final = re.compile(
    r"\b(?:contains?|contained|containing|has|like|where|rules?|alerts?|match(?:es|ing)?|search(?:es|ed)?|filters?|quer(?:y|ies)|grep"
    r"|regex|startswith|starts with|runbook|named|titled|called|fix(?:es|ed)?|resolves?|closes|ignor(?:es?|ing)|suppress(?:es|ed)?"
    r"|expects?|expected|asserts?|text|phrase|pattern|looks? for|such as|e\.g\.)(?:[\s:(,=~]{1,4}\S{0,20}){0,2}\s?[=~!(,:]{0,3}\s?['\"`“‘«/@$%.*]{1,6}$",
    re.IGNORECASE,
)
"""Words that introduce a quotation of a text, up to its quotation mark."""
_NOTING: Final = re.compile(
    r"\b(?:fix(?:es|ed)?|resolves?|closes|ignor(?:es?|ing)|suppress(?:es|ed)?|mentions?|grep|workaround for|see|about|contains)(?: the| of| for)?\s{1,2}"
    r"(?:ID[XW]\d{5}(?::[^:\n]{0,80})?, )?$",
    re.IGNORECASE,
)
"""Words of release notes right before a code."""
_BEFORE: Final = 120
_MARKUP: Final = " \t*_`'\"”’»…."


class Mentions:
    """Tells the mentions among the codes of one text."""

    __slots__ = ("_found", "_handled", "_text")

    def __init__(self, text: str, found: Sequence[Head]) -> None:
        """``found`` are the exceptions printed in the text."""
        self._text, self._found = text, found
        self._handled: int | None = None

    def holds(self, cut: Cut) -> bool:
        """Whether the code that was cut here refuses nothing and tells of no step: it is only talked about."""
        if not templates(cut.code):
            return False
        text = self._text
        if _says_values(text, cut):
            return False
        if self.cites(cut.start) or self._quotes_a_part(cut):
            return True
        if cut.template is not None or self._handled_from() < cut.start or _begins_one(text, cut):
            return False
        return _REFUSAL.search(self._before(cut.start)) is None

    def cites(self, start: int) -> bool:
        """Whether what stands before a code introduces a text that is talked about, and nothing there refused a token."""
        before = self._before(start)
        introduced = _CITING.search(before) or _NOTING.search(before)
        return introduced is not None and self._handled_from() >= start

    def _quotes_a_part(self, cut: Cut) -> bool:
        """Whether a sentence that tells of no refusal quotes a part of the text and goes on: the library ends its texts."""
        if cut.template is None or cut.whole or self._handled_from() < cut.start:
            return False
        mark = self._text[max(0, cut.start - 1) : cut.start]
        if mark not in ('"', "`") or not self._text.startswith(mark, cut.end):
            return False
        goes_on = _SENTENCE_GOES_ON.match(self._text, cut.end + 1) is not None
        return goes_on and _REFUSES.search(self._before(cut.start)) is None

    def _before(self, start: int) -> str:
        return self._text[max(0, start - _BEFORE) : start].rpartition("\n")[2]

    def _handled_from(self) -> int:
        """Where an exception or a handler's words first stand."""
        if self._handled is None:
            places = [at for at in map(self._text.find, _HANDLERS) if at >= 0]
            places += [head.start for head in self._found[:1]]
            self._handled = min(places, default=len(self._text))
        return self._handled


def _says_values(text: str, cut: Cut) -> bool:
    if cut.template is not None:
        return any(span is not None and span[1] > span[0] for span in cut.spans) and cut.open < 0
    return _VALUE.search(text, cut.start, cut.end) is not None


def _begins_one(text: str, cut: Cut) -> bool:
    """Whether the text is cut so early that it is the beginning of one of the code's texts."""
    said = text[cut.start : cut.end].rstrip(_MARKUP)
    rest = text[cut.end : cut.end + _BEFORE].strip(_MARKUP)
    if rest and not rest.startswith(("\n", "\r")):
        return False
    return any(form.text.startswith(said) for form in templates(cut.code))
