"""From a hostile log to every report, by the real program: nothing runs, steers, computes, links or leaks."""

import csv
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.e2e import hostile
from tests.e2e.program import run

KINDS = ("html", "json", "jsonl", "csv", "markdown", "sarif", "junit", "prometheus")
NAME = "\x1b[31m<img src=x onerror=alert(1)>\u202e.log"
"""The name of the file is the attacker's, too: it came out of an archive."""
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All reports of the hostile log, and what was printed, as files."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / NAME).write_text(hostile.log(), encoding="utf-8")
    done = run(folder, "scan", NAME, "-v", *(f"--{kind}=report.{kind}" for kind in KINDS))
    assert done.returncode == 1, done.stderr
    (folder / "report.terminal").write_text(done.stdout + done.stderr, encoding="utf-8")
    return folder


def report(folder: Path, kind: str) -> str:
    return (folder / f"report.{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [*KINDS, "terminal"])
def test_nothing_leaks_and_nothing_steers(folder: Path, kind: str) -> None:
    """No signature, secret or person; no control character and none that turns the direction."""
    text = report(folder, kind)
    assert [secret for secret in hostile.SECRETS if secret in text] == []
    assert set(STEERS.findall(text)) == set()


def test_every_failure_is_in_every_report(folder: Path) -> None:
    """An attack does not hide itself, nor what stands beside it."""
    failures = json.loads(report(folder, "json"))["failures"]
    assert len(failures) == len(hostile.ATTACKS)
    assert [json.loads(line) for line in report(folder, "jsonl").splitlines()] == failures
    rows = list(csv.DictReader(report(folder, "csv").splitlines()))
    assert [row["id"] for row in rows] == [failure["id"] for failure in failures]
    assert not [cell for row in rows for cell in row.values() if re.match(r"\s*[=+@|%]|\s*-\D", cell)]
    (run_,) = json.loads(report(folder, "sarif"))["runs"]
    assert len([r for r in run_["results"] if not r["ruleId"].startswith("exposure.")]) == len(failures)
    assert ET.fromstring(report(folder, "junit")).findall("testsuite/testcase/failure")
    assert f"# {len(failures)} tokens refused" in report(folder, "markdown")


class Seen(HTMLParser):
    """Tags and their attributes as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_holds_no_element_of_the_attacker(folder: Path) -> None:
    """One script, one style, no picture, no handler, no style, no address but those of vendors and of the page."""
    tags = Seen(report(folder, "html")).tags
    assert [tag for tag, _ in tags if tag in {"script", "style"}] == ["style", "script"]
    assert not {"img", "iframe", "object", "embed", "link", "base", "form"} & {tag for tag, _ in tags}
    for tag, attributes in tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        assert re.match(r"#|https://(?!.*evil)", attributes.get("href") or "#"), attributes


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here; the tests above read the page without one")
def test_a_browser_runs_the_pages_script_and_no_other(folder: Path, tmp_path: Path) -> None:
    """The filter, which only the script adds, is there: the policy admits the script; and nobody changed the page."""
    browser = (str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    done = subprocess.run(
        [*browser, "--dump-dom", (folder / "report.html").as_uri()],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    before, after = Seen(report(folder, "html")).tags, Seen(done.stdout).tags
    added = [tag for tag in after if tag not in before]
    assert ("label", {"class": "filter"}) in added
    assert {tag for tag, _ in added} <= {"label", "input", "button", "p"}
    assert "alert(1)" in done.stdout
