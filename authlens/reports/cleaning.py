"""Values as the document may show them: masked, without people unless asked, bounded in length and depth."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from authlens.model import Said
from authlens.redact import TECHNICAL, Pseudonyms, is_personal, leaves, mask

LONGEST_TEXT: Final = 8192
"""Characters of one text in the document; what is cut is said."""
LONGEST_LIST: Final = 500
DEEPEST: Final = 24
"""Levels of one value; a hostile token nests deeper."""
_ZONE: Final = -len("+00:00")
_MOST_BITS: Final = 1024
_LONGEST_NAME: Final = 1024
_MEANT: Final = frozenset({"nonce", "c_nonce", "at_hash", "c_hash", "s_hash"})
"""Claims that look like a secret and are none."""
_STRUCTURAL: Final = ("valid_issuer", "valid_issuers", "configuration_issuer", "valid_audience", "valid_audiences")
_NO_PERSON: Final = frozenset((*TECHNICAL, *_STRUCTURAL))

Clean = Callable[[str], str]


def rfc3339(time: datetime | None) -> str | None:
    """A time in UTC with ``Z``; fractions of a second only where there are any."""
    if time is None:
        return None
    return (time if time.tzinfo is UTC else time.astimezone(UTC)).isoformat()[:_ZONE] + "Z"


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text, or its beginning and how much is missing. Mask before cutting."""
    return text if len(text) <= longest else f"{text[:longest]}… [{len(text) - longest} more characters]"


@lru_cache(maxsize=1024)
def short(text: str) -> str:
    """A name of something, which is no person's."""
    return cut(mask(text, blobs=False), _LONGEST_NAME)


def optional(text: str | None, clean: Clean) -> str | None:
    """The text cleaned, where there is one."""
    return None if text is None else clean(text)


# --------------------------------------------------------------------------- people


def technical(said: Said) -> frozenset[str]:
    """Values that are no person's, whatever they look like."""
    mappings = [said.fields, *((said.token.header, said.token.claims) if said.token else ())]
    found = [value for mapping in mappings for name, value in mapping.items() if name in _NO_PERSON]
    return frozenset(text for value in found for text in leaves(value))


def people(said: Said, client: str | None, keep: frozenset[str]) -> tuple[str, ...]:
    """The personal values of one failure, in order of appearance, but for those that are no person's."""
    found = [client] if client else []
    for mapping in (said.fields, said.token.claims if said.token else {}):
        for name, value in mapping.items():
            if is_personal(name):
                found += leaves(value)
    return tuple(value for value in dict.fromkeys(found) if value and value not in keep)


class Cleaner:
    """Frees what is said of one failure of secrets and, unless asked, of people."""

    __slots__ = ("_names", "_people", "keep")

    def __init__(self, names: Pseudonyms, known: Sequence[str], keep: frozenset[str]) -> None:
        """``known`` are the people of the failure, ``keep`` values that are no person's."""
        self._names = names
        self._people = known
        self.keep = keep

    def names_in(self, text: str) -> bool:
        """Whether one of the failure's people stands in it."""
        for one in self._people:  # noqa: SIM110 - a generator takes longer than the search
            if one in text:
                return True
        return False

    def text(self, text: str, *, blobs: bool = True) -> str:
        """A free text."""
        found = None if self.names_in(text) else of_nobody(text, blobs=blobs)
        if found is not None:
            return found
        return cut(self._names.text(text, known=self._people, keep=self.keep, blobs=blobs))

    def value(self, text: str) -> str:
        """A text whose meaning is known: it may look like a secret."""
        return self.text(text, blobs=False)

    def person(self, text: str) -> str:
        """A text that is a person's, where it is not also something else."""
        return text if text in self.keep else cut(self._names.name(text))

    def member(self, name: str, value: object, clean: Clean, depth: int = 0) -> Any:
        """One claim or field; a person's is named by pseudonym, whatever lies in it."""
        if is_personal(name):
            return plain(value, self.person, number=str)
        if isinstance(value, Mapping) and depth < DEEPEST:
            return self.members(value, clean, depth + 1)
        if name in _MEANT and isinstance(value, str):
            return cut(mask(value, blobs=False))
        return plain(value, clean, depth=depth)

    def members(self, members: Mapping[str, object], clean: Clean, depth: int = 0) -> dict[str, Any]:
        """Claims or fields, in their order."""
        return {short(str(name)): self.member(str(name), value, clean, depth) for name, value in members.items()}


@lru_cache(maxsize=4096)
def of_nobody(text: str, *, blobs: bool = True) -> str | None:
    """The text cleaned, if it shows no person whoever the people are: no address, no member of a person's name."""
    masked = mask(text, blobs=blobs)
    return cut(masked) if Pseudonyms().text(text, known=(), blobs=blobs) == masked else None


# --------------------------------------------------------------------------- any value


def plain(value: object, clean: Clean, *, depth: int = 0, number: Callable[[int], str] | None = None) -> Any:
    """The value as JSON can say it, each text cleaned, bounded in length and depth."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return clean(value)
    if isinstance(value, Mapping | list | tuple):
        return _nested(value, clean, depth, number)
    found = _scalar(value)
    if number is not None and isinstance(found, int) and not isinstance(found, bool):
        return clean(number(found))
    return clean(found) if isinstance(found, str) and not isinstance(value, datetime) else found


def _nested(
    value: Mapping[Any, Any] | Sequence[Any], clean: Clean, depth: int, number: Callable[[int], str] | None
) -> Any:
    if depth >= DEEPEST:
        return "[nested too deeply]"
    if isinstance(value, Mapping):
        items = list(value.items())[:LONGEST_LIST]
        return {short(str(k)): plain(v, clean, depth=depth + 1, number=number) for k, v in items}
    kept = [plain(v, clean, depth=depth + 1, number=number) for v in value[:LONGEST_LIST]]
    return kept + ([f"[{len(value) - LONGEST_LIST} more]"] if len(value) > LONGEST_LIST else [])


def _scalar(value: object) -> Any:
    """A single value as JSON can say it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, int):
        return value if value.bit_length() <= _MOST_BITS else "[a very large number]"
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
