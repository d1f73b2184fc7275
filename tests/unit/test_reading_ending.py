"""The end of a log is known by its last record, though that tells of no refusal."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authlens import pipeline
from authlens.model import Part
from authlens.options import ScanOptions
from authlens.reading.ending import last_time
from authlens.reading.formats import sniff
from tests.unit.helpers.logs import START, noise, refusal

HOUR = 3600


def ends(data: str) -> datetime | None:
    part = Part(source="app.log", data=data.encode())
    return last_time(part, sniff.sniff(part.data, part.source, None), UTC)


def docker(text: str, n: int, stream: str = "stdout") -> str:
    at = (START + timedelta(seconds=n)).isoformat().replace("+00:00", "Z")
    return json.dumps({"log": text, "stream": stream, "time": at}) + "\n"


def test_the_last_record_tells_though_nothing_was_refused_there() -> None:
    """A stack trace behind it, and a last line that is not finished, change nothing."""
    log = refusal(1) + noise(HOUR)
    assert ends(log) == START + timedelta(seconds=HOUR)
    assert ends(log + "   at A.B.C()\n   at D.E") == START + timedelta(seconds=HOUR)


def test_each_line_in_its_envelope() -> None:
    """The latest of all streams counts."""
    log = "".join(docker(line + "\n", n) for n in range(20) for line in refusal(n).splitlines())
    assert ends(log + docker(noise(HOUR), HOUR, "stderr") + docker(noise(60), 60)) == START + timedelta(seconds=HOUR)


@pytest.mark.parametrize("data", ["", "\n\n\n", "no time\nnowhere\n", "{" * 1000, "\x00" * 70_000, "\n" * 70_000])
def test_an_end_that_shows_no_time_is_none(data: str) -> None:
    """Also where there is nothing at all."""
    assert ends(data) is None


def test_what_happened_an_hour_before_the_end_does_not_go_on(tmp_path: Path) -> None:
    """The log goes on without a single refusal, in a file of its own format or compressed."""
    for name, rest, ongoing in (
        ("a.log", noise(HOUR), False),
        ("b.log", noise(60), True),
        ("c.log.gz", noise(HOUR), False),
    ):
        path = tmp_path / name
        text = (refusal(1) + refusal(2) + rest).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        result = pipeline.run([path], ScanOptions(offline=True, now=START + timedelta(days=1)))
        (group,) = result.groups
        assert group.ongoing is ongoing
        assert result.inputs[0].last == START + timedelta(seconds=HOUR if not ongoing else 60)
