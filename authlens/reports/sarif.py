"""SARIF 2.1.0 (OASIS): causes are rules, failures are results at their place in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final, TextIO
from urllib.parse import quote

from authlens.model import Finding
from authlens.reports import markdown, wording
from authlens.reports.document import Document
from authlens.reports.encoding import dump
from authlens.reports.wording import headline, visible

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "informational": "note"}
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "informational": "0.5"}
_FINGERPRINT: Final = "authlensFailure/v1"
_MOST_RELATED: Final = 10


def write(parts: Document, out: TextIO) -> None:
    """Writes one run, a result a line; memory does not grow with the failures."""
    log = _Log(parts)
    out.write(f'{{\n "$schema": {json.dumps(SCHEMA)},\n "version": "2.1.0",\n "runs": [{{\n')
    out.writelines(f'  "{name}": {dump(value)},\n' for name, value in log.run().items())
    out.write('  "results": [')
    before = "\n   "
    for result in log.results():
        out.write(before)
        out.write(dump(result))
        before = ",\n   "
    out.write("]\n }]\n}\n")


class _Log:
    """The run, and the results that refer to its rules."""

    def __init__(self, parts: Document) -> None:
        self.parts = parts
        self.head, self.tail = parts.head(), parts.tail()
        self.groups = {group["id"]: group for group in self.head["groups"]}
        rules = {group["cause"]: _rule(group) for group in reversed(self.head["groups"])}
        for finding in parts.findings:
            rules.setdefault(finding.cause, _bare_rule(finding.cause, finding.title, finding.severity.value))
        for exposure in self.tail["exposures"]:
            rules.setdefault(f"exposure.{exposure['kind']}", _exposure_rule(exposure))
        self.rules = [rules[name] for name in sorted(rules)]
        self.index = {rule["id"]: number for number, rule in enumerate(self.rules)}

    def run(self) -> dict[str, Any]:
        """All but the results."""
        driver = {"name": "authlens", "version": self.head["tool"]["version"], "rules": self.rules}
        failed = [{"level": "error", "message": {"text": _text(text)}} for text in self.tail["unusable"]]
        notes = [{"level": "note", "message": {"text": _text(text)}} for text in self.tail["notes"]]
        invocation = {
            "executionSuccessful": not failed and not self.tail["interrupted"],
            "toolExecutionNotifications": failed + notes,
        }
        read = dict.fromkeys(address(one["path"]) for one in self.head["inputs"])
        return {
            "tool": {"driver": driver},
            "invocations": [invocation],
            "artifacts": [{"location": {"uri": uri}, "roles": ["analysisTarget"]} for uri in read],
            "columnKind": "unicodeCodePoints",
        }

    def results(self) -> Iterator[dict[str, Any]]:
        """Failures in order of time, then what the log gives away."""
        for failure in self.parts.failures():
            yield self._failure(failure)
        places = {finding.id: finding for finding in self.parts.findings} if self.tail["exposures"] else {}
        for exposure in self.tail["exposures"]:
            yield self._exposure(exposure, places)

    def _failure(self, failure: Mapping[str, Any]) -> dict[str, Any]:
        group = self.groups.get(failure["group"])
        told = headline(group) if group is not None else failure["cause"]
        code = f"{failure['code']}: " if failure["code"] else ""
        found = {
            "ruleId": failure["cause"],
            "ruleIndex": self.index[failure["cause"]],
            "level": _LEVELS[failure["severity"]],
            "message": {"text": _text(f"{code}{told}")},
            "locations": [_location(failure["source"])],
            "partialFingerprints": {_FINGERPRINT: failure["id"]},
            "properties": {
                name: failure[name] for name in ("time", "code", "confidence", "scheme", "group", "request_id")
            },
        }
        if related := _distinct(failure["links"]):
            found["relatedLocations"] = related
        return found | _state(failure)

    def _exposure(self, exposure: Mapping[str, Any], places: Mapping[str, Finding]) -> dict[str, Any]:
        shown = _distinct(
            {"path": found.failure.origin.path, "line": found.failure.origin.line}
            for found in (places[i] for i in exposure["failures"] if i in places)
        )
        rule = f"exposure.{exposure['kind']}"
        until = f", until {exposure['until']}" if exposure["until"] else ""
        return {
            "ruleId": rule,
            "ruleIndex": self.index[rule],
            "level": _LEVELS[exposure["severity"]],
            "message": {"text": _text(f"{exposure['kind']}: {exposure['subject']}{until}")},
            "locations": shown[:1],
            "relatedLocations": shown[1:],
            "partialFingerprints": {_FINGERPRINT: exposure["id"]},
        } | _state(exposure)


def _state(one: Mapping[str, Any]) -> dict[str, str]:
    return {} if "known" not in one else {"baselineState": "unchanged" if one["known"] else "new"}


def _rule(group: Mapping[str, Any]) -> dict[str, Any]:
    rule = _bare_rule(group["cause"], headline(group), group["severity"])
    remedies = wording.remedies(group)
    if steps := "\n\n".join(map(_steps, remedies)):
        rule["help"] = {"text": steps, "markdown": "\n\n".join(map(markdown.remedy, remedies))}
    if group["references"]:
        rule["helpUri"] = group["references"][0]
    return rule


def _steps(remedy: Mapping[str, Any]) -> str:
    numbered = (f"{number}. {_text(wording.unfenced(step))}" for number, step in enumerate(remedy["steps"], 1))
    return "\n".join((f"{_text(wording.stack(remedy['stack']))}:", *numbered))


def _bare_rule(identity: str, title: str, severity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "shortDescription": {"text": _text(title) or identity},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"security-severity": _SCORES[severity], "tags": ["authentication"]},
    }


def _exposure_rule(exposure: Mapping[str, Any]) -> dict[str, Any]:
    rule = _bare_rule(f"exposure.{exposure['kind']}", exposure["kind"], exposure["severity"])
    if exposure["steps"]:
        rule["help"] = {"text": "\n".join(map(_text, exposure["steps"]))}
    return rule


def _distinct(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first few places, none of them twice."""
    seen = dict.fromkeys((str(source["path"]), int(source["line"])) for source in sources)
    return [_location({"path": path, "line": line}) for path, line in islice(seen, _MOST_RELATED)]


def _location(source: Mapping[str, Any]) -> dict[str, Any]:
    region = {"startLine": source["line"]}
    if source.get("lines", 1) > 1:
        region["endLine"] = source["line"] + source["lines"] - 1
    return {"physicalLocation": {"artifactLocation": {"uri": address(source["path"])}, "region": region}}


def address(path: str) -> str:
    """A path as a URI reference; standard input has none and is named by a word."""
    if path == "-":
        return "stdin"
    if re.match(r"[A-Za-z]:[\\/]", path):
        return f"file:///{quote(PureWindowsPath(path).as_posix().encode('utf-8', 'replace'), safe='/:')}"
    quoted = quote(path.encode("utf-8", "surrogatepass"))
    return f"file://{quoted}" if PurePosixPath(path).is_absolute() else quoted


def _text(text: str) -> str:
    """Plain text, in which a viewer finds no link of a log's making (§3.11.6)."""
    return visible(text, lines=True).replace("](", "] (")
