"""The errors of authlens.

::

    AuthlensError               what happened, why, and what to type next (``hint``)
    ├── UsageError              exit 2: a flag, configuration or rule file is wrong; nothing was read
    │   └── FaultsError         exit 2: many faults at once, each with file, line and column
    ├── InputError              exit 3: an input or a file given by option could not be read or used
    └── NoInputError            exit 4: no file matched, or every file was empty

Exceptions of other libraries are translated where they arise; whoever catches ``AuthlensError`` has caught
all that a user's mistake can raise.
"""

from __future__ import annotations

from dataclasses import dataclass


class AuthlensError(Exception):
    """What happened and why; ``hint`` says what to do next."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(AuthlensError):
    """A flag, the configuration or a rule file is wrong; nothing was read."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One fault of a file that the user wrote."""

    path: str
    line: int = 1
    column: int = 1
    message: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class FaultsError(UsageError):
    """All faults of the user's files at once."""

    def __init__(self, faults: tuple[Fault, ...], *, hint: str = "") -> None:
        super().__init__("\n".join(str(f) for f in faults), hint=hint)
        self.faults = faults


class InputError(AuthlensError):
    """An input, or a file given by an option, could not be read or used."""

    exit_code = 3


class NoInputError(AuthlensError):
    """No file matched, or every file was empty."""

    exit_code = 4
