"""A value of an option, and where it was given."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlens.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value and where it was given."""

    value: Any
    path: str
    """A flag, a variable, or a file."""
    line: int = 0
    """0 where the place is a name already: a flag, a variable."""
    column: int = 0
    folder: Path | None = None
    """From which its paths count; None for the current folder."""

    def fault(self, message: str, hint: str = "") -> Fault:
        """What is wrong with it."""
        return Fault(path=self.path, line=self.line, column=self.column, message=message, hint=hint)

    def placed(self, path: str) -> str:
        """A path of it, from where it counts."""
        return path if self.folder is None or path == "-" else str(self.folder / path)

    @property
    def text(self) -> str:
        """The value as it was written."""
        return str(self.value)

    @property
    def texts(self) -> list[str]:
        """Its values, where one may stand without a list."""
        return [self.value] if isinstance(self.value, str) else list(self.value)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that comes near, as a sentence; nothing where none does."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else ""
