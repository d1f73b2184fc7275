"""The ``authlens.scan/1`` document: everything a scan found, without secrets and, unless asked, without people.

The other reports are made from it, so that redaction happens here and nowhere else; each block of it is a module in
``blocks``.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Final, TextIO

from authlens import model
from authlens.redact import Pseudonyms
from authlens.reports import ranges
from authlens.reports.baseline import SCHEMA, Baseline
from authlens.reports.blocks import groups, inputs, issuers
from authlens.reports.blocks.failures import Entries
from authlens.reports.blocks.summary import summary
from authlens.reports.cleaning import Clean, cut, people, rfc3339, technical
from authlens.reports.encoding import BETWEEN, write_list, write_member

_SEVERITIES: Final = tuple(model.Severity)
"""Worst first."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Document:
    """A result as the document says it: the short parts at once, the failures one by one."""

    def __init__(
        self,
        result: model.Result,
        *,
        pseudonym_key: str | None = None,
        show_values: bool = False,
        baseline: Baseline | None = None,
        jobs: int | None = 1,
    ) -> None:
        """Puts the failures in order of time; people are named by that order.

        Args:
            result: What a scan found.
            pseudonym_key: Makes pseudonyms stable across runs.
            show_values: Shows personal values; never signatures, whole tokens or secrets.
            baseline: What was known before; without one nothing is marked.
            jobs: At most so many processes tell the failures; as many as there are cores where it is None.
        """
        self.result = result
        self.baseline = baseline
        self._jobs = jobs
        self.findings: Sequence[model.Finding] = sorted(result.findings, key=_by_time)
        self._names = Pseudonyms(key=pseudonym_key, show=show_values)
        self._groups = _by_key(result)
        self._entries = Entries(self._names, self.group_of, baseline.failures if baseline is not None else None)
        if not show_values:
            for failure in _different(finding.failure for finding in self.findings):
                for value in people(failure.said, failure.client, technical(failure.said)):
                    self._names.name(value)

    # ------------------------------------------------------------------ parts

    def head(self) -> dict[str, Any]:
        """All that stands before ``failures``."""
        return self._head

    def tail(self) -> dict[str, Any]:
        """All that stands behind ``failures``."""
        return self._tail

    def failures(self) -> Iterator[dict[str, Any]]:
        """The failures in order of time; those without a time last, by place."""
        return map(self._entries.value, self.findings)

    def texts(self, between: str) -> Iterator[str]:
        """The same as JSON, many failures at a time, with that between any two; what they share is told once."""
        told, named = partial(self._told, between), partial(self._told_without_naming, between)
        return ranges.told(len(self.findings), told, named, self._jobs)

    def _told(self, between: str, some: range) -> str:
        texts = [self._entries.text(self.findings[at]) for at in some]
        return between.join(["", *texts] if some.start else texts)

    def _told_without_naming(self, between: str, some: range) -> str | None:
        """The same for a helper, who must not name people: their numbers go by the order of the whole."""
        before = len(self._names)
        told = self._told(between, some)
        return told if len(self._names) == before else None

    def failure(self, finding: model.Finding) -> dict[str, Any]:
        """One failure as ``failures`` tells it."""
        return self._entries.value(finding)

    def cleaner(self, finding: model.Finding) -> Clean:
        """How a text about one failure is freed of secrets and, unless asked, of people."""
        return self._entries.cleaner(finding).text

    def pseudonym(self, finding: model.Finding, value: str) -> str:
        """What to call the person of this value, where it is a person's."""
        return self._entries.cleaner(finding).person(value)

    def group_of(self, finding: model.Finding) -> str | None:
        """The id of the group that a failure belongs to."""
        return self._groups.get(_key_of(finding))

    def first_of(self, group: Mapping[str, Any]) -> dict[str, Any] | None:
        """The earliest failure of a group as ``head`` tells it."""
        found = self._firsts.get(group["id"])
        return self.failure(found) if found is not None else None

    @cached_property
    def _firsts(self) -> Mapping[str, model.Finding]:
        out: dict[str, model.Finding] = {}
        for finding in self.findings:
            group = self.group_of(finding)
            if group is not None:
                out.setdefault(group, finding)
        return out

    # ------------------------------------------------------------------ blocks

    @cached_property
    def _head(self) -> dict[str, Any]:
        result = self.result
        return {
            "schema": SCHEMA,
            "tool": {"name": "authlens", "version": result.version, "now": rfc3339(result.now)},
            "inputs": [inputs.entry(report) for report in result.inputs],
            "summary": {**summary(result, self.findings), **self._news()},
            "groups": [self._group(group) for group in sorted(result.groups, key=groups.by_weight)],
        }

    @cached_property
    def _tail(self) -> dict[str, Any]:
        exposures = sorted(self.result.exposures, key=lambda e: (_SEVERITIES.index(e.severity), e.kind, e.id))
        return {
            "exposures": [self._exposure(exposure) for exposure in exposures],
            "issuers": [issuers.entry(report) for report in sorted(self.result.issuers, key=lambda r: r.issuer)],
            "notes": [self._names.text(note) for note in self.result.notes],
            "unusable": [self._names.text(text) for text in self.result.unusable],
            "interrupted": self.result.interrupted,
            "moments": [
                {"time": rfc3339(m.time), "kind": m.kind, "text": cut(self._names.text(m.text))}
                for m in sorted(self.result.moments)
            ],
        }

    def _group(self, group: model.Group) -> dict[str, Any]:
        known = self.baseline
        new = {} if known is None else {"new": sum(f not in known.failures for f in group.failures)}
        return {**groups.entry(group, self._names), **self._known("groups", group.id), **new}

    def _exposure(self, exposure: model.Exposure) -> dict[str, Any]:
        return {
            "id": exposure.id,
            "kind": exposure.kind,
            "severity": exposure.severity.value,
            "subject": cut(self._names.text(exposure.subject)),
            "until": rfc3339(exposure.until),
            "count": exposure.count,
            "steps": [cut(self._names.text(step)) for step in exposure.steps],
            "failures": list(exposure.failures),
            **self._known("exposures", exposure.id),
        }

    def _known(self, kind: str, identity: str) -> dict[str, bool]:
        """Whether it was there before; nothing where there is no baseline."""
        return {} if self.baseline is None else {"known": identity in getattr(self.baseline, kind)}

    def _news(self) -> dict[str, Any]:
        """How much of it is new, where there is a baseline."""
        known = self.baseline
        if known is None:
            return {}
        return {
            "new": {
                "failures": sum(f.id not in known.failures for f in self.findings),
                "groups": sum(g.id not in known.groups for g in self.result.groups),
                "exposures": sum(e.id not in known.exposures for e in self.result.exposures),
            }
        }


def document(result: model.Result, *, pseudonym_key: str | None = None, show_values: bool = False) -> dict[str, Any]:
    """The whole document as one value.

    Args:
        result: What a scan found.
        pseudonym_key: Makes pseudonyms stable across runs.
        show_values: Shows personal values; never signatures, whole tokens or secrets.
    """
    parts = Document(result, pseudonym_key=pseudonym_key, show_values=show_values)
    return {**parts.head(), "failures": list(parts.failures()), **parts.tail()}


def to_json(result: model.Result, *, pseudonym_key: str | None = None, show_values: bool = False) -> str:
    """The whole document as text; equal results give equal text."""
    out = io.StringIO()
    write(Document(result, pseudonym_key=pseudonym_key, show_values=show_values), out)
    return out.getvalue()


def write(parts: Document, out: TextIO) -> None:
    """Writes the document as JSON, an entry of a list a line; memory does not grow with the failures."""
    out.write("{\n")
    for name, value in parts.head().items():
        write_member(name, value, out)
        out.write(",\n")
    write_list("failures", parts.texts(BETWEEN), out)
    for name, value in parts.tail().items():
        out.write(",\n")
        write_member(name, value, out)
    out.write("\n}\n")


def _different(failures: Iterable[model.Failure]) -> Iterator[model.Failure]:
    """The first failure of each kind and client."""
    seen: set[tuple[int, str | None]] = set()
    for failure in failures:
        kind = (id(failure.said), failure.client)
        if kind not in seen:
            seen.add(kind)
            yield failure


def _by_key(result: model.Result) -> dict[tuple[str, ...], str]:
    """The ids of the groups by what their failures have in common."""
    first = {group.failures[0]: group.id for group in result.groups if group.failures}
    return {_key_of(finding): first[finding.id] for finding in result.findings if finding.id in first}


def _key_of(finding: model.Finding) -> tuple[str, ...]:
    return finding.diagnosis.group_key or (finding.diagnosis.cause,)


def _by_time(finding: model.Finding) -> tuple[Any, ...]:
    failure = finding.failure
    return (failure.time or _NEVER, failure.origin, finding.id)
