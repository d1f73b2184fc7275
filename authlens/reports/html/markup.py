"""Texts as HTML: escaped, cut, with nothing in them that steers; the only markup is ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from authlens.reports.diff import Piece
from authlens.reports.wording import visible

_CODE: Final = re.compile(r"```[a-z]{0,12}\n?([^`]{1,8000})```|`([^`\n]{1,2000})`")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?(?: UTC)?)?")
_WEB: Final = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?(?:/[!-;=?-~]{0,1000})?")


def ours(text: str) -> Markup:
    """A file of this package, as it stands."""
    return Markup(text)  # noqa: S704 - our own file


def shown(value: object, *, longest: int) -> object:
    """What an expression in a template becomes: cut, and with nothing that steers; the template escapes it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return "–" if value is None else value
    return visible(cut(value, longest), lines=True)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and how much is missing."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} more characters)"


def prose(text: str, *, longest: int) -> Markup:
    """Text whose `` `code` `` is shown as such, whose fenced blocks can be copied, and whose dates stay whole."""
    text = cut(text, longest)
    out = Markup()
    done = 0
    for match in _CODE.finditer(text):
        out += _words(text[done : match.start()])
        block, inline = match.groups()
        tag = "<pre><code>{}</code></pre>" if block else "<code>{}</code>"
        out += Markup(tag).format(_plain((block or inline).strip("\n")))  # noqa: S704 - the text is escaped by format
        done = match.end()
    return out + _words(text[done:])


def _words(text: str) -> Markup:
    """Words whose dates no line breaks apart."""
    plain = str(_plain(text))  # joined as Markup, the tags would be escaped as well
    return Markup(_MOMENT.sub(r'<span class="t">\g<0></span>', plain))  # noqa: S704 - escaped before


def marked(pieces: Iterable[Piece] | None) -> Markup:
    """A value whose differing characters are marked; a dash for one that is not there."""
    out = Markup()
    for text, differs in pieces or [("–", False)]:
        out += Markup("<mark>{}</mark>").format(_plain(text)) if differs else _plain(text)
    return out


def is_web(address: str) -> bool:
    """Whether an address may become a link."""
    return _WEB.fullmatch(address) is not None


def _plain(text: str) -> Markup:
    return escape(visible(text, lines=True))
