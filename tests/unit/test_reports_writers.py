from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from authlens.model import Frozen, InputReport, Remediation, Result, Severity
from authlens.reports.baseline import Baseline
from authlens.reports.csv import COLUMNS, cell
from authlens.reports.document import Document
from authlens.reports.sarif import address
from authlens.reports.writers import WRITERS
from tests.unit.helpers import results
from tests.unit.helpers.shared import changed

BY_NAME = {writer.name: writer for writer in WRITERS}
ODD = [
    results.typical(),
    results.healthy(),
    results.healthy(auth_seen=False),
    results.hostile(),
    Result(version="1", now=results.NOW),
]


def written(name: str, result: Result, **options: Any) -> str:
    """What the writer of that name makes of a result."""
    out = io.StringIO()
    BY_NAME[name].write(Document(result, **options), out)
    return out.getvalue()


@pytest.mark.parametrize("name", BY_NAME)
def test_equal_results_give_equal_bytes(name: str) -> None:
    """Whatever order findings and groups were found in; and no secret and no person is in it."""
    one = results.typical()
    other = replace(one, findings=one.findings[::-1], groups=one.groups[::-1], issuers=one.issuers[::-1])
    text = written(name, one)
    assert text == written(name, other)
    assert text.endswith("\n")
    assert "alice@example.org" not in text


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_that_steers_a_terminal_is_written(name: str, result: Result) -> None:
    """Neither escape sequences nor characters that turn the direction of text, whatever a log says."""
    text = written(name, result)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


# --------------------------------------------------------------------------- lines and rows


def test_json_lines_are_the_documents_failures() -> None:
    """The same objects in the same order, one a line."""
    result = results.typical()
    lines = written("jsonl", result).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(written("json", result))["failures"]
    assert written("jsonl", results.healthy()) == ""


def test_a_table_has_one_row_a_failure_under_stable_columns() -> None:
    """All rows are as long as the header; values are those of the document."""
    result = results.typical()
    rows = list(csv.DictReader(io.StringIO(written("csv", result))))
    failures = json.loads(written("json", result))["failures"]
    assert [row["id"] for row in rows] == [f["id"] for f in failures]
    assert all(set(row) == set(COLUMNS) and None not in row.values() for row in rows)
    assert [row["path"] + row["line"] for row in rows] == [
        f["source"]["path"] + str(f["source"]["line"]) for f in failures
    ]
    assert written("csv", results.healthy()).splitlines() == [",".join(COLUMNS)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|calc", "%1", "＝1", "\n=1"])
def test_a_spreadsheet_computes_nothing(text: str) -> None:
    """A cell from a log that would be a formula begins with an apostrophe; numbers of ours stay numbers."""
    assert cell(text).startswith("'")
    assert cell(-5) == "-5"
    assert cell(["=1", "b"]).startswith("'")
    result = results.typical()
    evil = changed(result.findings[0].failure, scheme=text, fields=Frozen({"kid": text, "iss": text}))
    table = written("csv", replace(result, findings=(replace(result.findings[0], failure=evil),)))
    row = next(iter(csv.DictReader(io.StringIO(table))))
    assert row["scheme"][0] == row["kid"][0] == row["iss"][0] == "'"


# --------------------------------------------------------------------------- SARIF


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
def test_sarif_has_what_its_schema_asks_for(result: Result) -> None:
    """Version, driver, rules with unique ids, results that refer to them, regions from line 1, URIs without blanks."""
    log = json.loads(written("sarif", result))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "authlens")
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["shortDescription"]["text"] and rule["defaultConfiguration"]["level"] for rule in rules)
    assert len(run["results"]) == len(result.findings) + len(result.exposures)
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["level"] in {"none", "note", "warning", "error"}
        assert found["message"]["text"]
        for place in (*found["locations"], *found.get("relatedLocations", ())):
            physical = place["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            assert re.fullmatch(r"[!-~]+", physical["artifactLocation"]["uri"])
    assert all(isinstance(i["executionSuccessful"], bool) for i in run["invocations"])


SARIF = {
    "": "$schema version runs",
    "run": "tool invocations artifacts columnKind results",
    "driver": "name version rules",
    "rule": "id shortDescription defaultConfiguration properties help helpUri",
    "invocation": "executionSuccessful toolExecutionNotifications",
    "notification": "level message",
    "result": "ruleId ruleIndex level message locations relatedLocations partialFingerprints properties baselineState",
    "location": "physicalLocation",
    "physical": "artifactLocation region",
    "region": "startLine endLine",
    "artifact": "location roles",
}
"""Of what §3 of the specification knows, what is used here; its schema admits no other member."""


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
def test_sarif_has_no_member_of_its_own(result: Result) -> None:
    """What is ours stands in property bags; a viewer that checks the schema opens the file."""
    log = json.loads(written("sarif", result))
    (run,) = log["runs"]
    places = [p for r in run["results"] for p in (*r["locations"], *r.get("relatedLocations", ()))]
    physical = [place["physicalLocation"] for place in places]
    found = {
        "": [log],
        "run": [run],
        "driver": [run["tool"]["driver"]],
        "rule": run["tool"]["driver"]["rules"],
        "invocation": run["invocations"],
        "notification": [n for i in run["invocations"] for n in i["toolExecutionNotifications"]],
        "result": run["results"],
        "location": places,
        "physical": physical,
        "region": [one["region"] for one in physical],
        "artifact": run["artifacts"],
    }
    for kind, objects in found.items():
        assert {name for one in objects for name in one} <= set(SARIF[kind].split()), kind


def test_sarif_makes_no_link_of_what_a_log_says() -> None:
    """A plain text may hold links to follow, a Markdown one pictures to fetch: neither comes from a log."""
    evil = "![x](https://evil.example/p.png) [y](https://evil.example)"
    found = results.finding(results.failure(1), "sig.wrong-key", title=evil)
    steps = (Remediation(stack="aspnetcore", steps=(f"Ask {evil}.",)),)
    group = results.group([found], remediation=steps)
    (run,) = json.loads(written("sarif", replace(results.healthy(), findings=(found,), groups=(group,))))["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    for text in (run["results"][0]["message"]["text"], rule["shortDescription"]["text"], rule["help"]["text"]):
        assert "evil.example" in text
        assert "](" not in text
    assert not re.search(r"(?<!\\)\[", rule["help"]["markdown"])


def test_sarif_fingerprints_do_not_depend_on_the_place() -> None:
    """They are the failures' ids; what could not be read is a notification."""
    result = replace(results.typical(), unusable=("x.log: no such file",))
    (run,) = json.loads(written("sarif", result))["runs"]
    prints = [r["partialFingerprints"]["authlensFailure/v1"] for r in run["results"]]
    assert Counter(prints[: len(result.findings)]) == Counter(f.id for f in result.findings)
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "x.log" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("logs/app.log", "logs/app.log"),
        ("/var/log/a b.log", "file:///var/log/a%20b.log"),
        (r"C:\logs\app.log", "file:///C:/logs/app.log"),
        ("a:b.log", "a%3Ab.log"),
        ("old.zip/app.log", "old.zip/app.log"),
        ("-", "stdin"),
    ],
)
def test_a_path_is_a_uri_reference(path: str, uri: str) -> None:
    """Relative ones stay relative, so that a viewer finds them in its folder."""
    assert address(path) == uri


# --------------------------------------------------------------------------- builds and metrics


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
def test_junit_is_xml_whose_numbers_add_up(result: Result) -> None:
    """At least one case; the counts of the suite are those of its cases."""
    suites = ET.fromstring(written("junit", result))
    (suite,) = suites
    cases = suite.findall("testcase")
    assert cases
    for node in (suites, suite):
        assert int(node.get("tests", "")) == len(cases)
        assert int(node.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(node.get("errors", "")) == len(suite.findall("testcase/error")) == len(result.unusable)
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
def test_junit_has_what_its_schemas_know(result: Result) -> None:
    """Attributes that Jenkins' schema lacks make it refuse the file; a timestamp is one of seconds."""
    suites = ET.fromstring(written("junit", replace(result, now=results.NOW.replace(microsecond=123))))
    (suite,) = suites
    assert set(suites.attrib) <= {"name", "time", "tests", "failures", "errors"}
    assert set(suite.attrib) <= {*suites.attrib, "skipped", "timestamp"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
    for case in suite.findall("testcase"):
        assert set(case.attrib) == {"name", "classname", "time"}
        assert {inner.tag for inner in case} <= {"failure", "error", "skipped", "system-out"}
        assert all(set(inner.attrib) <= {"message", "type"} for inner in case)


def test_junit_tells_an_unknown_time_as_such() -> None:
    """A log without clocks has failures without a time."""
    found = results.finding(results.failure(1, minutes=None), "sig.wrong-key", title="A wrong key")
    text = written("junit", replace(results.healthy(), findings=(found,), groups=(results.group([found]),)))
    assert "First in app.log:18, at an unknown time." in text


def test_junit_fails_for_causes_but_not_for_informational_ones() -> None:
    """And what could not be read is an error, not a failure."""
    result = results.typical()
    calm = replace(
        result, groups=tuple(replace(g, severity=Severity.INFORMATIONAL) for g in result.groups), exposures=()
    )
    (suite,) = ET.fromstring(written("junit", replace(calm, unusable=("x: broken",))))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    (suite,) = ET.fromstring(written("junit", result))
    assert int(suite.get("failures", "")) == len(result.groups) + len(result.exposures)


@pytest.mark.parametrize("result", ODD, ids=range(len(ODD)))
def test_metrics_are_in_the_text_format(result: Result) -> None:
    """Help and type once each before the samples, no sample twice, no time stamps, no line that is neither."""
    text = written("prometheus", result)
    seen: set[str] = set()
    declared: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            declared.add(line.split()[2])
        elif not line.startswith("# HELP "):
            found = re.fullmatch(
                r'([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? (-?[\d.e+]+)', line
            )
            assert found, line
            assert found.group(1) in declared
            assert found.group(1) + (found.group(2) or "") not in seen
            seen.add(found.group(1) + (found.group(2) or ""))
    numbers = re.findall(r"^authlens_failures(?:\{.*\})? (\d+)$", text, re.MULTILINE)
    assert sum(map(int, numbers)) == len(result.findings)


# --------------------------------------------------------------------------- Markdown


def test_markdown_tells_the_answer_first() -> None:
    """Then a table of causes, each with evidence and steps."""
    text = written("markdown", results.typical())
    assert text.startswith("# 49 tokens refused: 4 causes\n")
    assert "| severity | cause |" in text
    assert "`sig.opaque-access-token`" in text
    assert "1. " in text
    assert "No refused token was found" in written("markdown", results.healthy())


def test_markdown_makes_nothing_of_what_a_log_says() -> None:
    """No tag, link, image, mention, heading or further column comes from a log."""
    text = written("markdown", results.hostile())
    outside = re.sub(r"``[^\n]*?``|`[^`\n]*`", "", text)
    assert not re.search(r"(?<!\\)<(?!https://)[a-zA-Z/!]", outside)
    assert not re.search(r"(?<!\\)!?\[[^\]]*\]\(", outside)
    assert not re.search(r"@[A-Za-z0-9]", outside)
    assert not re.search(r"^#+ (?!No |\d|[A-Z]+: |Given|Notes)", outside, re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1


def test_markdown_calls_nobody() -> None:
    """A name behind an at sign in a log would send a message to someone of the forge where the ticket is."""
    failed = results.failure(1, scheme="@octocat", logger="@octo-org/all")
    found = results.finding(failed, "sig.wrong-key", title="for @octocat", explanation="asked @octo-org/all.")
    text = written("markdown", replace(results.healthy(), findings=(found,), groups=(results.group([found]),)))
    assert "octocat" in text
    assert not re.search(r"@octo", re.sub(r"`[^`\n]*`", "", text))


# --------------------------------------------------------------------------- what is new


def test_a_baseline_marks_what_is_known_everywhere() -> None:
    """Failures, causes and exposures; and counts how much is new."""
    result = results.typical()
    old = Baseline(
        failures=frozenset(f.id for f in result.findings[3:]),
        groups=frozenset(g.id for g in result.groups[1:]),
        exposures=frozenset(e.id for e in result.exposures),
    )
    document = json.loads(written("json", result, baseline=old))
    assert document["summary"]["new"] == {"failures": 3, "groups": 1, "exposures": 0}
    assert sum(not f["known"] for f in document["failures"]) == 3
    assert sum(g["new"] for g in document["groups"]) == 3
    (run,) = json.loads(written("sarif", result, baseline=old))["runs"]
    assert Counter(r["baselineState"] for r in run["results"])["new"] == 3
    (suite,) = ET.fromstring(written("junit", result, baseline=old))
    assert int(suite.get("skipped", "")) == sum(g["known"] and not g["new"] for g in document["groups"]) + 1
    assert "3 of them new" in written("markdown", result, baseline=old)
    assert "authlens_failures_new{" in written("prometheus", result, baseline=old)
    rows = csv.DictReader(io.StringIO(written("csv", result, baseline=old)))
    assert Counter(row["known"] for row in rows) == {"false": 3, "true": len(result.findings) - 3}


def test_without_a_baseline_nothing_is_marked() -> None:
    """No key says that something would be new."""
    assert '"known"' not in written("json", results.typical())
    assert "baselineState" not in written("sarif", results.typical())


def test_an_input_without_a_failure_is_an_artifact() -> None:
    """All that was read is named."""
    result = replace(results.healthy(), inputs=(InputReport(path="a b.log", layout=None),))
    (run,) = json.loads(written("sarif", result))["runs"]
    assert [a["location"]["uri"] for a in run["artifacts"]] == ["a%20b.log"]
