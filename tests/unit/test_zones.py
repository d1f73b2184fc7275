"""Times without a zone: the messages beside them, which print UTC, tell what they are."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from authlens import pipeline
from authlens.pipeline import ScanResult

EXPIRED = (
    "{at} [INF] Bearer was not authenticated. Failure message: IDX10223: Lifetime validation failed. The token is"
    " expired. ValidTo (UTC): '03/04/2026 05:00:00', Current time (UTC): '03/04/2026 {now}'.\n"
)
OTHER = "{at} [INF] Bearer was not authenticated. Failure message: IDX10500: Signature validation failed. No security keys\n"


def scanned(folder: Path, text: str, **options: object) -> ScanResult:
    path = folder / "app.log"
    path.write_text(text, "utf-8")
    return pipeline.scan([path], offline=True, **options)  # type: ignore[arg-type]  # each test names its own


def times(result: ScanResult) -> list[str]:
    return [f"{f.failure.time:%H:%M}" for f in result.findings if f.failure.time is not None]


@pytest.mark.parametrize(
    ("local", "zone"),
    [("11:00:01", "UTC+02:00"), ("14:30:00", "UTC+05:30"), ("05:30:00", "UTC-03:30"), ("14:45:03", "UTC+05:45")],
)
def test_local_times_are_read_as_what_they_are(tmp_path: Path, local: str, zone: str) -> None:
    """Those of records that print no clock of their own as well; the report says so, and marks them as assumed."""
    log = EXPIRED.format(at=f"2026-03-04 {local}.000", now="09:00:00") + OTHER.format(at=f"2026-03-04 {local}.500")
    result = scanned(tmp_path, log)
    assert times(result) == ["09:00", "09:00"]
    assert any(zone in note for note in result.notes)
    assert all(f.failure.time_assumed for f in result.findings)
    assert result.inputs[0].last is not None
    assert f"{result.inputs[0].last:%H:%M}" == "09:00"


@pytest.mark.parametrize(
    ("at", "now"),
    [
        ("2026-03-04 09:00:02.000", "09:00:00"),
        ("2026-03-04 11:07:00.000", "09:00:00"),
        ("2026-03-04 11:00:00.000 +00:00", "09:00:00"),
    ],
)
def test_other_times_stay(tmp_path: Path, at: str, now: str) -> None:
    """UTC itself, a difference that no zone has, a zone that is written."""
    result = scanned(tmp_path, EXPIRED.format(at=at, now=now))
    assert times(result) == [at[11:16]]
    assert not any("carry no zone" in note for note in result.notes)


def test_records_that_disagree_decide_nothing(tmp_path: Path) -> None:
    """One is an hour apart, the other two."""
    log = "".join(EXPIRED.format(at=f"2026-03-04 {h}:00:00.000", now="09:00:00") for h in (10, 11))
    assert times(scanned(tmp_path, log)) == ["10:00", "11:00"]


def test_the_zone_that_the_user_names_counts(tmp_path: Path) -> None:
    """Whatever the messages say."""
    log = EXPIRED.format(at="2026-03-04 11:00:00.000", now="09:00:00")
    given = timezone(timedelta(hours=1))
    assert times(scanned(tmp_path, log, timezone=given)) == ["10:00"]
