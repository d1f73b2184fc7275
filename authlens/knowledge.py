"""What is known besides the log: rules, what the API expects, and the documents of its providers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from authlens.diagnosis import evidence_secrets, ruleset
from authlens.diagnosis.rule import Ruleset
from authlens.errors import InputError, UsageError
from authlens.model import Expectations, Failure
from authlens.options import Basis
from authlens.trust import documents, expectations

if TYPE_CHECKING:
    from authlens.trust import fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """A :class:`~authlens.options.Basis`, read."""

    pack: Ruleset
    expected: tuple[Expectations, ...]
    """Of each scheme that the settings or the configuration tell of."""
    documents: documents.Documents
    """Asks the providers when it is asked."""
    secret: evidence_secrets.Given | None
    unusable: tuple[str, ...]
    """Files that could not be read or used, a sentence each."""
    remarks: tuple[str, ...]
    """What the user should know of the settings."""
    network: fetch.Fetcher | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the settings and, once the documents were asked for, of what could not be learnt."""
        silent = (f"{issuer}: {why}" for issuer, why in self.documents.unavailable())
        return (*self.remarks, *silent, *(self.network.notes if self.network is not None else ()))

    def expect(self, failures: Iterable[Failure]) -> None:
        """Says which keys the log's tokens name, before any document is asked for."""
        if self.network is not None:
            self.network.expect(kid for f in failures if isinstance(kid := f.fields.get("kid"), str))


def read(basis: Basis, *, scheme: str | None = None) -> Knowledge:
    """Reads rules, settings, bundles and key sets; asks nobody yet.

    Args:
        basis: What was given.
        scheme: The only one that matters; all of them when None.

    Raises:
        UsageError: A rule file is wrong, or there is no such scheme.
    """
    pack = ruleset.load([Path(path) for path in basis.rules], default=basis.default_rules, examples=False)
    told = expectations.read_settings(basis.settings)
    expected = _expected(basis.apis, told.expectations)
    if scheme is not None:
        expected = (_of(scheme, expected),)
    network, faults = _network(basis)
    known = documents.Documents(
        bundles=basis.bundles, jwks=[str(path) for path in basis.jwks], network=network, configured=expected
    )
    return Knowledge(
        pack=pack,
        expected=expected,
        documents=known,
        secret=evidence_secrets.Given(basis.secret) if basis.secret else None,
        unusable=(*map(str, told.faults), *map(_said, (*faults, *known.errors))),
        remarks=(*told.notes, *_idle(basis)),
        network=network,
    )


def _network(basis: Basis) -> tuple[fetch.Fetcher | None, tuple[InputError, ...]]:
    """Who fetches documents, and what of the options could not be used: all else is done without."""
    faults: tuple[InputError, ...] = ()
    if basis.offline and not (basis.cache or basis.ca_bundle or basis.allow_issuers):
        return None, faults  # nothing is to be asked, and no option to be examined
    try:
        network = fetcher(basis)
    except InputError as error:
        network, faults = fetcher(replace(basis, ca_bundle=None)), (error,)
    return (None if basis.offline and basis.cache is None else network), faults  # neither socket nor cache


def _idle(basis: Basis) -> tuple[str, ...]:
    """The options that say how to ask, where nobody is asked."""
    given = {"--allow-issuer": basis.allow_issuers, "--ca-bundle": basis.ca_bundle}
    names = " and ".join(name for name, value in given.items() if value)
    return (f"{names}: without effect, since --offline asks nobody",) if names and basis.offline else ()


def fetcher(basis: Basis) -> fetch.Fetcher:
    """Who fetches documents, and under which policy.

    Raises:
        InputError: ``ca_bundle`` cannot be used.
    """
    from authlens.trust import fetch, fetch_http  # noqa: PLC0415 - a scan that asks nobody starts sooner
    from authlens.trust.history import History  # noqa: PLC0415 - see above

    return fetch.Fetcher(
        fetch.Policy(offline=basis.offline, online=basis.online, allowed=fetch.allow(basis.allow_issuers)),
        history=History(basis.cache) if basis.cache is not None else None,
        client=fetch_http.Client(ca_bundle=str(basis.ca_bundle) if basis.ca_bundle is not None else None),
    )


def _expected(apis: Sequence[Mapping[str, object]], settings: Sequence[Expectations]) -> tuple[Expectations, ...]:
    """``[[api]]`` says what stands in code and so in no settings; of a scheme of both its keys count over theirs."""
    named = {one.scheme.casefold(): one for one in settings if one.scheme is not None}
    completed = []
    for table, said in zip(apis, expectations.from_config(apis), strict=True):
        base = named.pop(said.scheme.casefold(), None) if said.scheme is not None else None
        keys = {key: getattr(said, key) for key in table}
        completed.append(said if base is None else replace(base, **{**keys, "source": f"{said.source}; {base.source}"}))
    return (*completed, *(one for one in settings if one.scheme is None or one.scheme.casefold() in named))


def _of(scheme: str, expected: Sequence[Expectations]) -> Expectations:
    found = expectations.Book(expected).for_scheme(scheme)
    if found is not None:
        return found
    names = ", ".join(e.scheme or e.section for e in expected) or "none"
    raise UsageError(f"--scheme {scheme[:60]}: no scheme of this name is configured.", hint=f"Known are: {names}.")


def _said(error: InputError) -> str:
    return f"{error}. {error.hint}".strip(" .") + "."
