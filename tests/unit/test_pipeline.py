"""From logs to a result: several files, periods, and what the reports add up to."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authlens import pipeline
from authlens.errors import NoInputError
from authlens.model import Amount, InputReport
from authlens.options import ScanOptions
from authlens.parts.reader import Progress
from authlens.pipeline import ScanResult
from tests.unit.helpers.logs import EXPIRED, START, first, line, noise, refusal, second

AUDIENCE = "IDX10214: Audience validation failed. Audiences: 'api://a'. Did not match: validationParameters.ValidAudience: 'api://b' or validationParameters.ValidAudiences: 'null'."


def scan(*paths: Path, progress: Callable[[Progress], None] | None = None, **options: Any) -> ScanResult:
    chosen = ScanOptions(offline=True, now=START + timedelta(days=1), **options)
    return pipeline.run([str(p) for p in paths], chosen, progress=progress)


def write(path: Path, *records: str) -> Path:
    path.write_text("".join(records), encoding="utf-8")
    return path


def closes(report: InputReport) -> bool:
    """Every byte, line and record is accounted for once."""
    skipped = sum(report.ledger.skipped.values(), Amount())
    rest = report.ledger.read.bytes - report.ledger.used.bytes - skipped.bytes
    lines = report.ledger.read.lines - report.ledger.used.lines - skipped.lines
    counted = report.failures + report.repeats + report.informational + report.filtered
    return rest >= 0 and lines >= 0 and counted <= report.ledger.records


def test_a_request_that_spans_a_rotation_is_one_failure(tmp_path: Path) -> None:
    """The exception ends one file and the refusal begins the next: one failure, and it is said that both are one log."""
    old = write(tmp_path / "app.log.1", noise(0), first(1, request="0HN1ABCDE:00000001"))
    new = write(tmp_path / "app.log", second(2, request="0HN1ABCDE:00000001"), noise(3))
    result = scan(new, old)
    (failure,) = result.failures
    assert failure.origin.path == str(old)
    assert [link.path for link in failure.links] == [str(new)]
    assert [(r.path, r.failures, r.repeats) for r in result.inputs] == [(str(new), 0, 1), (str(old), 1, 0)]
    assert any("read as one log" in note for note in result.notes)
    assert all(map(closes, result.inputs))


def test_a_folder_of_rotations_counts_every_failure_once(tmp_path: Path) -> None:
    """Numbers, compression, a hard link, a copy: each failure once, each input reported."""
    write(tmp_path / "app.log", refusal(30), noise(31))
    write(tmp_path / "app.log.1", refusal(20), noise(21))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress((refusal(10) + noise(11)).encode()))
    os.link(tmp_path / "app.log.1", tmp_path / "linked.log")
    result = scan(tmp_path)
    assert len(result.failures) == 3
    assert [f.origin.path[len(str(tmp_path)) + 1 :] for f in result.failures] == [
        "app.log.2.gz",
        "app.log.1",
        "app.log",
    ]
    linked = result.inputs[-1]
    assert (linked.failures, linked.ledger.records) == (0, 0)
    assert linked.ledger.skipped == {"read twice": linked.ledger.read}
    assert any("linked.log: it holds the same as" in note for note in result.notes)


def test_the_same_file_given_twice_counts_once(tmp_path: Path) -> None:
    """Also where it holds no failure."""
    path = write(tmp_path / "app.log", refusal(1))
    result = scan(path, path)
    assert len(result.failures) == 1
    assert [r.failures for r in result.inputs] == [1, 0]


def test_two_replicas_are_two(tmp_path: Path) -> None:
    """Equal texts of other requests count."""
    write(tmp_path / "a.log", refusal(1, request="0HN1ABCDE:00000001"))
    write(tmp_path / "b.log", refusal(1, request="0HN2ABCDE:00000001"))
    assert len(scan(tmp_path).failures) == 2


def test_a_period_filters_and_says_so(tmp_path: Path) -> None:
    """Failures outside of the period are counted as filtered; the end is outside."""
    path = write(tmp_path / "app.log", refusal(0), refusal(10, AUDIENCE), refusal(20))
    result = scan(path, since=START + timedelta(seconds=5), until=START + timedelta(seconds=20))
    assert [f.code for f in result.failures] == ["IDX10214"]
    (report,) = result.inputs
    assert (report.failures, report.filtered, report.ledger.records) == (1, 2, 6)
    assert closes(report)


def test_undated_failures_are_kept_and_said(tmp_path: Path) -> None:
    """A period cannot tell of failures without a time: they are kept."""
    path = write(tmp_path / "paste.txt", f"Failed to validate the token.\n{EXPIRED}\n")
    result = scan(path, since=START + timedelta(days=300))
    assert len(result.failures) == 1
    assert any("have no time and are kept" in note for note in result.notes)


def test_records_that_only_mention_a_code_are_informational(tmp_path: Path) -> None:
    """Bait and the library's news are records, and no failures."""
    path = write(tmp_path / "app.log", line(0, "Runbook: on IDX10503 restart the pod"), refusal(1))
    (report,) = scan(path).inputs
    assert (report.failures, report.repeats, report.ledger.records) == (1, 1, 3)
    assert closes(report)


def test_an_interrupt_gives_what_was_found(tmp_path: Path) -> None:
    """The result says that it is not all; inputs that were not begun are there, unread."""
    one = write(tmp_path / "one.log", refusal(1))
    two = write(tmp_path / "two.log", refusal(2))

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    result = scan(one, two, progress=stop)
    assert result.interrupted
    assert [r.path for r in result.inputs] == [str(one), str(two)]
    assert len(result.failures) == 1


def test_progress_is_told(tmp_path: Path) -> None:
    """Bytes add up to the total, failures to their number; what compressed input comes to is not known before."""
    told: list[Progress] = []
    path = write(tmp_path / "app.log", refusal(1), noise(2))
    scan(path, progress=told.append)
    size = path.stat().st_size
    assert told[-1] == Progress(done=size, total=size, failures=1)
    packed = tmp_path / "app.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    scan(packed, progress=told.append)
    assert told[-1].total is None


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    """An empty folder and an empty file are no input."""
    with pytest.raises(NoInputError, match="no log file there"):
        scan(tmp_path)
    with pytest.raises(NoInputError, match="every file is empty"):
        scan(write(tmp_path / "empty.log"))


def test_a_cut_record_is_said_to_be_cut(tmp_path: Path) -> None:
    """The end of the file in the middle of a record: the failure counts and is cut."""
    text = refusal(1) + first(2, AUDIENCE)
    path = write(tmp_path / "app.log", text[: text.index("Audiences: 'api") + 6])
    failures = scan(path).failures
    assert [(f.code, f.cut) for f in failures] == [("IDX10223", False), ("IDX10214", True)]


NO_ADDRESS = "https://[zz/x"
FETCH = (
    f"IDX20803: Unable to obtain configuration from: '{NO_ADDRESS}'. Exception: 'System.IO.IOException: "
    f"IDX20804: Unable to retrieve document from: '{NO_ADDRESS}'.'"
)
ISSUER = (
    f"IDX10205: Issuer validation failed. Issuer: '{NO_ADDRESS}'. Did not match: validationParameters.ValidIssuer: "
    "'https://sso.example.com' or validationParameters.ValidIssuers: 'null'."
)


@pytest.mark.parametrize("code", ["IDX20803", "IDX10205", "IDX10501"])
def test_what_only_looks_like_an_address_ends_no_scan(tmp_path: Path, code: str) -> None:
    """In a message, in the settings, in a document's address and in the issuer that a document names."""
    unknown_key = "IDX10501: Signature validation failed. Unable to match key: \nkid: 'k9'.\nNumber of keys tried: '1'."
    text = {"IDX20803": FETCH, "IDX10205": ISSUER, "IDX10501": unknown_key}[code]
    settings, bundle = tmp_path / "appsettings.json", tmp_path / "bundle.json"
    settings.write_text(json.dumps({"Authentication": {"Schemes": {"Bearer": {"Authority": NO_ADDRESS}}}}))
    keys = {"keys": [{"kty": "RSA", "kid": "k9", "n": "sXch", "e": "AQAB"}]}
    documents = [
        {"url": NO_ADDRESS, "status": 200, "body": keys},
        {"url": f"{NO_ADDRESS}/.well-known/openid-configuration", "status": 200, "body": {"issuer": NO_ADDRESS}},
        {"url": "https://sso.example.com/keys?appid=", "status": 200, "body": keys},
    ]
    bundle.write_text(json.dumps({"schema": "authlens.bundle/1", "documents": documents}))
    result = scan(write(tmp_path / "app.log", refusal(1, text)), settings=[settings], bundles=[bundle])
    assert [f.code for f in result.failures] == [code]
    assert json.loads(result.to_json())["groups"]


def test_a_rotated_key_is_told_as_one_story(tmp_path: Path) -> None:
    """Refusals begin when a key comes that the application has not read, and end when it is started again."""
    issuer, begin, restart = "https://sso.example.com", 120, 1860
    message = (
        "IDX10501: Signature validation failed. Unable to match key: \nkid: 'k2'.\nExceptions caught:\n ''. \ntoken: "
        '\'{"alg":"RS256","kid":"k2"}.{"iss":"https://sso.example.com","aud":"orders"}\'.'
    )
    refused = "".join(refusal(begin + 4 * n, message) for n in range(400))
    log = write(
        tmp_path / "app.log",
        *(line(n, "Successfully validated the token.") for n in range(begin)),
        refused,
        line(restart, "Application started. Press Ctrl+C to shut down."),
        *(noise(restart + n) for n in range(3600)),
    )
    bundles = []
    for second_, kids in ((30, ["k1"]), (100, ["k1", "k2"])):
        keys = {"keys": [{"kty": "RSA", "kid": kid, "n": "sXch" * 60, "e": "AQAB"} for kid in kids]}
        discovery = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
        bodies = {f"{issuer}/.well-known/openid-configuration": discovery, f"{issuer}/keys": keys}
        taken = (START + timedelta(seconds=second_)).isoformat()
        documents = [{"url": u, "status": 200, "fetched_at": taken, "body": b} for u, b in bodies.items()]
        bundles.append(tmp_path / f"{second_}.json")
        bundles[-1].write_text(json.dumps({"schema": "authlens.bundle/1", "documents": documents}))
    result = scan(log, bundles=bundles)
    (group,) = result.groups
    assert (group.count, group.cause, group.kids, group.ongoing) == (400, "sig.key-rotated", ("k2",), False)
    assert "400 requests refused" in group.explanation
    assert (
        "since 2026-03-04 09:02:00 UTC, the last at 09:28:36 UTC, none after the restart at 09:31:00 UTC"
        in group.explanation
    )
    assert "at 2026-03-04 09:01:40 UTC key k2" in group.explanation
    assert [(m.kind, (m.time - START).total_seconds()) for m in result.moments] == [
        ("key-change", 100),
        ("first-failure", begin),
        ("restart", restart),
    ]


def test_the_start_of_one_application_ends_nothing_of_another(tmp_path: Path) -> None:
    """Two logs read together: what one says of itself does not hold for the other."""
    refused = write(tmp_path / "orders.log", refusal(1), refusal(5))
    started = line(60, "Application started. Press Ctrl+C to shut down.")
    (group,) = scan(refused, write(tmp_path / "billing.log", started, noise(61))).groups
    assert group.ongoing
    assert "restart" not in group.explanation
    (group,) = scan(write(tmp_path / "orders.log", refusal(1), refusal(5), started)).groups
    assert not group.ongoing
    assert "none after the restart" in group.explanation
