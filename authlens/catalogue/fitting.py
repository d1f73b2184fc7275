"""How a text is cut by a template: literals are found one after the other, so that time is linear in the text.

Values may hold quotes, whole exceptions and further messages; loggers cut texts, squeeze their line breaks, escape
or replace their quotes. A template fits *completely* where its end is found, *partly* where the text ends or goes on
differently before that.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from authlens.catalogue.templates import Template

REACH: Final = 1 << 17
"""An embedded exception is followed so far, characters."""
_CANDIDATES: Final = 4000
"""So many places are tried where a value may end."""
NESTED: Final = "nested"
KEYS: Final = "keys"
_WORDS: Final = 3
"""A closing text with so many letters is not met inside values."""

_ODD: Final = re.compile(
    r"(?P<space>(?: (?=[\s\\])|[^\S ]|\\[nrt])(?:\s|\\[nrt])*)"
    r"|(?P<colour>\x1b\[[0-9;]{0,12}m)"
    r"|(?P<one>\\['\"]|\\u00[2-7][0-9A-Fa-f]|&(?:#x?[0-9A-Fa-f]{2,3}|apos|quot|lt|gt|amp);)"
)
_ENTITIES: Final = {"&apos;": "'", "&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&"}
_TYPOGRAPHIC: Final = str.maketrans("‘’‚‛′´＇“”„‟", "'" * 7 + '"' * 4)

_FRAME: Final = r"[\w.<>`+$|,&=/\[\]-]{3,300}\("
STOP: Final = re.compile(
    rf"--->|, InnerException: |\n[ \t]{{0,12}}(?:---|(?:\S{{1,12}} )?{_FRAME})"
    rf"| (?:at|à|bei|em|en|in|в|w|v|bij|vid|ved|場所|在|於|위치:) (?=[\w<>`]{{1,100}}\.){_FRAME}"
)
"""Where a message certainly is over: an inner exception, a stack frame (in any language, or without a word)."""
_FRAME_LINE: Final = re.compile(rf"--- |(?:\S{{1,12}} )?{_FRAME}")
ENDS: Final = r"$|[\s\"')\]}>|<\\&;,.\u2018-\u201f]"
"""What may stand behind a message's end."""
_ENDS: Final = re.compile(ENDS)
_AFTER_BLANK: Final = re.compile(
    r"\s+(?:$|--->|\(|\S{1,12} [\w.<>`+]{3,300}\(|---|Parameter name|[A-ZА-Я])|\s*$|\s*[\r\n]|\\[nr]"
)
_HIDDEN_START: Final = ("[PII ", "[Security Artifact ")
_KEY: Final = re.compile(r"[\w.]{3,200}Key(?:, \w{2,10}: '[^'\n]{0,300}'){1,6}\.?")


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a template's values lie in a text."""

    template: Template
    values: tuple[tuple[int, int], ...]
    """Start and end for every gap that was found, in the order of the text."""
    end: int
    complete: bool
    weight: int = 0
    """How many of the template's own characters were met, where not all were."""
    open: bool = False
    """The last value is cut: what it would go on with is not known."""


class Squeezed:
    """A text with runs of white space as one blank, straight quotes, and no escapes; offsets lead back."""

    __slots__ = ("_here", "_there", "text")

    def __init__(self, text: str) -> None:
        text = text if text.isascii() else text.translate(_TYPOGRAPHIC)
        pieces: list[str] = []
        self._here: list[int] = [0]
        self._there: list[int] = [0]
        done = length = 0
        for m in _ODD.finditer(text):
            kept = text[done : m.start()]
            new = _plain(m)
            pieces += (kept, new)
            length += len(kept) + len(new)
            done = m.end()
            self._here.append(length)
            self._there.append(done)
        pieces.append(text[done:])
        self.text = "".join(pieces)

    def back(self, offset: int) -> int:
        """The offset in the original text."""
        i = bisect_right(self._here, offset) - 1
        back = self._there[i] + offset - self._here[i]
        return min(back, self._there[i + 1]) if i + 1 < len(self._there) else back

    def squeezed(self, offset: int) -> int:
        """The offset in the squeezed text of one in the original."""
        i = bisect_right(self._there, offset) - 1
        here = self._here[i] + offset - self._there[i]
        return min(here, self._here[i + 1]) if i + 1 < len(self._here) else here


_ESCAPED: Final = re.compile(r"\\u00[2-7][0-9A-Fa-f]|&(?:#x?[0-9A-Fa-f]{2,3}|apos|quot|lt|gt|amp);")


def unescaped(value: str) -> str:
    """A value without the escapes of JSON and HTML that cannot be anything else; a backslash alone may be a path."""
    if "\\u00" not in value and "&" not in value:
        return value
    return _ESCAPED.sub(lambda m: _character(m[0]), value)


def _plain(m: re.Match[str]) -> str:
    if m["space"] is not None:
        return " "
    odd = m["one"]
    if odd is None:
        return ""
    return odd[1] if len(odd) == 2 else _character(odd)  # a backslash and a quote


def _character(escape: str) -> str:
    if escape[0] == "\\":
        return chr(int(escape[-2:], 16))
    return _ENTITIES.get(escape) or _numbered(escape)


def _numbered(entity: str) -> str:
    digits = entity[2:-1].lower()
    try:
        return chr(int("0" + digits, 16) if digits.startswith("x") else int(digits))
    except ValueError:
        return entity


# --------------------------------------------------------------------------- complete


class Place:
    """One text with all its codes: where each begins, and where those that are cut already end."""

    __slots__ = ("ends", "reach", "starts", "text", "whole")

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text = text
        self.starts = starts
        """Where codes begin, ascending."""
        self.ends: dict[int, int] = {}
        """Where the messages of the later codes end, as far as they were cut."""
        self.whole: set[int] = set()
        """Where those of them begin whose own end was found."""
        self.reach = REACH if len(starts) < 100 else 1 << 13  # hostile texts repeat a code for ever

    def note(self, start: int, end: int, *, whole: bool) -> None:
        """Notes where the message of a code ends; ``whole``: its own end was found."""
        self.ends[start] = end
        if whole:
            self.whole.add(start)

    def barrier(self, position: int) -> int:
        """The next code behind a position: no plain value goes beyond it."""
        i = bisect_left(self.starts, position)
        return self.starts[i] if i < len(self.starts) else len(self.text)

    def beyond_nested(self, literal: str, position: int) -> int:
        """Where a literal stands behind an embedded exception, not inside one of the messages in it."""
        limit = position + self.reach
        found = self.text.find(literal, position, limit)
        while found >= 0 and self.skip(found) > found:
            found = self.text.find(literal, self.skip(found), limit)
        return found

    def skip(self, position: int) -> int:
        """Behind the message that a position lies in, or the position itself."""
        i = bisect_right(self.starts, position) - 1
        end = self.ends.get(self.starts[i], -1) if i >= 0 else -1
        return max(position, end)

    def behind_cited(self, literal: str, position: int) -> int:
        """Where a literal closes a value that holds codes itself, on the line of the last; negative where none does."""
        first = self.barrier(position)
        if first >= len(self.text) or "\n" in self.text[position:first]:
            return -1
        limit = position + self.reach
        found = self.text.find(literal, first, limit)
        while found >= 0 and (behind := self._behind_whole(found)) > found:
            found = self.text.find(literal, behind, limit)
        return -1 if found < 0 or "\n" in self.text[behind:found] else found

    def _behind_whole(self, position: int) -> int:
        """Where the last message before a position ends, or begins where its end is not known."""
        last = self.starts[bisect_right(self.starts, position) - 1]
        return self.ends[last] if last in self.whole else last


def complete(place: Place, start: int, template: Template, literals: tuple[str, ...]) -> Fit | None:
    """The template with its end found, or None."""
    text = place.text
    first = literals[0] if len(literals) > 1 else literals[0].rstrip()
    if not text.startswith(first, start):
        return None
    if len(literals) == 1:
        return Fit(template, (), start + len(first), complete=True)
    spans: list[tuple[int, int]] = []
    position = start + len(first)
    barrier = place.barrier(position)
    for gap in range(len(literals) - 2):
        literal = literals[gap + 1]
        if template.kinds[gap] == NESTED:
            found = place.beyond_nested(literal, position)
            barrier = place.barrier(found)
        else:
            found = text.find(literal, position, barrier)
            if found < 0 and _quotes(literals[gap], literal):
                found = place.behind_cited(literal, position)
                barrier = place.barrier(found)
        if found < 0:
            return None
        spans.append((position, found))
        position = found + len(literal)
    last = _close(place, position, barrier, literals[-1], nested=template.kinds[-1] == NESTED)
    if last is None and _quotes(literals[-2], literals[-1]):
        last = _close_cited(place, position, literals[-1].rstrip())
    if last is None:
        return None
    spans.append((position, last[0]))
    if template.repeats and not _agree(text, template, spans):
        return None
    return Fit(template, tuple(spans), last[1], complete=True)


def _quotes(before: str, behind: str) -> bool:
    """Whether two literals put the value between them into apostrophes."""
    return before.endswith("'") and behind.startswith("'")


def _agree(text: str, template: Template, spans: Iterable[tuple[int, int]]) -> bool:
    """A placeholder that is used twice prints the same value."""
    seen: dict[int, str] = {}
    return all(
        seen.setdefault(slot, text[a:b]) == text[a:b] for slot, (a, b) in zip(template.slots, spans, strict=True)
    )


def _close(place: Place, position: int, barrier: int, literal: str, *, nested: bool) -> tuple[int, int] | None:
    """Where the last value and the message end."""
    text = place.text
    tail = literal.rstrip()
    if not tail:
        end = _bare_end(text, position, over(text, position, barrier))
        return end, end
    limit = min(position + place.reach, len(text)) if nested else barrier
    if sum(map(str.isalpha, tail)) >= _WORDS:
        found = text.find(tail, position, limit)
        return None if found < 0 else (found, found + len(tail))
    found = (_close_nested if nested else _close_short)(place, position, limit, tail)
    return None if found < 0 else (found, found + len(tail))


def _close_cited(place: Place, position: int, tail: str) -> tuple[int, int] | None:
    """The same where the last value holds codes itself."""
    found = place.behind_cited(tail, position)
    end = found + len(tail)
    return (found, end) if found >= 0 and _ends_at(place.text, end) else None


def unknown_end(text: str, start: int, barrier: int) -> int:
    """The end of a message whose text is not known, without what .NET and hosts put behind messages."""
    end = _before_parameter(text, start, over(text, start, barrier))
    if text.endswith(" (", start, end):  # the next one of an AggregateException
        end -= 2
    for closing, opening in ((")", "("), ('"', ""), ("}", "{")):
        stray = text.count(closing, start, end) - (text.count(opening, start, end) if opening else 0)
        if text.endswith(closing, start, end) and (stray > 0 if opening else stray % 2):
            end -= 1
    return end


def _before_parameter(text: str, position: int, end: int) -> int:
    parameter = text.find(" (Parameter", position, end)
    return parameter if parameter >= 0 else end


def _bare_end(text: str, position: int, end: int) -> int:
    """The end of a value that nothing closes, without what hosts put behind messages."""
    end = _before_parameter(text, position, end)
    while end > position and text[end - 1] in " (\"'":
        end -= 1
    if text.endswith(")", position, end) and "(" not in text[position:end]:
        end -= 1
    return end


def _close_short(place: Place, position: int, limit: int, tail: str) -> int:
    text = place.text
    found = text.find(tail, beyond_quotes(text, position, limit), limit)
    for _ in range(_CANDIDATES):
        if found < 0:
            return -1
        if _ends_at(text, found + len(tail)):
            break
        found = text.find(tail, found + 1, limit)
    else:
        return -1
    return -1 if is_doubtful(text[position:found]) and STOP.search(text, position, found) else found


def is_doubtful(value: str) -> bool:
    """Whether a message may be over within what is taken for its last value."""
    return "\n" in value or "--->" in value or " at " in value


def _ends_at(text: str, end: int) -> bool:
    if end >= len(text):
        return True
    return _ENDS.match(text[end]) is not None


def _close_nested(place: Place, position: int, limit: int, tail: str) -> int:
    """An exception's end: behind its last stack frame, else where the first line of its own ends."""
    text = place.text
    first = -1
    found = text.find(tail, beyond_quotes(text, position, limit), limit)
    for _ in range(_CANDIDATES):
        if found < 0:
            break
        beyond = place.skip(found)
        if beyond > found:
            found = text.find(tail, beyond, limit)
            continue
        if _AFTER_BLANK.match(text, found + len(tail)) or _closes(text, found + len(tail)):
            if _on_frame(text, position, found):
                return found
            first = found if first < 0 else first
        found = text.find(tail, found + 1, limit)
    return first


def _closes(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in "\"')]}<|,."


def _on_frame(text: str, position: int, found: int) -> bool:
    line = text[max(position, text.rfind("\n", position, found)) : found].lstrip()
    return _FRAME_LINE.match(line) is not None


def beyond_quotes(text: str, position: int, limit: int) -> int:
    """Behind a value's beginning that is known to hold quotes: a hidden value, or keys as they print themselves."""
    if text.startswith(_HIDDEN_START, position):
        closing = text.find("]", position, min(limit, position + 400))
        return closing + 1 if closing >= 0 else position
    key = _KEY.match(text, position, limit)
    return key.end() if key else position


def over(text: str, position: int, limit: int) -> int:
    """Where a message without a closing text is over, trailing white space left out."""
    stop = STOP.search(text, position, limit)
    end = stop.start() if stop else limit
    while end > position and text[end - 1].isspace():
        end -= 1
    return end


# --------------------------------------------------------------------------- partly


def partly(place: Place, start: int, template: Template, stop: int) -> Fit:
    """As much of the template as the squeezed text holds; ``stop`` is where the message is over at the latest."""
    text, literals = place.text, template.squeezed
    head = _common(text, start, stop, literals[0])
    if head < len(literals[0].rstrip()) or len(literals) == 1:
        return Fit(template, (), start + head, complete=False, weight=head)
    barrier = place.barrier(start + 1)
    position, weight = start + len(literals[0]), len(literals[0])
    spans: list[tuple[int, int]] = []
    for gap, kind in enumerate(template.kinds[:-1]):
        literal = literals[gap + 1]
        found = place.beyond_nested(literal, position) if kind == NESTED else text.find(literal, position, barrier)
        if found < 0:
            return _broken(place, template, spans, position=position, stop=stop, weight=weight)
        spans.append((position, found))
        position, weight = found + len(literal), weight + len(literal)
        barrier = place.barrier(position) if kind == NESTED else barrier
    return _broken(place, template, spans, position=position, stop=stop, weight=weight)


def _common(text: str, start: int, end: int, literal: str) -> int:
    """Length of what the text at ``start`` and the literal have in common."""
    top = min(len(literal), max(end - start, 0))
    low = 0
    while low < top:  # by halves: a longer literal fits only where every shorter one does
        middle = (low + top + 1) // 2
        if text.startswith(literal[:middle], start):
            low = middle
        else:
            top = middle - 1
    return low


def _broken(
    place: Place, template: Template, spans: list[tuple[int, int]], *, position: int, stop: int, weight: int
) -> Fit:
    """The value that the text breaks off in, or behind which it goes on differently."""
    text, gap = place.text, len(spans)
    literal = template.squeezed[gap + 1].rstrip()
    end = stop if position <= stop else over(text, position, min(place.barrier(position), position + place.reach))
    if literal.startswith("'") and template.kinds[gap] not in (NESTED, KEYS):
        closing = _quote(text, position, end)
        if closing >= 0:
            more = _common(text, closing, end, literal)
            return Fit(template, (*spans, (position, closing)), closing + more, complete=False, weight=weight + more)
    begun = _begun(text, position, end, literal)
    if begun:
        return Fit(template, (*spans, (position, end - begun)), end, complete=False, weight=weight + begun)
    value = (*spans, (position, end)) if end > position else tuple(spans)
    return Fit(template, value, end, complete=False, weight=weight, open=end > position)


def _begun(text: str, position: int, end: int, literal: str) -> int:
    """How much of the literal the text ends with."""
    longest = min(len(literal), end - position, 200)
    return next((n for n in range(longest, 0, -1) if text.endswith(literal[:n], position, end)), 0)


def _quote(text: str, position: int, end: int) -> int:
    """The quote that closes a value, by what stands behind it; negative where none does."""
    found = text.find("'", beyond_quotes(text, position, end), end)
    for _ in range(_CANDIDATES):
        if found < 0 or _ends_at(text, found + 1):
            return found
        found = text.find("'", found + 1, end)
    return -1


def labelled(place: Place, position: int, end: int, label: re.Pattern[str]) -> tuple[int, int] | None:
    """The value behind a label (``Issuer: '``, however punctuated), or None."""
    m = label.search(place.text, position, end)
    if m is None:
        return None
    closing = _quote(place.text, m.end(), end)
    return (m.end(), closing) if closing >= 0 else None


@cache
def label(literal: str) -> re.Pattern[str] | None:
    """What stands in front of a placeholder, as a pattern that forgives punctuation; None where it has no words."""
    words = re.findall(r"[\w.]+", literal.partition("(UTC)")[0])
    if not words:
        return None
    return re.compile(rf"(?<![\w.]){re.escape(words[-1])}(?: ?\(UTC\))?[:=]?\s?'")
