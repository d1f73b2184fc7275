"""Fixed texts, all found in one pass: the time is linear in what is searched, however hostile that is.

Of texts that overlap the one that begins first is found, and of those that begin together the one named first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

# This kind of match is the one that is found with vector instructions.
_KIND: Final = MatchKind.LeftmostFirst
_BLOCK: Final = 256 * 1024
"""So many bytes are searched before the next: they stay in the processor's cache, and what is found stays few."""

Found = tuple[int, int, int]
"""Number of the text, begin and end of what is found."""


class Texts:
    """Fixed texts to be found in texts."""

    __slots__ = ("_automaton",)

    def __init__(self, texts: Iterable[str]) -> None:
        """``texts`` are not empty."""
        self._automaton = AhoCorasick(tuple(texts), matchkind=_KIND)

    def find(self, text: str) -> list[Found]:
        """From the left; ``text`` holds no half of a surrogate pair, or it is a UnicodeEncodeError."""
        return self._automaton.find_matches_as_indexes(text)


class ByteTexts:
    """Fixed texts to be found in bytes."""

    __slots__ = ("_automaton", "_longest", "texts")

    def __init__(self, texts: Iterable[bytes]) -> None:
        """``texts`` are not empty."""
        self.texts = tuple(texts)
        self._longest = max(map(len, self.texts))
        self._automaton = BytesAhoCorasick(self.texts, matchkind=_KIND)

    def find(self, data: bytes, start: int, end: int) -> Iterator[Found]:
        """From the left."""
        for found in self.blocks(data, start, end):
            yield from found

    def blocks(self, data: bytes, start: int, end: int) -> Iterator[list[Found]]:
        """The same, block by block."""
        if start == 0 and end == len(data) <= _BLOCK:
            yield self._automaton.find_matches_as_indexes(data)
            return
        view = memoryview(data)
        for block in range(start, end, _BLOCK):
            over = min(end, block + _BLOCK)
            found = self._automaton.find_matches_as_indexes(view[block : over + self._longest])
            yield [
                (text, block + at, block + behind)
                for text, at, behind in found
                if block + at < over and block + behind <= end
            ]

    def within(self, data: bytes) -> bool:
        """Whether there is any."""
        return next(self.find(data, 0, len(data)), None) is not None
