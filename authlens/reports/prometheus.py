"""Metrics in Prometheus' text format, for the node exporter's textfile collector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, TextIO

from authlens.reports import accounting, wording
from authlens.reports.document import Document

MOST_SERIES: Final = 500
"""Of one metric; a hostile log makes up codes."""

Sample = tuple[Mapping[str, str], float]


def write(parts: Document, out: TextIO) -> None:
    """Writes every metric with its help and type."""
    out.writelines(line + "\n" for line in _lines(parts))


def _lines(parts: Document) -> Iterator[str]:
    head, tail = parts.head(), parts.tail()
    summary = head["summary"]
    sums = accounting.ledger(head)
    known = parts.baseline
    news = Counter(
        (f.cause, f.severity.value) for f in parts.findings if known is not None and f.id not in known.failures
    )
    yield from _metric("failures", "Tokens refused, by cause.", _by_cause(Counter(_kinds(parts))))
    if known is not None:
        yield from _metric("failures_new", "Those that the baseline does not hold.", _by_cause(news))
    codes = sorted(summary["by_code"].items(), key=lambda item: (-item[1], item[0]))
    yield from _metric("failures_by_code", "Tokens refused, by code.", [({"code": c}, n) for c, n in codes])
    yield from _metric("causes", "Groups of one cause and one remedy.", [({}, summary["groups"])])
    exposed = Counter((e["kind"], e["severity"]) for e in tail["exposures"])
    yield from _metric(
        "exposures",
        "Tokens and secrets that the log gives away.",
        [({"kind": kind, "severity": severity}, n) for (kind, severity), n in sorted(exposed.items())] or [({}, 0)],
    )
    yield from _metric("read_bytes", "Bytes read.", [({}, sums["bytes"])])
    yield from _metric("read_lines", "Lines read.", [({}, sum(i["lines"] for i in head["inputs"]))])
    yield from _metric("skipped_bytes", "Bytes that could not be looked at.", [({}, sums["skipped"])])
    yield from _metric("unusable_inputs", "Inputs and files that could not be used.", [({}, len(tail["unusable"]))])
    blind = sum(i["auth_events"] == "none" for i in head["inputs"] if i["bytes"])
    yield from _metric("blind_inputs", "Inputs in which authentication is not visible.", [({}, blind)])
    if summary["last"]:
        yield from _metric(
            "last_failure_timestamp_seconds", "When a token was last refused.", [({}, _s(summary["last"]))]
        )
    yield from _metric("scan_timestamp_seconds", "The present of this scan.", [({}, _s(head["tool"]["now"]))])
    yield from _metric("build_info", "Which authlens wrote this.", [({"version": head["tool"]["version"]}, 1)])


def _kinds(parts: Document) -> Iterator[tuple[str, str]]:
    return ((f.cause, f.severity.value) for f in parts.findings)


def _by_cause(counts: Mapping[tuple[str, str], int]) -> list[Sample]:
    found: list[Sample] = [({"cause": c, "severity": s}, n) for (c, s), n in sorted(counts.items())]
    return found or [({}, 0)]


def _metric(name: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP authlens_{name} {told}"
    yield f"# TYPE authlens_{name} gauge"
    for labels, value in list(samples)[:MOST_SERIES]:
        inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        number = str(int(value)) if float(value).is_integer() else repr(float(value))
        yield f"authlens_{name}{{{inner}}} {number}" if inner else f"authlens_{name} {number}"


def _escaped(text: str) -> str:
    return wording.visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _s(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
