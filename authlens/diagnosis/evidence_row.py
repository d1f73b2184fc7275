"""One row of evidence: what the rooms ``evidence_…`` find out about one failure, put together."""

from __future__ import annotations

from authlens.diagnosis import (
    evidence_fetch,
    evidence_log,
    evidence_names,
    evidence_published,
    evidence_said,
    evidence_says,
    evidence_scheme,
    evidence_text,
    evidence_times,
    evidence_token,
)
from authlens.diagnosis.evidence_known import Known
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.diagnosis.evidence_values import Row
from authlens.model import Failure, Message

_MOST_KEPT = 50_000
"""Rows that are remembered, so that memory has a bound."""


class RowBuilder:
    """Makes rows; what failures with equal words share is computed once."""

    def __init__(self, known: Known, around: evidence_log.Surroundings) -> None:
        """Nothing is made before it is asked for."""
        self._known = known
        self._around = around
        self._rows: dict[tuple[object, ...], tuple[int, dict[str, object]]] = {}
        self._made_so_far = 0

    def row(self, failure: Failure, scheme: Scheme) -> tuple[int, dict[str, object]]:
        """What does not depend on when and where: equal for failures with equal words of one scheme, and its number."""
        versions = self._around.library(failure)
        key = (
            failure.statement.text,
            failure.codes,
            failure.scheme,
            id(scheme),
            failure.token.sha256 if failure.token is not None else None,
            tuple(map(_words, failure.context)),
            versions,
            self._around.mixed(failure),
            repr(failure.fields),
        )
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= _MOST_KEPT:
                self._rows.clear()
            made = self._made(failure, scheme, evidence_says.says(failure), versions)
            self._made_so_far += 1
            found = self._made_so_far, {k: v for k, v in made.items() if v is not None}
            self._rows[key] = found
        return found

    def _made(self, failure: Failure, scheme: Scheme, says: str, versions: evidence_log.Range) -> Row:
        row: dict[str, object] = {"says": says, **evidence_said.recorded(failure), **evidence_said.said(failure)}
        row |= evidence_log.library(failure, versions)
        row |= evidence_text.inner(failure)
        row |= evidence_text.assembly(failure)
        row |= evidence_fetch.about(failure, says)
        row |= evidence_text.shape(failure, says)
        row |= evidence_times.expiry(failure.token)
        row["lifetime.reversed"] = evidence_times.is_reversed(failure.fields)
        row |= evidence_names.issuer(says, failure, scheme, self._known.others(scheme), self._known.anywhere())
        row |= evidence_names.audience(failure, scheme, token_shown=evidence_times.shown(failure.token))
        row |= evidence_token.about(failure, scheme)
        foreign = row.get("iss.relation") in ("foreign", "other-scheme")
        row |= evidence_published.about(failure, scheme, self._known, foreign=foreign)
        row |= evidence_scheme.about(scheme, row)
        if "iss.miss" in row:
            row["iss.miss"] = evidence_names.by_keys(row["iss.miss"], shared=row.get("iss.keys_shared"))
        row["claim.name"] = evidence_text.claim_name(failure)
        row["saml"] = evidence_text.saml(failure)
        row["host.functions"] = evidence_text.functions_host(failure)
        row["token.sign_in"] = evidence_text.of_sign_in(failure)
        row["signature.proven"] = evidence_text.signature_proven(failure)
        row["token.failures"] = self._around.same_token(failure)
        row["library.mixed"] = self._around.mixed(failure)
        row["graph.possible"] = evidence_token.graph_possible(row, failure, scheme)
        return row


def _words(message: Message) -> tuple[object, ...]:
    """What tells two lines of the library apart, by value and quick to compare."""
    return message.code, message.values
