from __future__ import annotations

import inspect
import io
import json
import os
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import typer

import authlens
from authlens import cli
from authlens.cli.scan import exit_code
from authlens.errors import NoInputError
from authlens.model import Amount, InputReport, Ledger, Result, Severity
from authlens.options import OPTIONS, Settings
from authlens.reports.writers import WRITERS
from authlens.timings import Timings
from tests.unit.helpers import results
from tests.unit.helpers.shared import changed

Scan = Callable[..., Result]


@pytest.fixture
def scanned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Result | BaseException], list[dict[str, Any]]]:
    """Lets a scan find a given result; returns the list of what it was asked."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("AUTHLENS_") or n in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "stdin", Terminal())

    def use(result: Result | BaseException) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def run(paths: list[str], options: Settings, timings: Timings, **_: object) -> Result:
            timings.stages["observe"] = 0.25
            asked.append({"paths": paths, "options": options})
            if isinstance(result, BaseException):
                raise result
            return result

        module = types.ModuleType("authlens.pipeline")
        module.__dict__.update(run=run)
        monkeypatch.setitem(sys.modules, "authlens.pipeline", module)
        monkeypatch.setattr(authlens, "pipeline", module, raising=False)
        return asked

    return use


class Terminal(io.TextIOWrapper):
    """Standard input that is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())

    def isatty(self) -> bool:
        return True


# --------------------------------------------------------------------------- exit codes


def with_findings(*severities: Severity) -> Result:
    found = tuple(changed(results.okta()[0], id=s.value, severity=s) for s in severities)
    return replace(results.healthy(), findings=found)


EXPOSED = replace(results.healthy(), exposures=results.typical().exposures)
EMPTY = replace(results.healthy(), inputs=(InputReport(path="e.log", layout=None, error="the file is empty"),))
READ = InputReport(path="a.log", layout=None, ledger=Ledger(read=Amount(bytes=1, lines=1)))


@pytest.mark.parametrize(
    ("result", "fail_on", "code"),
    [
        (results.healthy(), Severity.LOW, 0),
        (results.healthy(auth_seen=False), Severity.LOW, 0),
        (with_findings(Severity.LOW), Severity.LOW, 1),
        (with_findings(Severity.INFORMATIONAL), Severity.LOW, 0),
        (with_findings(Severity.INFORMATIONAL), Severity.INFORMATIONAL, 1),
        (with_findings(Severity.MEDIUM, Severity.CRITICAL), Severity.HIGH, 1),
        (with_findings(Severity.MEDIUM), Severity.HIGH, 0),
        (with_findings(Severity.CRITICAL), None, 0),
        (EXPOSED, Severity.HIGH, 1),
        (EXPOSED, Severity.CRITICAL, 0),
        (replace(with_findings(Severity.HIGH), unusable=("x: broken",)), Severity.LOW, 3),
        (replace(results.healthy(), unusable=("x: broken",)), None, 3),
        (replace(EMPTY, unusable=("x: not there",)), Severity.LOW, 3),
        (EMPTY, Severity.LOW, 4),
        (replace(results.healthy(), inputs=()), Severity.LOW, 4),
        (replace(EMPTY, inputs=(*EMPTY.inputs, READ)), Severity.LOW, 0),
        (replace(with_findings(Severity.HIGH), interrupted=True, unusable=("x",)), Severity.LOW, 130),
    ],
)
def test_exit_codes_of_a_finished_scan(result: Result, fail_on: Severity | None, code: int) -> None:
    """Failures and exposures at or above the level, what could not be used, nothing read, interrupted."""
    assert exit_code(result, fail_on) == code


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--fail-on", "none"], 0),
        ([], 1),
        (["--bogus"], 2),
        (["--fail-on", "dreadful"], 2),
        (["--json", "-", "--html", "-"], 2),
    ],
)
@pytest.mark.parametrize("reports", [[], ["--json", "r.json"], ["--html", "r.html", "-q"]])
def test_the_exit_code_does_not_depend_on_reports(
    scanned: Callable[[Result], Any], args: list[str], code: int, reports: list[str]
) -> None:
    """Asking for a report or for silence changes nothing."""
    scanned(results.typical())
    assert cli.run(["scan", "a.log", *reports, *args]) == code


@pytest.mark.parametrize("error", [KeyboardInterrupt(), NoInputError("logs: no log file there", hint="Name one.")])
def test_exit_codes_of_a_scan_that_ended_early(
    scanned: Callable[[BaseException], Any], capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    """Interrupted is 130, nothing to read is 4; both say so in at most three lines."""
    scanned(error)
    assert cli.run(["scan", "logs"]) == (130 if isinstance(error, KeyboardInterrupt) else 4)
    said = capsys.readouterr()
    assert said.out == ""
    assert 1 <= len(said.err.splitlines()) <= 3


# --------------------------------------------------------------------------- what is printed


def test_the_summary_goes_to_standard_output(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing to standard error."""
    scanned(results.typical())
    cli.run(["scan", "a.log"])
    said = capsys.readouterr()
    assert "49 tokens refused" in said.out
    assert said.err == ""
    assert "\x1b" not in said.out


def test_a_report_on_standard_output_stands_alone(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary then goes to standard error."""
    scanned(results.typical())
    cli.run(["scan", "a.log", "--json", "-"])
    said = capsys.readouterr()
    assert json.loads(said.out)["schema"] == "authlens.scan/1"
    assert "49 tokens refused" in said.err


def test_quiet_prints_errors_only(scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be used is an error."""
    scanned(replace(results.typical(), unusable=("b.gz: broken off after 12 bytes",)))
    assert cli.run(["scan", "a.log", "-q"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "authlens: b.gz: broken off after 12 bytes\n"


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [("FORCE_COLOR", True), ("FORCE_COLOR NO_COLOR", False), ("FORCE_COLOR AUTHLENS_NO_COLOR", False), ("", False)],
)
def test_colour_is_asked_for(
    scanned: Callable[[Result], Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    environ: str,
    coloured: bool,
) -> None:
    """NO_COLOR and --no-color beat FORCE_COLOR; output that is no terminal has none by itself."""
    for name in environ.split():
        monkeypatch.setenv(name, "1")
    scanned(results.typical())
    cli.run(["scan", "a.log"])
    assert ("\x1b[" in capsys.readouterr().out) is coloured
    cli.run(["scan", "a.log", "--no-color"])
    assert "\x1b[" not in capsys.readouterr().out


def test_timings_are_printed_apart(scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, a stage a line."""
    scanned(results.healthy())
    cli.run(["scan", "a.log", "--timings"])
    assert "0.250 s  observe" in capsys.readouterr().err


def test_usage_faults_come_together(
    scanned: Callable[[Result], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Unknown options, bad values and the file's faults in one go; nothing is read."""
    asked = scanned(results.typical())
    (tmp_path / "authlens.toml").write_text("offline = 3\n", encoding="utf-8")
    assert cli.run(["scan", "--jsno", "x", "--offlin", "a.log", "--now", "then", "--html"]) == 2
    assert cli.run(["scan", "--jsno=x", "--offlin", "a.log", "--now", "then", "--", "--odd-name.log"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    for line in (
        "--jsno: there is no such option. Did you mean --json?",
        "--offlin: there is no such option. Did you mean --offline?",
        "--now: “then” is no time.",
        "authlens.toml:1:1: offline: true or false is wanted here, not a number.",
    ):
        assert line in said.err.splitlines()
    assert not asked


def test_rule_faults_come_with_the_others(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A rule file given by option is checked even where another option is wrong."""
    scanned(results.typical())
    (tmp_path / "mine.yml").write_text("title: 3\nlevel: dreadful\n", encoding="utf-8")
    assert cli.run(["scan", "a.log", "--rules", "mine.yml", "--fail-on", "x"]) == 2
    said = capsys.readouterr().err
    assert "--fail-on" in said
    assert "mine.yml:2:" in said


def test_unknown_variables_are_told(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped variable is no silence."""
    monkeypatch.setenv("AUTHLENS_FAILON", "high")
    scanned(results.healthy())
    assert cli.run(["scan", "a.log"]) == 0
    assert "AUTHLENS_FAILON is not an option. Did you mean AUTHLENS_FAIL_ON?" in capsys.readouterr().err


# --------------------------------------------------------------------------- reports and inputs


def test_reports_are_written_whole_or_not_at_all(
    scanned: Callable[[Result], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old report stays until the new one is complete, and nothing else is left in the folder."""
    scanned(results.typical())
    assert cli.run(["scan", "a.log", "--json", "r.json", "--html", "r.html"]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json"]
    before = (tmp_path / "r.json").read_bytes()
    assert json.loads(before)["summary"]["failures"] == 49

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("authlens.reports.document.write_list", fail)
    assert cli.run(["scan", "a.log", "--json", "r.json"]) == 3
    assert (tmp_path / "r.json").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json"]


def test_who_reads_a_report_while_the_next_is_written_reads_it_to_its_end(
    scanned: Callable[[Result], Any], tmp_path: Path
) -> None:
    """The new report takes the old one's place; it is not written into it."""
    scanned(results.typical())
    old = tmp_path / "r.json"
    old.write_text("the old report", encoding="utf-8")
    with old.open(encoding="utf-8") as reader:
        assert cli.run(["scan", "a.log", "--json", "r.json", "-q"]) == 1
        assert reader.read() == "the old report"
    assert json.loads(old.read_bytes())["summary"]["failures"] == 49


def test_standard_input_is_read_unless_it_is_a_terminal(
    scanned: Callable[[Result], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``kubectl logs | authlens scan`` needs no argument; on a terminal one is asked for."""
    asked = scanned(results.healthy())
    assert cli.run(["scan"]) == 2
    assert "authlens scan app.log" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x")))
    assert cli.run(["scan"]) == 0
    assert [a["paths"] for a in asked] == [["-"]]


def test_options_reach_the_scan(scanned: Callable[[Result], list[dict[str, Any]]]) -> None:
    """Each flag sets the field that declares it, and no other."""
    asked = scanned(results.healthy())
    args = "scan a.log b.log --settings s.json --settings t.json --bundle b.json --jwks https://a.example=k.json"
    args += " --allow-issuer https://a.example/* --ca-bundle ca.pem --cache c --jobs 2 --since 2h --until 2026-11-24"
    args += " --offline --no-default-rules --format clef --now 2026-11-23T22:00:00Z --timezone +02:00"
    cli.run(args.split())
    zone = timezone(timedelta(hours=2))
    assert asked == [
        {
            "paths": ["a.log", "b.log"],
            "options": Settings(
                settings=("s.json", "t.json"),
                bundles=("b.json",),
                jwks=("https://a.example=k.json",),
                allow_issuers=("https://a.example/*",),
                ca_bundle="ca.pem",
                cache="c",
                jobs=2,
                since=datetime(2026, 11, 23, 20, tzinfo=UTC),
                until=datetime(2026, 11, 24, tzinfo=zone).astimezone(UTC),
                offline=True,
                default_rules=False,
                format="clef",
                now=datetime(2026, 11, 23, 22, tzinfo=UTC),
                timezone=zone,
            ),
        }
    ]


@pytest.mark.parametrize("flag", ["--html", "--jobs", "--since"])
def test_an_empty_flag_is_not_ignored(
    scanned: Callable[[Result], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    """Nothing that is given is."""
    asked = scanned(results.healthy())
    assert cli.run(["scan", "a.log", flag, ""]) == 2
    assert f"{flag}: is empty." in capsys.readouterr().err
    assert not asked


def test_every_option_of_a_scan_has_a_flag() -> None:
    """Declared once, it is in the command too; what has none says so."""
    scan = typer.main.get_command(cli.app).commands["scan"]  # type: ignore[attr-defined]  # a group has them
    assert {o for p in scan.params for o in p.opts if o.startswith("--")} == {
        f"--{option.name}" for option in OPTIONS.values() if option.flag
    }


def test_the_library_takes_the_options_of_a_scan_as_keywords() -> None:
    """As contract and help() show them; what is none is refused."""
    known = inspect.signature(authlens.scan).parameters
    assert {"settings", "bundles", "jwks", "offline", "rules", "now", "jobs"} <= set(known)
    assert not {"html", "quiet"} & set(known)
    with pytest.raises(TypeError, match="offlin"):
        authlens.scan(["a.log"], offlin=True)  # type: ignore[call-arg]  # what this is about


@pytest.mark.parametrize(
    "args",
    [
        "a.log --html ./a.log",
        "a.log --settings s.json --json s.json",
        "a.log --jwks https://a.example=k --csv k",
        "a.log --jwks b=k --csv b=k",
        "a.log --rules r.yml --html r.yml",
        "a.log --config c.toml --html c.toml",
        "a.log --ca-bundle ca.pem --html ca.pem",
        ". --json a.log",
        ". --json logs/old/b.log",
        "logs --csv z.zip --html logs/../logs/z.zip",
    ],
)
def test_no_report_takes_the_place_of_what_is_read(
    scanned: Callable[[Result], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str], tmp_path: Path, args: str
) -> None:
    """A log is not lost to a slip of the hand; a baseline may be written anew."""
    asked = scanned(results.typical())
    (tmp_path / "logs" / "old").mkdir(parents=True)
    for name in ("a.log", "s.json", "k", "b=k", "r.yml", "ca.pem", "logs/old/b.log"):
        (tmp_path / name).write_text("kept", encoding="utf-8")
    (tmp_path / "c.toml").write_text("quiet = true", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "logs" / "z.zip", "w") as archive:
        archive.writestr("in/c.log", "kept")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert cli.run(["scan", *args.split()]) == 2
    assert "would take the place of what is read" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not asked
    assert cli.run(["scan", "a.log", "--json", "old.json", "-q"]) == 1
    assert cli.run(["scan", "a.log", "--baseline", "old.json", "--json", "old.json", "-q"]) == 0


def test_a_report_among_the_logs_is_renewed(scanned: Callable[[Result], list[dict[str, Any]]], tmp_path: Path) -> None:
    """What an earlier run left in a folder of logs is no log, and tomorrow's run may write it anew."""
    scanned(results.typical())
    (tmp_path / "logs").mkdir()
    args = ["scan", "logs", "--json", "logs/report.json", "-q"]
    assert [cli.run(args), cli.run(args)] == [1, 1]


def test_any_number_of_reports_in_one_run(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each to its file, one of them to standard output; the summary then goes to standard error."""
    scanned(results.typical())
    names = [writer.name for writer in WRITERS if writer.name != "csv"]
    assert cli.run(["scan", "a.log", "--csv", "-", *(f"--{name}=r.{name}" for name in names)]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"r.{name}" for name in names)
    said = capsys.readouterr()
    assert said.out.startswith("id,group,")
    assert "49 tokens refused" in said.err


def test_only_what_is_new_counts(
    scanned: Callable[[Result], Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With an earlier result as baseline; what is known is shown and marked, and fails nothing."""
    whole = results.typical()
    scanned(whole)
    assert cli.run(["scan", "a.log", "--json", "old.json", "-q"]) == 1
    assert cli.run(["scan", "a.log", "--baseline", "old.json"]) == 0
    assert "49 tokens refused (0 new)" in capsys.readouterr().out
    scanned(replace(whole, findings=whole.findings[1:], exposures=()))
    assert cli.run(["scan", "a.log", "--json", "old.json", "-q"]) == 1
    scanned(whole)
    assert cli.run(["scan", "a.log", "--baseline", "old.json"]) == 1
    assert "(1 new)" in capsys.readouterr().out
    assert cli.run(["scan", "a.log", "--baseline", "old.json", "--fail-on", "critical", "-q"]) == 0


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"schema": "authlens.bundle/1"}', "[" * 100_000])
def test_a_baseline_that_is_none_is_wrong_usage(
    scanned: Callable[[Result], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    """Everything would count as new: so nothing is read."""
    asked = scanned(results.typical())
    if text is not None:
        Path("old.json").write_text(text, encoding="utf-8")
    assert cli.run(["scan", "a.log", "--baseline", "old.json"]) == 2
    assert "an earlier scan wrote with --json" in capsys.readouterr().err
    assert not asked


# --------------------------------------------------------------------------- other commands


def test_codes_explains_searches_and_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """One code for a person, several by words, all without any, each as JSON too."""
    assert cli.run(["codes", "IDX10214"]) == 0
    assert "does not prove" in capsys.readouterr().out
    assert cli.run(["codes", "audience", "empty"]) == 0
    assert "IDX10206" in capsys.readouterr().out
    assert cli.run(["codes", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["codes"]) > 500
    assert cli.run(["codes", "IDX99999"]) == 2
    assert "newer library" in capsys.readouterr().err


def test_rules_are_checked_tried_and_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The shipped pack is in order; a file that is not is told with line and column."""
    assert cli.run(["rules", "check"]) == 0
    assert cli.run(["rules", "test"]) == 0
    assert cli.run(["rules", "list", "--json"]) == 0
    assert cli.run(["rules", "fields"]) == 0
    capsys.readouterr()
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("title: x\nlevel: dreadful\n", encoding="utf-8")
    assert cli.run(["rules", "check", str(wrong)]) == 2
    assert f"{wrong}:2:" in capsys.readouterr().out
    assert cli.run(["rules", "test", str(wrong)]) == 2


# --------------------------------------------------------------------------- the program


def program(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "authlens", *args], capture_output=True, text=True, check=False, timeout=60, **options
    )


def test_the_version_is_told_without_loading_the_rest() -> None:
    """Nothing heavy is imported for it."""
    found = program("--version")
    assert found.stdout == f"authlens {authlens.__version__}\n"
    watched = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "authlens", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in watched.stderr.splitlines()}
    assert not loaded & {"pandas", "numpy", "jinja2", "requests", "rich", "yaml", "cryptography", "authlens.pipeline"}


COMMANDS = ["", "scan", "token", "codes", "bundle", "redact", "rules", "rules check", "rules test", "rules explain"]


@pytest.mark.parametrize("args", [[*command.split(), "--help"] for command in COMMANDS], ids=" ".join)
def test_help_fits_a_terminal(args: list[str]) -> None:
    """Eighty columns, and no sentence cut off."""
    found = program(*args, env={**os.environ, "COLUMNS": "80"})
    assert found.returncode == 0
    assert max(map(len, found.stdout.splitlines())) <= 80
    assert "..." not in found.stdout.replace("]...", "").replace("}...", "").replace("[ARGS]...", "")


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        ("codes --jsn", "--json"),
        ("rules test --no-default-rule", "--no-default-rules"),
        ("rules list --jsno", "--json"),
        ("token --schem A x.y.z", "--scheme"),
        ("bundle https://a.example --ouptut x", "--output"),
        ("redact --outptu x", "--output"),
        ("scan --ofline", "--offline"),
    ],
)
def test_no_command_ignores_an_option(capsys: pytest.CaptureFixture[str], args: str, meant: str) -> None:
    """One that does not exist is refused with what was meant, whatever else is wrong."""
    assert cli.run(args.split()) == 2
    said = capsys.readouterr()
    assert f"there is no such option. Did you mean {meant}?" in said.err
    assert said.out == ""


@pytest.mark.parametrize("args", [[], ["scna"], ["scan", "-x"], ["scan", "a.log", "--html"], ["rules"], ["rules", "x"]])
def test_wrong_usage_is_two(args: list[str]) -> None:
    """With a word on standard error and nothing on standard output, never a traceback."""
    found = program(*args, stdin=subprocess.DEVNULL)
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr
    assert "Traceback" not in found.stderr


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImNhcm9sIn0." + "aB3_" * 40


@pytest.mark.parametrize(
    "args",
    [
        [TOKEN],
        [f"--{TOKEN}"],
        ["scan", TOKEN],
        ["scan", f"--{TOKEN}"],
        ["scan", "a.log", "--fail-on", TOKEN],
        ["scan", "a.log", "--config", TOKEN],
        ["scan", "a.log", "--baseline", TOKEN],
        ["scan", "a.log", "--settings", TOKEN],
        ["codes", TOKEN],
        ["bundle", TOKEN],
        ["rules", "check", TOKEN],
        ["rules", "explain", TOKEN, "a.log"],
        ["redact", TOKEN],
    ],
    ids=lambda args: " ".join(args).replace(TOKEN, "TOKEN"),
)
def test_a_token_in_the_wrong_place_is_not_repeated(
    args: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed or pasted wrong ends up in the log of a build: the complaint does not hold it."""
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text("nothing\n", encoding="utf-8")
    assert cli.run(args) in {2, 3}
    said = capsys.readouterr()
    assert TOKEN[-20:] not in said.out + said.err
    assert "eyJpc3MiOiJodHRwczov" not in said.out + said.err


def test_what_is_said_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The name of a file may come from an archive or a folder that someone else filled."""
    assert cli.run(["scan", "\x1b[31mred\u202e.log"]) == 3
    assert "\\x1b[31mred\\u{202e}.log" in capsys.readouterr().err


def test_a_path_that_cannot_be_one_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    """Not as trouble with standard output."""
    assert cli.run(["scan", "x" * 5000]) == 3
    said = capsys.readouterr().err
    assert "xxx" in said
    assert "standard output" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
@pytest.mark.parametrize(
    "args", [["codes", "IDX10223"], ["scan", "--json", "-", "-q", "--offline"], ["scan", "--offline"]]
)
def test_standard_output_that_is_full_is_three(args: list[str]) -> None:
    """Half a report must not look like a finished one: it is told, without a traceback."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "authlens", *args],
            input="x\n",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert done.stderr == "authlens: cannot write to standard output: No space left on device.\n"


def test_a_narrow_locale_gets_signs_that_it_has() -> None:
    """No escapes among the words of a command that prints for people."""
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = program("codes", "IDX10223", env=env)
    assert found.stdout.startswith("IDX10223 | Microsoft.IdentityModel.Tokens | 3.0.0-")
    assert "\\" not in found.stdout
