"""Words and numbers for people, the same in the terminal and on the page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from authlens.diagnosis.causes import UNDETERMINED

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
LONGEST_HEADLINE: Final = 240
LONGEST_NAME: Final = 120
_MOST_MARKS: Final = 3  # combining characters on one letter; some scripts need two
_ESCAPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def unfenced(text: str, mark: str = "") -> str:
    """The text with its fenced blocks in the line, where it has one line only; ``mark`` stands around them."""
    return _FENCED.sub(lambda found: f" {mark}{' '.join(found[1].split())}{mark}", text)


_FENCED: Final = re.compile(r"\s{0,4}```[a-z]{0,12}\s([^`]{1,8000})```")


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
    return f"{visible((names or {}).get(path) or named(path))}:{source['line']}"


def named(path: str) -> str:
    """A path as people say it."""
    return "standard input" if path == "-" else path


def headline(group: Mapping[str, Any]) -> str:
    """What is the matter, in one sentence."""
    title = " ".join(str(group["title"]).split())
    if title:
        return visible(title if len(title) <= LONGEST_HEADLINE else f"{title[:LONGEST_HEADLINE]}…")
    return "Refused for a reason that no rule knows" if group["cause"] == UNDETERMINED else str(group["cause"])


_STORY = re.compile(r"\d requests? refused")


def story(group: Mapping[str, Any]) -> str | None:
    """The explanation, where it tells how often and since when."""
    text = " ".join(str(group["explanation"]).split())
    return visible(text) if _STORY.search(text) else None


def remedies(group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps by stack, without the stacks on which there is nothing to do."""
    return [one for one in group["remediation"] if any(not step.startswith(_NOTHING) for step in one["steps"])]


_NOTHING: Final = "Nothing to do"


def gist(text: str) -> str:
    """A text of the log in one line of readable length."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= LONGEST_HEADLINE else f"{line[:LONGEST_HEADLINE]}…"


def news(group: Mapping[str, Any]) -> str:
    """Whether a cause is new, where there is a baseline."""
    if "known" not in group:
        return ""
    if not group["known"]:
        return "new"
    return f"{group['new']:,} new" if group["new"] else "known"


def short_paths(paths: Sequence[str]) -> dict[str, str]:
    """Names of files without their folders, where that leaves them apart."""
    names = [PurePath(named(path)).name or path for path in paths]
    return dict(zip(paths, names if len(set(names)) == len(names) else map(named, paths), strict=True))


def some(values: Sequence[str], most: int = 3) -> str:
    """The first few values, and how many more there are."""
    shown = ", ".join(visible(v if len(v) <= LONGEST_NAME else f"{v[:LONGEST_NAME]}…") for v in values[:most])
    return f"{shown} and {len(values) - most:,} more" if len(values) > most else shown


def causes(summary: Mapping[str, Any]) -> str:
    """How many causes; and how many groups, where one cause stands for several: two issuers, two APIs."""
    different = count(len(summary["by_cause"]), "cause")
    groups = summary["groups"]
    return different if groups == len(summary["by_cause"]) else f"{different} in {count(groups, 'group')}"
