"""One token looked at by itself: the checks, what the library would report, and the cause by the same rules.

token → judgement → the failure that the library would report → evidence → rules → Inspection. Where several schemes
are configured and none is named, the one that the token fits best is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from authlens._version import __version__
from authlens.diagnosis import diagnose, evidence, evidence_secrets, ruleset
from authlens.diagnosis.rule import Ruleset
from authlens.errors import InputError, UsageError
from authlens.model import (
    Check,
    Expectations,
    Failure,
    Finding,
    Frozen,
    Judgement,
    Library,
    Origin,
    Result,
    Token,
    TokenForm,
    Verdict,
)
from authlens.tokens import find, parse, token_fields
from authlens.trust import documents, expectations, fetch, fetch_http, validate
from authlens.trust.checks.library import library as read_library
from authlens.trust.history import History

LONGEST = 1024 * 1024
"""Characters of a text in which a token is looked for."""
_ORIGIN = Origin(path="token", offset=0, line=1)
_SHOWN = (TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.DECODED, TokenForm.ENCRYPTED, TokenForm.TRUNCATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What there is to say of one token."""

    judgement: Judgement
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


def inspect(
    text: str,
    *,
    settings: Sequence[str | Path] = (),
    bundles: Sequence[str | Path] = (),
    jwks: Sequence[str | Path] = (),
    apis: Sequence[Mapping[str, object]] = (),
    offline: bool = False,
    online: bool = False,
    allow_issuers: Sequence[str] = (),
    ca_bundle: str | Path | None = None,
    secret: bytes | None = None,
    cache: str | Path | None = None,
    rules: Sequence[str | Path] = (),
    default_rules: bool = True,
    now: datetime | None = None,
    scheme: str | None = None,
    library: str = "8",
) -> Inspection:
    """Checks one token as a scan checks those that it finds.

    Args:
        text: The token, or a text that holds exactly one.
        settings: ``appsettings.json`` files, later ones over earlier ones.
        bundles: Documents recorded earlier.
        jwks: Key sets, each ``FILE`` or ``ISSUER=FILE``.
        apis: ``[[api]]`` tables of the configuration.
        offline: Open no socket; a cache is read where one is named.
        online: Ask also for the token's issuer, where the vendor list knows its host.
        allow_issuers: Further issuers to ask for.
        ca_bundle: Further certificate authorities, PEM.
        secret: A shared secret to verify with, as it stands in its file; it reaches no output.
        cache: Folder of fetched documents and their history.
        rules: Rule files or folders on top of the pack.
        default_rules: Use the pack that is shipped.
        now: The time of validation; the clock when None.
        scheme: Which of the configured schemes is meant.
        library: ``6`` (6.8), ``7`` (7.7), ``8`` (8.23) or a full version.

    Raises:
        UsageError: There is no token or more than one, or no such scheme, or a rule file is wrong.
        InputError: ``ca_bundle`` cannot be used.
    """
    token = read(text)
    pack = ruleset.load([Path(p) for p in rules], default=default_rules)
    told = expectations.read_settings([str(p) for p in settings])
    configured = _meant((*expectations.from_config(apis), *told.expectations), scheme)
    network = None if offline and cache is None else _network(offline, online, allow_issuers, ca_bundle, cache)
    known = documents.Documents(bundles=bundles, jwks=[str(p) for p in jwks], network=network, configured=configured)
    at = now or datetime.now(UTC)
    given = evidence_secrets.Given(secret) if secret else None
    seen = [_look(token, demands, known, at, library, given=given) for demands in configured or (None,)]
    best = min(seen, key=lambda one: one.misses)
    finding = _diagnosed(best, pack)
    notes = (
        *told.notes,
        *(f"{issuer}: {why}" for issuer, why in known.unavailable()),
        *(network.notes if network else ()),
    )
    return Inspection(
        judgement=best.judgement,
        demands=best.demands,
        schemes=len(configured),
        library=read_library(library).version,
        at=at,
        result=Result(
            version=__version__,
            now=at,
            findings=(finding,),
            issuers=known.all(),
            notes=notes,
            unusable=(*map(str, told.faults), *(_said(error) for error in known.errors)),
        ),
    )


def read(text: str) -> Token:
    """The one token of a text; a text of a single word is read as one whatever it looks like.

    Raises:
        UsageError: The text holds none, or more than one.
    """
    words = text[: LONGEST + 1].strip().strip("\"'").split()
    if words and words[0].lower().rstrip(":") == "authorization":
        words = words[1:]
    if words and words[0].lower() == "bearer":
        words = words[1:]
    if len(words) == 1:
        return parse(words[0].strip("\"'"))
    found = [token for token in find(" ".join(words)) if token.form in _SHOWN]
    if len(found) == 1:
        return found[0]
    held = f"{len(found)} tokens" if found else "no token"
    raise UsageError(f"there is {held} in what was given.", hint="Give one token: authlens token - (it is not shown)")


def _meant(configured: tuple[Expectations, ...], scheme: str | None) -> tuple[Expectations, ...]:
    if scheme is None:
        return configured
    found = expectations.Book(configured).for_scheme(scheme)
    if found is not None:
        return (found,)
    names = ", ".join(e.scheme or e.section for e in configured) or "none"
    raise UsageError(f"--scheme {scheme[:60]}: no scheme of this name is configured.", hint=f"Known are: {names}.")


def _network(
    offline: bool, online: bool, allowed: Sequence[str], ca_bundle: str | Path | None, cache: str | Path | None
) -> fetch.Fetcher:
    return fetch.Fetcher(
        fetch.Policy(offline=offline, online=online, allowed=fetch.allow(allowed)),
        history=History(cache) if cache is not None else None,
        client=fetch_http.Client(ca_bundle=str(ca_bundle) if ca_bundle is not None else None),
    )


def _said(error: InputError) -> str:
    return f"{error} {error.hint}".strip()


# --------------------------------------------------------------------------- one scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The token held against one scheme."""

    failure: Failure
    judgement: Judgement
    demands: Expectations | None
    known: documents.Documents
    given: evidence_secrets.Given | None

    @property
    def misses(self) -> tuple[bool, bool, int]:
        """How badly they fit: another's issuer first of all."""
        refusing = [c for c in self.judgement.checks if c.verdict is Verdict.FAIL and c.code]
        foreign = any(c.name == "issuer.matches" for c in refusing)
        return foreign, bool(refusing), len(refusing)

    @property
    def table(self) -> evidence.EvidenceTable:
        """The evidence of the failure."""
        configured = () if self.demands is None else (self.demands,)
        book = expectations.Book.of(configured, (self.failure,))
        at = self.failure.time or datetime.now(UTC)
        return evidence.build([self.failure], book=book, documents=self.known, now=at, given=self.given)


def _look(
    token: Token,
    demands: Expectations | None,
    known: documents.Documents,
    at: datetime,
    library: str,
    *,
    given: evidence_secrets.Given | None,
) -> _Look:
    version = read_library(library).version
    failure = Failure(
        origin=_ORIGIN,
        time=at,
        scheme=demands.scheme if demands is not None else None,
        token=token,
        fields=Frozen(token_fields(token)),
        library=Library(version=".".join(map(str, version)), sure=True, low=version, high=version),
    )
    empty = Judgement(valid=None, code=None)
    look = _Look(failure=failure, judgement=empty, demands=demands, known=known, given=given)
    judgement = look.table.judgements[0] or validate.judge(token, None, demands or Expectations(), at, library)
    code = judgement.code
    failed = replace(failure, code=code, codes=(code,) if code else ())
    return replace(look, failure=failed, judgement=judgement)


def _diagnosed(look: _Look, pack: Ruleset) -> Finding:
    found = diagnose.diagnose(look.table, pack)[0]
    return replace(found, checks=look.judgement.checks)


def refusing(judgement: Judgement) -> Iterator[Check]:
    """The checks for which the library would refuse the token, in its order."""
    return (check for check in judgement.checks if check.verdict is Verdict.FAIL and check.code)
