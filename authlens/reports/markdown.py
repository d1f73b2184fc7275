"""The answer in Markdown, for a ticket, a pull request or a job's summary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TextIO

from authlens.reports import accounting, diff, wording
from authlens.reports.document import Document
from authlens.reports.notes import digest
from authlens.reports.wording import count, visible

MOST_TOLD: Final = 20
"""Causes that are told in full; a comment on GitHub holds 65,536 characters."""
MOST_LISTED: Final = 100
_LONGEST: Final = 1200
_CODE = re.compile(r"`([^`\n]{1,400})`")
_MARKS = re.compile(r"([\\*_\[\]|~#>!$])")
_LIST = re.compile(r"^(\d{1,9})([.)])|^([-+=])")


def write(parts: Document, out: TextIO) -> None:
    """Writes headings, tables and lists; nothing from the log becomes markup, a link or a mention."""
    out.writelines(line + "\n" for line in _lines(parts))


def _lines(parts: Document) -> Iterator[str]:
    head, tail = parts.head(), parts.tail()
    summary, groups = head["summary"], head["groups"]
    names = wording.short_paths([one["path"] for one in head["inputs"]])
    yield f"# {_answer(summary)}"
    yield ""
    when = f" · {wording.span(summary['first'], summary['last'])} UTC" if summary["first"] else ""
    yield f"{_prose(wording.some(list(names.values())) or 'nothing read')}{when}"
    yield ""
    if not summary["failures"]:
        yield _prose(accounting.visibility(head))
        yield ""
    yield from _overview(groups)
    for group in groups[:MOST_TOLD]:
        yield from _cause(group, parts.first_of(group), names)
    yield from _exposures(tail["exposures"])
    yield from _list("Notes", [*tail["unusable"], *digest(tail["notes"])])
    yield _prose(accounting.account(head))


def _answer(summary: Mapping[str, Any]) -> str:
    if not summary["failures"]:
        return "No refused token was found"
    new = f", {summary['new']['failures']:,} of them new" if "new" in summary else ""
    refused = count(summary["failures"], "token refused", "tokens refused")
    return f"{refused}{new}: {wording.causes(summary)}"


def _overview(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not groups:
        return
    yield "| severity | cause | refused | when (UTC) | what is the matter |"
    yield "|---|---|--:|---|---|"
    for group in groups[:MOST_LISTED]:
        when = wording.span(group["first"], group["last"]).removeprefix("at ") if group["first"] else "unknown"
        news = f" ({wording.news(group)})" if wording.news(group) else ""
        cells = (group["severity"], _code(group["cause"]), f"{group['count']:,}{news}", when)
        yield f"| {' | '.join(cells)} | {_prose(wording.headline(group))} |"
    if len(groups) > MOST_LISTED:
        yield f"\nAnd {count(len(groups) - MOST_LISTED, 'more group')}."
    yield ""


def _cause(group: Mapping[str, Any], first: Mapping[str, Any] | None, names: Mapping[str, str]) -> Iterator[str]:
    yield f"## {group['severity'].upper()}: {_prose(wording.headline(group))}"
    yield ""
    if group["explanation"]:
        yield _prose(group["explanation"])
        yield ""
    yield from _facts(group, first, names)
    if group["evidence"]:
        yield "| evidence | expected | found | difference |"
        yield "|---|---|---|---|"
        for row in group["evidence"]:
            cells = (_code(row["expected"]), _code(row["found"]), _prose(diff.said(row)))
            yield f"| {_prose(row['name'])} | {' | '.join(cells)} |"
        yield ""
    for one in wording.remedies(group):
        yield remedy(one)
        yield ""
    if group["next"]:
        code = f"{group['next']['code']}, " if group["next"]["code"] else ""
        yield f"**Then** fails with {code}{_code(group['next']['cause'])}: {_prose(group['next']['why'])}"
        yield ""
    yield from _open(group["alternatives"])
    yield from (f"<{reference}>" for reference in group["references"][:3] if reference.startswith("https://"))
    yield ""


def remedy(one: Mapping[str, Any]) -> str:
    """The steps for one stack under its name."""
    steps = (f"{number}. {_prose(wording.unfenced(step, '`'))}" for number, step in enumerate(one["steps"], 1))
    return "\n".join((f"**{_prose(wording.stack(one['stack']))}**", "", *steps))


def _facts(group: Mapping[str, Any], first: Mapping[str, Any] | None, names: Mapping[str, str]) -> Iterator[str]:
    place = wording.place(first["source"], names) if first is not None else None
    facts = (
        ("cause", f"{_code(group['cause'])}, {group['confidence']}"),
        ("first at", _code(place)),
        ("schemes", _codes(group["schemes"])),
        ("codes", _codes(group["codes"])),
        ("issuers", _codes(group["issuers"])),
    )
    yield " · ".join(f"{name} {text}" for name, text in facts if text)
    yield ""


def _open(alternatives: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not alternatives:
        return
    yield "**Or**"
    yield ""
    for one in alternatives:
        decided = "; ".join(one["decided_by"])
        by = f" Decided by: {_prose(decided)}" if decided else ""
        yield f"- {_code(one['cause'])}: {_prose(one['why'])}{by}"
    yield ""


def _exposures(exposures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    told = [
        f"{e['kind']}: {e['subject']}" + (f", until {e['until']}" if e["until"] else "") + f". {' '.join(e['steps'])}"
        for e in exposures
    ]
    yield from _list("Given away by the log", told)


def _list(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"## {title}"
        yield ""
        yield from (f"- {_prose(text)}" for text in texts[:MOST_LISTED])
        if len(texts) > MOST_LISTED:
            yield f"- and {len(texts) - MOST_LISTED:,} more"
        yield ""


# --------------------------------------------------------------------------- texts


def _codes(values: Sequence[str]) -> str:
    shown = ", ".join(_code(value) for value in values[:3])
    return f"{shown} and {len(values) - 3:,} more" if len(values) > 3 else shown


def _code(text: str | None) -> str:
    """A value as it is, in a code span that nothing in it can end."""
    if not text:
        return ""
    shown = _cut(visible(" ".join(text.split()))).replace("|", "\\|")
    fence = "``" if "`" in shown else "`"
    if fence in shown:
        return _prose(shown)
    return f"{fence} {shown} {fence}" if fence == "``" else f"`{shown}`"


def _prose(text: str) -> str:
    """Text of ours with values of the log in it, in one line; its code spans stay."""
    text = _cut(" ".join(visible(text, lines=True).split()))
    out: list[str] = []
    done = 0
    for match in _CODE.finditer(text):
        out += (_escaped(text[done : match.start()]), match.group().replace("|", "\\|"))
        done = match.end()
    return "".join((*out, _escaped(text[done:])))


def _escaped(text: str) -> str:
    text = _MARKS.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;")).replace("`", "\\`")
    text = text.replace("@", "@\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")
    return _LIST.sub(r"\1\\\2\3", text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
