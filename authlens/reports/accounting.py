"""What was read and what became of it: sums that close, and whether no failure means that nothing failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from authlens.reports.wording import count, named, size, some, visible

SHOW_AUTHENTICATION: Final = (
    "To see refused tokens, set the log level of Microsoft.AspNetCore.Authentication to Information."
)
_SETTINGS: Final = re.compile(r"appsettings(?:\.[\w-]{1,40})?\.json\Z", re.IGNORECASE)


def ledger(document: Mapping[str, Any]) -> dict[str, int]:
    """Sums over the inputs; records = failures + repeats + informational + filtered + other."""
    inputs = document["inputs"]
    sums = {n: sum(i[n] for i in inputs) for n in ("bytes", "lines", "records", "repeats", "informational", "filtered")}
    sums["failures"] = document["summary"]["failures"]
    told = ("failures", "repeats", "informational", "filtered")
    sums["other"] = sums["records"] - sum(sums[name] for name in told)
    sums["skipped"] = sum(amount["bytes"] for i in inputs for amount in i["skipped"].values())
    sums["unmatched"] = sum(i["unmatched"]["bytes"] for i in inputs)
    return sums


def blind(document: Mapping[str, Any]) -> list[str]:
    """The inputs in which authentication is not visible: that nothing failed in them proves nothing."""
    return [named(one["path"]) for one in document["inputs"] if one["bytes"] and one["auth_events"] == "none"]


def skipped(document: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Bytes and lines that were skipped, by reason."""
    out: dict[str, tuple[int, int]] = {}
    for one in document["inputs"]:
        for reason, amount in one["skipped"].items():
            total, lines = out.get(reason, (0, 0))
            out[reason] = (total + amount["bytes"], lines + amount["lines"])
    return dict(sorted(out.items()))


def account(document: Mapping[str, Any]) -> str:
    """What was read and what became of it, in one sentence whose numbers add up."""
    inputs = document["inputs"]
    sums = ledger(document)
    parts = [count(sums["failures"], "failure"), count(sums["repeats"], "repeat")]
    parts += [f"{sums[n]:,} {n}" for n in ("informational", "filtered", "other") if sums[n]]
    left_out = [f"{size(n)} skipped: {visible(reason)}" for reason, (n, _) in skipped(document).items()]
    unseen = blind(document)
    hidden = f" No authentication visible in {some(unseen, 2)}." if unseen and sums["failures"] else ""
    return (
        f"Read {size(sums['bytes'])}, {count(sums['lines'], 'line')}, {count(len(inputs), 'file')}: "
        f"{count(sums['records'], 'record')} = {' + '.join(parts)}; "
        f"{size(sums['unmatched'])} without a match; {', '.join(left_out) or 'nothing skipped'}.{hidden}"
    )


def visibility(document: Mapping[str, Any]) -> str:
    """Whether no failure means that nothing failed."""
    read = [one["path"] for one in document["inputs"] if one["bytes"]]
    unseen = blind(document)
    if not read:
        return "Nothing was read, so this says nothing."
    if filtered := sum(one["filtered"] for one in document["inputs"]):
        return (
            f"But outside of --since and --until there {'is' if filtered == 1 else 'are'} {count(filtered, 'failure')}."
        )
    if not unseen:
        return "Authentication is visible in this log, so nothing was refused that it would show."
    if settings := [path for path in unseen if _SETTINGS.search(path)]:
        return f"But {some(settings)} holds settings, by its name, and no log: give it with --settings, beside a log."
    if len(unseen) == len(read):
        return f"But nothing of authentication is visible in this log, so this proves nothing. {SHOW_AUTHENTICATION}"
    return f"But {some(unseen)} shows nothing of authentication, which proves nothing. {SHOW_AUTHENTICATION}"
