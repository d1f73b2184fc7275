"""The entries of ``failures``: one each, made of what is its own and what many have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from authlens.diagnosis.causes import MOST_ALTERNATIVES, UNDETERMINED
from authlens.model import Also, Alternative, Check, Checked, Finding, Link, Said, Token
from authlens.redact import Pseudonyms
from authlens.reports.blocks.tokens import Answers, token
from authlens.reports.cleaning import Clean, Cleaner, optional, people, plain, rfc3339, short, technical
from authlens.reports.encoding import GAP, Form, Recent, Told, record

_MEMBERS: Final = (
    *("id", "group", "time", "time_assumed", "code", "codes", "level", "source", "repeats"),
    *("scheme", "request_id", "host", "client", "logger", "exceptions"),
    *("cause", "severity", "confidence", "alternatives", "also", "outcome", "fields", "args", "hidden"),
    *("token", "library", "links", "next", "rule", "text"),
)
"""In the document's order."""
# fmt: off
_FIELDS: Final = (
    "kid", "alg", "typ", "iss", "aud", "sub", "exp", "nbf", "iat",
    "valid_issuer", "valid_issuers", "configuration_issuer", "valid_audience", "valid_audiences",
    "valid_to", "valid_from", "current_time",
    "keys_tried", "keys_tried_count", "key_types", "keys_in_tvp", "keys_in_configuration", "key_bits", "min_bits",
    "metadata_url", "document_url", "http_status", "socket_error", "ssl_policy_error", "retry_at",
    "exception_type", "inner_exception_types", "parameter_name",
    "context_nonce", "payload_nonce", "require_nonce", "context_state", "require_state",
    "missing_type", "missing_method", "assembly", "assembly_version",
)
# fmt: on
_PLACE: Final = {name: place for place, name in enumerate(_FIELDS)}
_ALTERNATIVE: Final = ("cause", "why", "decided_by")
_ALSO: Final = ("cause", "code", "why")
_NO_TOKEN: Final = Told(None)
_MOST_LINKS: Final = 32
"""What is said of a failure of more records is not kept for the next: it is large, and hardly said twice."""


class _Checked(NamedTuple):
    """What the checks say at one moment."""

    also: Told
    """What fails beside the cause."""
    token: Told
    next: Told
    """What would fail next."""


@dataclass(slots=True)
class _Common:
    """What is said of all failures that differ in moment, line and request only."""

    form: Form
    """With gaps for what `Entries._own` tells."""
    checked: Checked | None = None
    """Of the failure that was told last…"""
    told: _Checked | None = None
    """…and how it is told."""


class Entries:
    """Tells failures one by one, as values or as text; what they share is remembered for the next."""

    def __init__(
        self,
        names: Pseudonyms,
        group_of: Callable[[Finding], str | None],
        known: Collection[str] | None,
    ) -> None:
        """Nothing is remembered yet.

        Args:
            names: Of people.
            group_of: The id of a failure's group.
            known: Ids of the failures that were there before, where there is a baseline.
        """
        self._names = names
        self._group_of = group_of
        self._known = known
        # The parts of findings are kept as long as the findings are: their ids do not come back.
        self._commons: Recent[_Common] = Recent()
        self._said: Recent[dict[str, Any]] = Recent()
        self._checked: Recent[_Checked] = Recent()
        self._tokens: Recent[Told] = Recent()
        self._shown: Recent[dict[str, Any]] = Recent()
        self._answers = Answers()
        self._cleaners: Recent[Cleaner] = Recent()

    def value(self, finding: Finding) -> dict[str, Any]:
        """One failure."""
        common = self._common(finding)
        found: dict[str, Any] = common.form.value(self._own(finding, common))
        return found

    def text(self, finding: Finding) -> str:
        """The same as JSON."""
        common = self._common(finding)
        return common.form.text(self._own(finding, common))

    def cleaner(self, finding: Finding) -> Cleaner:
        """How texts about one failure are cleaned."""
        return self._of_said(finding.failure.said, finding.failure.client)

    def _own(self, finding: Finding, common: _Common) -> list[Any]:
        """What is said of this failure alone, in the document's order: for the gaps of `_form`."""
        failure = finding.failure
        _, offset, line = failure.origin
        if common.told is None or common.checked is not finding.checked:
            common.checked, common.told = finding.checked, self._checks(finding)
        also, token, following = common.told
        own: list[Any] = [finding.id, rfc3339(failure.time), line, offset, failure.lines, failure.cut]
        own += (optional(failure.request_id, short), also, token, *[link.line for link in failure.links], following)
        if self._known is not None:
            own.append(finding.id in self._known)
        return own

    # ------------------------------------------------------------------ what failures share

    def _common(self, finding: Finding) -> _Common:
        failure = finding.failure
        kind = (
            *(id(failure.said), failure.client, id(finding.diagnosis)),
            *(failure.time_assumed, failure.level, failure.scheme, failure.host, failure.logger, id(failure.outcome)),
            *(failure.origin.path, *[(link.path, link.role, link.sure) for link in failure.links]),
        )
        known = self._commons.get(kind)
        if known is not None:
            return known
        made = _Common(self._form(finding))
        return self._commons.keep(kind, made) if len(failure.links) <= _MOST_LINKS else made

    def _form(self, finding: Finding) -> Form:
        failure, outcome = finding.failure, finding.failure.outcome
        told = {
            **self._about(finding),
            **dict.fromkeys(("id", "time", "request_id", "also", "token", "next"), GAP),
            "group": self._group_of(finding),
            "time_assumed": failure.time_assumed,
            "level": failure.level,
            "source": {"path": failure.origin.path, **dict.fromkeys(("line", "offset", "lines", "cut"), GAP)},
            "repeats": failure.repeats,
            "scheme": optional(failure.scheme, short),
            "host": optional(failure.host, short),
            "logger": optional(failure.logger, short),
            "outcome": {"status": outcome.status, "accepted_by": optional(outcome.accepted_by, short)},
            "links": list(map(_link, failure.links)),
        }
        return Form({name: told[name] for name in _MEMBERS} | ({} if self._known is None else {"known": GAP}))

    def _about(self, finding: Finding) -> dict[str, Any]:
        same = (id(finding.failure.said), finding.failure.client, id(finding.diagnosis))
        return self._said.get(same) or self._said.keep(same, _said(finding, self.cleaner(finding)))

    def _checks(self, finding: Finding) -> _Checked:
        same = (id(finding.failure.said), finding.failure.client, id(finding.diagnosis), id(finding.checked))
        return self._checked.get(same) or self._checked.keep(same, self._new_checked(finding))

    def _new_checked(self, finding: Finding) -> _Checked:
        checked, clean = finding.checked, self.cleaner(finding).text
        return _Checked(
            also=Told([also(one, clean) for one in checked.also]),
            token=self._token(finding),
            next=Told(also(checked.next, clean) if checked.next else None),
        )

    def _token(self, finding: Finding) -> Told:
        """The token; as far as it is concerned, who sent it is nobody of interest."""
        said, checks = finding.failure.said, finding.checked.checks
        shown = said.token
        if shown is None:
            return _NO_TOKEN
        same = (id(said), id(checks))
        return self._tokens.get(same) or self._tokens.keep(same, self._new_token(said, shown, checks))

    def _new_token(self, said: Said, shown: Token, checks: Iterable[Check]) -> Told:
        same, clean = (id(said),), self._of_said(said, None)
        bare = self._shown.get(same) or self._shown.keep(same, token(shown, clean))
        return Told({**bare, "checks": [self._answers.told(one, said, clean) for one in checks]})

    def _of_said(self, said: Said, client: str | None) -> Cleaner:
        same = (id(said), client)
        return self._cleaners.get(same) or self._cleaners.keep(same, _cleaner(self._names, said, client))


def _cleaner(names: Pseudonyms, said: Said, client: str | None) -> Cleaner:
    keep = technical(said)
    return Cleaner(names, people(said, client, keep), keep)


def _said(finding: Finding, clean: Cleaner) -> dict[str, Any]:
    """What records and diagnosis say."""
    said, diagnosis = finding.failure.said, finding.diagnosis
    return {
        "code": said.code,
        "codes": list(said.codes),
        "client": optional(finding.failure.client, clean.person),
        "exceptions": list(map(short, said.exceptions)),
        "cause": diagnosis.cause,
        "severity": diagnosis.severity.value,
        "confidence": diagnosis.confidence.value,
        "alternatives": alternatives(diagnosis.alternatives, clean.text),
        "fields": _fields(said.fields, clean),
        "args": list(map(clean.text, said.args)),
        "hidden": list(said.hidden),
        "library": {"version": said.library.version, "sure": said.library.sure},
        "rule": diagnosis.rule,
        "text": clean.text(said.statement.text) if diagnosis.cause == UNDETERMINED else None,
    }


def alternatives(offered: Iterable[Alternative], clean: Clean) -> list[Told]:
    """What else is possible, the best first."""
    return [
        record(_ALTERNATIVE, one.cause, clean(one.why), tuple(map(clean, one.decided_by)))
        for one in tuple(offered)[:MOST_ALTERNATIVES]
    ]


def also(one: Also, clean: Clean) -> Told:
    """A further fault."""
    return record(_ALSO, one.cause, one.code, clean(one.why))


def _link(link: Link) -> dict[str, Any]:
    return {"path": link.path, "line": GAP, "role": link.role.value, "sure": link.sure}


def _fields(fields: Mapping[str, object], clean: Cleaner) -> dict[str, Any]:
    known = sorted(fields, key=lambda name: (_PLACE.get(name, len(_PLACE)), name))
    return {
        name: _keys(fields[name]) if name == "keys_tried" else clean.member(name, fields[name], clean.value)
        for name in known
    }


def _keys(keys: object) -> Any:
    """The keys tried; what stands for a symmetric key is the thumbprint of a secret and is not shown."""
    shown = plain(keys, short)
    for key in shown if isinstance(shown, list) else ():
        if isinstance(key, dict) and "Symmetric" in str(key.get("type")) and key.get("internal_id"):
            key["internal_id"] = "[secret]"
    return shown
