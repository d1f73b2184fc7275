"""Exit codes and streams of the real program: what cron jobs and pipelines rely on."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import samples
from tests.e2e.program import ONE_CAUSE, run

HEALTHY = samples.LOGS / "healthy.log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two logs, an empty one, a picture, and what is no log."""
    shutil.copy(ONE_CAUSE, tmp_path / "refused.log")
    shutil.copy(HEALTHY, tmp_path / "healthy.log")
    (tmp_path / "empty.log").touch()
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40)
    (tmp_path / "none").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("healthy.log", 0),
        ("refused.log --fail-on medium", 0),
        ("refused.log --since 2027-01-01", 0),
        ("refused.log", 1),
        ("refused.log healthy.log empty.log", 1),
        ("refused.log --fail-on dreadful", 2),
        ("refused.log --no-such-option", 2),
        ("missing.log", 3),
        ("refused.log picture.jpg", 3),  # 3 beats 1
        ("refused.log --settings missing.json", 3),
        ("refused.log --jwks picture.jpg", 3),
        ("empty.log", 4),
        ("none", 4),
    ],
)
def test_the_exit_code_says_what_became_of_it(folder: Path, args: str, code: int) -> None:
    """With what happened on standard error wherever it is not done, and never a traceback."""
    done = run(folder, "scan", *args.split())
    assert done.returncode == code, done.stderr
    assert bool(done.stderr) is (code > 1)
    assert "Traceback" not in done.stderr
    assert (done.stdout == "") is (code in {2, 4})


def test_quiet_is_quiet_and_reports_change_no_code(folder: Path) -> None:
    """A cron job mails what is printed: nothing, unless something is wrong with the run itself."""
    kinds = ("html", "json", "jsonl", "csv", "markdown", "sarif", "junit", "prometheus")
    done = run(folder, "scan", "refused.log", "-q", *(f"--{kind}=report.{kind}" for kind in kinds))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert {path.suffix[1:] for path in folder.glob("report.*")} == set(kinds)
    broken = run(folder, "scan", "refused.log", "missing.log", "-q")
    assert (broken.returncode, broken.stdout) == (3, "")
    assert "missing.log" in broken.stderr


def test_a_pipeline_reads_and_writes_streams(folder: Path) -> None:
    """``… | authlens scan --json - | jq``: one stream in, one document out, the summary beside it."""
    done = run(folder, "scan", "--json", "-", text=ONE_CAUSE.read_text(encoding="utf-8"))
    document = json.loads(done.stdout)
    assert (done.returncode, document["summary"]["failures"]) == (1, 3)
    assert document["inputs"][0]["path"] == "-"
    assert "3 tokens refused" in done.stderr


def test_only_what_is_new_fails_the_second_time(folder: Path) -> None:
    """The baseline of one run is the next one's; a period takes the place of none."""
    assert run(folder, "scan", "refused.log", "-q", "--json", "known.json").returncode == 1
    assert run(folder, "scan", "refused.log", "-q", "--baseline", "known.json").returncode == 0
    assert run(folder, "scan", "refused.log", "-q", "--since", "1d", "--until", "1h").returncode == 1
    assert run(folder, "scan", "refused.log", "-q", "--since", "1h").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupted_scan_is_130(tmp_path: Path) -> None:
    """It waits for the end of its input, and says that it was stopped."""
    run(tmp_path, "--version")  # whatever is compiled, is compiled now
    with subprocess.Popen(
        [sys.executable, "-m", "authlens", "scan", "--offline", "-"],
        cwd=samples.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        program.stdin.write(ONE_CAUSE.read_text(encoding="utf-8") * 20)
        program.stdin.flush()  # more than a pipe holds: who got this far, reads
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "nterrupted" in out + err
    assert "Traceback" not in err
