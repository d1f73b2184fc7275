"""One token looked at by itself: the checks, what the library would report, and the cause by the same rules.

token → judgement → the failure that the library would report → evidence → rules → Inspection. Where several schemes
are configured and none is named, the one that the token fits best is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from authlens import knowledge
from authlens._version import __version__
from authlens.diagnosis import diagnose, evidence
from authlens.errors import UsageError
from authlens.knowledge import Knowledge
from authlens.model import (
    Check,
    CheckVerdict,
    Expectations,
    Failure,
    Finding,
    Frozen,
    Library,
    Origin,
    Result,
    Said,
    Token,
    TokenForm,
    Verdict,
)
from authlens.options import Basis
from authlens.tokens import find, parse, token_fields
from authlens.trust import expectations, validate
from authlens.trust.checks.library import library as read_library

LONGEST = 1024 * 1024
"""Characters of a text in which a token is looked for."""
_SEGMENTS = re.compile(r"[A-Za-z0-9_=.-]+")
_ORIGIN = Origin(path="token", offset=0, line=1)
_SHOWN = (TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.DECODED, TokenForm.ENCRYPTED, TokenForm.TRUNCATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What there is to say of one token."""

    judgement: Verdict
    """What the validator would say; ``valid`` is None where what is known does not decide it."""
    demands: Expectations | None
    """Of the scheme it was held against; None where nothing is known of the API."""
    schemes: int
    """How many it was held against."""
    library: tuple[int, ...]
    at: datetime
    result: Result
    """With one finding: the token, its checks and, where it would be refused, the cause."""

    @property
    def finding(self) -> Finding:
        """The diagnosis; without meaning where the token would not be refused."""
        return self.result.findings[0]


def inspect(text: str, basis: Basis, *, scheme: str | None = None, library: str = "8") -> Inspection:
    """Checks one token as a scan checks those that it finds.

    Args:
        text: The token, or a text that holds exactly one.
        basis: What is known; its ``now`` is the time of validation.
        scheme: Which of the configured schemes is meant.
        library: ``6`` (6.8), ``7`` (7.7), ``8`` (8.23) or a full version.

    Raises:
        UsageError: There is no token or more than one, or no such scheme, or a rule file is wrong.
    """
    token = read(text)
    known = knowledge.read(basis, scheme=scheme)
    at = basis.now or datetime.now(UTC)
    seen = [_look(token, demands, known, at, library) for demands in known.expected or (None,)]
    best = min(seen, key=lambda one: one.misses)
    finding = _diagnosed(best)
    return Inspection(
        judgement=best.judgement,
        demands=best.demands,
        schemes=len(known.expected),
        library=read_library(library).version,
        at=at,
        result=Result(
            version=__version__,
            now=at,
            findings=(finding,),
            issuers=known.documents.all(),
            notes=known.notes,
            unusable=known.unusable,
        ),
    )


def read(text: str) -> Token:
    """The one token of a text; a text of a single word that holds none is read as one whatever it looks like.

    Raises:
        UsageError: The text holds none, or more than one.
    """
    words = text[: LONGEST + 1].strip().strip("\"'").split()
    if words and words[0].lower().rstrip(":") == "authorization":
        words = words[1:]
    if words and words[0].lower() == "bearer":
        words = words[1:]
    joined = "".join(words).strip("\"'")  # a terminal or a mail may have broken it into lines
    if _SEGMENTS.fullmatch(joined) and (len(words) == 1 or _is_whole(parse(joined))):
        return _as_given(parse(joined))
    found = [token for token in find(" ".join(words)) if token.form in _SHOWN]
    if len(found) == 1:
        return found[0]
    if len(words) == 1 and not found:
        return parse(joined)
    held = f"{len(found)} tokens" if found else "no token"
    raise UsageError(f"there is {held} in what was given.", hint="Give one token: authlens token - (it is not shown)")


# --------------------------------------------------------------------------- one scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The token held against one scheme."""

    failure: Failure
    judgement: Verdict
    demands: Expectations | None
    known: Knowledge

    @property
    def misses(self) -> tuple[bool, bool, int]:
        """How badly they fit: another's issuer first of all."""
        refusing = [c for c in self.judgement.checks if c.verdict is CheckVerdict.FAIL and c.code]
        foreign = any(c.name == "issuer.matches" for c in refusing)
        return foreign, bool(refusing), len(refusing)

    @property
    def table(self) -> evidence.EvidenceTable:
        """The evidence of the failure."""
        configured = () if self.demands is None else (self.demands,)
        book = expectations.Book.of(configured, (self.failure,))
        return evidence.build([self.failure], book=book, documents=self.known.documents, given=self.known.secret)


def _as_given(token: Token) -> Token:
    """A header alone is no part of a token here: nothing cut off what is missing."""
    return replace(token, form=TokenForm.OPAQUE) if token.form is TokenForm.HEADER else token


def _is_whole(token: Token) -> bool:
    return token.form in (TokenForm.COMPACT, TokenForm.ENCRYPTED) and token.defect is None and "alg" in token.header


def _look(token: Token, demands: Expectations | None, known: Knowledge, at: datetime, library: str) -> _Look:
    version = read_library(library).version
    failure = Failure(
        origin=_ORIGIN,
        time=at,
        scheme=demands.scheme if demands is not None else None,
        said=Said(
            token=token,
            fields=Frozen(token_fields(token)),
            library=Library(version=".".join(map(str, version)), sure=True, low=version, high=version),
        ),
    )
    empty = Verdict(valid=None, code=None)
    known.expect((failure,))
    look = _Look(failure=failure, judgement=empty, demands=demands, known=known)
    judgement = look.table.judgements[0] or validate.judge(token, None, demands or Expectations(), at, library)
    code = judgement.code
    said = replace(failure.said, code=code, codes=(code,) if code else ())
    return replace(look, failure=failure._replace(said=said), judgement=judgement)


def _diagnosed(look: _Look) -> Finding:
    found = diagnose.diagnose(look.table, look.known.pack)[0]
    return replace(found, checked=replace(found.checked, checks=look.judgement.checks))


def refusing(judgement: Verdict) -> Iterator[Check]:
    """The checks for which the library would refuse the token, in its order."""
    return (check for check in judgement.checks if check.verdict is CheckVerdict.FAIL and check.code)
