"""JUnit's XML: a case a cause, so that a build shows what was refused beside what was tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, TextIO

from authlens.reports import accounting, wording
from authlens.reports.document import Document
from authlens.reports.wording import count, visible


def write(parts: Document, out: TextIO) -> None:
    """Writes one suite: causes fail, informational and known ones do not, what could not be read is an error."""
    head, tail = parts.head(), parts.tail()
    cases = [*_causes(parts), *_exposures(tail), *_unusable(tail), *_fine(head, tail)]
    counts = {kind: sum(f"<{tag} " in case for case in cases) for kind, tag in _COUNTED}
    totals = f'tests="{len(cases)}" failures="{counts["failures"]}" errors="{counts["errors"]}" time="0"'
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites name="authlens" {totals}>\n')
    own = (
        f'skipped="{counts["skipped"]}" timestamp="{head["tool"]["now"][:_SECONDS]}"'  # the schemas have them here only
    )
    out.write(f' <testsuite name="authlens" {totals} {own}>\n')
    out.writelines(cases)
    out.write(f"  <system-out>{_text(accounting.account(head))}</system-out>\n </testsuite>\n</testsuites>\n")


_COUNTED = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
_SECONDS = len("2026-11-24T12:00:00")


def _causes(parts: Document) -> Iterator[str]:
    for group in parts.head()["groups"]:
        first = parts.first_of(group)
        told = f"{count(group['count'], 'token')} refused: {wording.headline(group)}"
        name = f"{group['cause']} {group['id']}"
        if group.get("known") and not group["new"]:
            yield _case("causes", name, _element("skipped", f"known: {told}"))
        elif group["severity"] == "informational":
            yield _case("causes", name, f"   <system-out>{_text(told)}</system-out>\n")
        else:
            yield _case("causes", name, _element("failure", told, group["severity"], _details(group, first)))


def _details(group: Mapping[str, Any], first: Mapping[str, Any] | None) -> str:
    lines = [group["explanation"]]
    if first is not None:
        when = f"{wording.moment(first['time'])} UTC" if first["time"] else "at an unknown time"
        lines.append(f"First in {wording.place(first['source'])}, {when}.")
    for remedy in wording.remedies(group):
        lines.append(f"{wording.stack(remedy['stack'])}:")
        lines += [f"{number}. {wording.unfenced(step)}" for number, step in enumerate(remedy["steps"], 1)]
    return "\n".join(filter(None, lines))


def _exposures(tail: Mapping[str, Any]) -> Iterator[str]:
    for exposure in tail["exposures"]:
        told = f"{exposure['kind']}: {exposure['subject']}"
        name = f"{exposure['kind']} {exposure['id']}"
        if exposure.get("known"):
            yield _case("exposures", name, _element("skipped", f"known: {told}"))
        else:
            steps = "\n".join(exposure["steps"])
            yield _case("exposures", name, _element("failure", told, exposure["severity"], steps))


def _unusable(tail: Mapping[str, Any]) -> Iterator[str]:
    for number, text in enumerate(tail["unusable"], 1):
        yield _case("inputs", f"input {number}", _element("error", text, "unusable", text))


def _fine(head: Mapping[str, Any], tail: Mapping[str, Any]) -> Iterator[str]:
    """A suite without a case looks like one that was not run."""
    if not head["groups"] and not tail["unusable"] and not tail["exposures"]:
        told = f"   <system-out>{_text(accounting.visibility(head))}</system-out>\n"
        yield _case("causes", "no refused token", told)


def _case(family: str, name: str, inner: str) -> str:
    return f'  <testcase classname="authlens.{family}" name="{_attribute(name)}" time="0">\n{inner}  </testcase>\n'


def _element(tag: str, message: str, kind: str = "", text: str = "") -> str:
    kinds = f' type="{_attribute(kind)}"' if kind else ""
    return f'   <{tag} message="{_attribute(message)}"{kinds}>{_text(text)}</{tag}>\n'


def _attribute(text: str) -> str:
    return escape(visible(" ".join(text.split())))


def _text(text: str) -> str:
    return escape(visible(text, lines=True), quote=False)
