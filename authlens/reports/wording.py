"""Words and numbers for people, the same in the terminal and on the page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from authlens.urls import authority_of

STACKS: Final = {
    "aspnetcore": "ASP.NET Core",
    "owin": "OWIN / .NET Framework",
    "identity-web": "Microsoft.Identity.Web",
    "microsoft-identity-web": "Microsoft.Identity.Web",
    "idweb": "Microsoft.Identity.Web",
    "easy-auth": "Azure App Service Easy Auth",
    "easyauth": "Azure App Service Easy Auth",
    "app-service": "Azure App Service Easy Auth",
    "gateway": "API gateway",
    "api-gateway": "API gateway",
    "idp": "Identity provider",
    "identity-provider": "Identity provider",
    "openiddict": "OpenIddict",
}
CONFIDENCE: Final = {
    "certain": "certain: the evidence decides it",
    "likely": "likely: the evidence points to it",
    "possible": "possible: the evidence leaves it open",
}
SHOW_AUTHENTICATION: Final = (
    "To see refused tokens, set the log level of Microsoft.AspNetCore.Authentication to Information."
)
LONGEST_HEADLINE: Final = 240
_LONGEST_NAME = 120
_MOST_MARKS = 3  # combining characters on one letter; some scripts need two
_ESCAPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, lines: bool = False) -> str:
    """The text with characters that steer a terminal or turn its direction written out by number.

    Args:
        text: Anything from a log.
        lines: Line feeds and tabs may stay.
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if lines and char in "\n\t":
            out.append(char)
        elif kind in _ESCAPED or marks > _MOST_MARKS:
            out.append(f"\\u{{{ord(char):x}}}" if ord(char) > 0xFF else f"\\x{ord(char):02x}")
        else:
            out.append(char)
    return "".join(out)


def count(number: int, one: str, many: str = "") -> str:
    """``1 failure``, ``1,204 failures``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes as people say them."""
    value = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return count(number, "byte") if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def share(part: int, whole: int) -> str:
    """A percentage that never rounds to nothing or to all."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "< 1 %"
    if 99 < percent < 100:
        return "> 99 %"
    return f"{percent:.0f} %"


def moment(time: str | None, day: str | None = None) -> str:
    """A time of the document, to the second; without its date where that is ``day``."""
    if time is None:
        return "unknown"
    date, clock = time[:10], time[11:19]
    return clock if date == day else f"{date} {clock}"


def span(first: str | None, last: str | None, day: str | None = None) -> str:
    """From when to when."""
    if first is None:
        return "at unknown times"
    begin, end = moment(first, day), moment(last, first[:10])
    return f"at {begin}" if begin.endswith(end) else f"{begin}–{end}"


def day_of(document: Mapping[str, Any]) -> str | None:
    """The one day on which everything happened, if it was one."""
    summary = document["summary"]
    first, last = summary["first"], summary["last"]
    return str(first)[:10] if first and last and first[:10] == last[:10] else None


def duration(seconds: float) -> str:
    """A length of time in its two largest units."""
    whole = int(seconds)
    for unit, length, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit} {rest} {smaller}" if rest else f"{whole // length} {unit}"
    return f"{whole} s"


def seconds_between(first: str | None, last: str | None) -> float:
    """Seconds from one time of the document to another; 0 where one is missing."""
    if not first or not last:
        return 0.0
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def stack(name: str) -> str:
    """The name of a stack as people write it."""
    return STACKS.get(name.lower().replace("_", "-").replace(" ", "-"), name)


def place(source: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """``app.log:4812``; with the given names of files."""
    path = source["path"]
    return f"{visible((names or {}).get(path, path))}:{source['line']}"


def headline(group: Mapping[str, Any]) -> str:
    """What is the matter, in one sentence."""
    title = " ".join(str(group["title"]).split())
    if title:
        return visible(title if len(title) <= LONGEST_HEADLINE else f"{title[:LONGEST_HEADLINE]}…")
    return "Refused for a reason that no rule knows" if group["cause"] == "undetermined" else str(group["cause"])


_STORY = re.compile(r"\d requests? refused")


def story(group: Mapping[str, Any]) -> str | None:
    """The explanation, where it tells how often and since when."""
    text = " ".join(str(group["explanation"]).split())
    return visible(text) if _STORY.search(text) else None


def news(group: Mapping[str, Any]) -> str:
    """Whether a cause is new, where there is a baseline."""
    if "known" not in group:
        return ""
    if not group["known"]:
        return "new"
    return f"{group['new']:,} new" if group["new"] else "known"


def short_paths(paths: Sequence[str]) -> dict[str, str]:
    """Names of files without their folders, where that leaves them apart."""
    names = [PurePath(path).name or path for path in paths]
    return dict(zip(paths, names if len(set(names)) == len(names) else paths, strict=True))


def some(values: Sequence[str], most: int = 3) -> str:
    """The first few values, and how many more there are."""
    shown = ", ".join(visible(v if len(v) <= _LONGEST_NAME else f"{v[:_LONGEST_NAME]}…") for v in values[:most])
    return f"{shown} and {len(values) - most:,} more" if len(values) > most else shown


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


def skipped(document: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Bytes and lines that were skipped, by reason."""
    out: dict[str, tuple[int, int]] = {}
    for one in document["inputs"]:
        for reason, amount in one["skipped"].items():
            total, lines = out.get(reason, (0, 0))
            out[reason] = (total + amount["bytes"], lines + amount["lines"])
    return dict(sorted(out.items()))


def causes(summary: Mapping[str, Any]) -> str:
    """How many causes; and how many groups, where one cause stands for several: two issuers, two APIs."""
    different = count(len(summary["by_cause"]), "cause")
    groups = summary["groups"]
    return different if groups == len(summary["by_cause"]) else f"{different} in {count(groups, 'group')}"


_UNASKED = re.compile(r"(\S{1,300}): not asked: --allow-issuer \S{1,300}( or --online)? would ask \S{1,600}")
_OFFLINE = re.compile(r"(\S{1,300}): not (?:among the documents at hand, and the network was not asked|asked: offline)")


def digest(notes: Sequence[str]) -> list[str]:
    """Notes for people: issuers that were not asked in one sentence, with how to ask for them."""
    asked = [_UNASKED.fullmatch(note) for note in notes]
    offline = [_OFFLINE.fullmatch(note) for note in notes]
    rest = [_once(note) for note, a, o in zip(notes, asked, offline, strict=True) if a is None and o is None]
    unasked = [(found[1], bool(found[2])) for found in asked if found is not None]
    unknown = list(dict.fromkeys(authority_of(found[1]) for found in offline if found is not None))
    out = []
    if unasked:
        known = sum(by_vendor for _, by_vendor in unasked)
        how = f"--allow-issuer {visible(unasked[0][0])}" if len(unasked) == 1 else "--allow-issuer ISSUER"
        online = f", or --online for {known:,} of them" if len(unasked) > 1 and known < len(unasked) else " or --online"
        how += online if known else ""
        names = some([issuer for issuer, _ in unasked], 2)
        out.append(f"{count(len(unasked), 'issuer')} not asked for keys; to ask: {how}. Seen: {names}.")
    if unknown:
        of = count(len(unknown), "issuer")
        shown = 2 if len(unknown) == 1 or len(unknown[0]) + len(unknown[1]) <= _LONGEST_NAME else 1
        out.append(f"The keys of {of} are not at hand; --bundle or --jwks brings them: {some(unknown, shown)}.")
    return out + rest


def _once(note: str) -> str:
    """The note without the address that its reason repeats."""
    address, colon, reason = note.partition(": ")
    return reason if colon and reason.startswith(f"{address}: ") else note


def account(document: Mapping[str, Any]) -> str:
    """What was read and what became of it, in one sentence whose numbers add up."""
    inputs = document["inputs"]
    sums = ledger(document)
    parts = [count(sums["failures"], "failure"), count(sums["repeats"], "repeat")]
    parts += [f"{sums[n]:,} {n}" for n in ("informational", "filtered", "other") if sums[n]]
    left_out = [f"{size(n)} skipped: {visible(reason)}" for reason, (n, _) in skipped(document).items()]
    blind = [i["path"] for i in inputs if i["auth_events"] == "none" and i["bytes"]]
    hidden = f" No authentication visible in {some(blind, 2)}." if blind and sums["failures"] else ""
    return (
        f"Read {size(sums['bytes'])}, {count(sums['lines'], 'line')}, {count(len(inputs), 'file')}: "
        f"{count(sums['records'], 'record')} = {' + '.join(parts)}; "
        f"{size(sums['unmatched'])} without a match; {', '.join(left_out) or 'nothing skipped'}.{hidden}"
    )


def visibility(document: Mapping[str, Any]) -> str:
    """Whether no failure means that nothing failed."""
    inputs = [i for i in document["inputs"] if i["bytes"]]
    blind = [i["path"] for i in inputs if i["auth_events"] == "none"]
    if not inputs:
        return "Nothing was read, so this says nothing."
    if not blind:
        return "Authentication is visible in this log, so nothing was refused that it would show."
    if len(blind) == len(inputs):
        return f"But nothing of authentication is visible in this log, so this proves nothing. {SHOW_AUTHENTICATION}"
    return f"But {some(blind)} shows nothing of authentication, which proves nothing. {SHOW_AUTHENTICATION}"
