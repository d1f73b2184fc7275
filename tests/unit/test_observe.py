"""What parts say adds up, wherever a log is split."""

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.failures import join
from authlens.model import Part
from authlens.observe import Observed, observe
from authlens.reading.formats.sniff import sniff

FORMATS = Path(__file__).parent.parent / "data" / "formats"
LOGS = ("serilog_file.log", "mel_simple.log", "clef.log", "mel_json.log", "nlog.log", "cri.log", "docker_json_file.log")


def _parts(data: bytes, borders: list[int]) -> list[Part]:
    ends = [*sorted(b % (len(data) + 1) for b in borders), len(data)]
    parts, start = [], 0
    for end in ends:
        chunk = data[start:end]
        line = data.count(b"\n", 0, start) + 1
        parts.append(
            Part(source="app.log", data=chunk, offset=start, line=line, first=start == 0, last=end == len(data))
        )
        start = end
    return parts


def _seen(data: bytes, borders: list[int], *, from_the_right: bool = False) -> Observed:
    layout = sniff(data, "app.log")
    parts = [observe(p, layout, zone=UTC) for p in _parts(data, borders)]
    if from_the_right:
        parts.reverse()
        total = parts[0]
        for part in parts[1:]:
            total = part + total
        return total
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


@pytest.mark.parametrize("name", LOGS)
@settings(max_examples=40, deadline=None)
@given(borders=st.lists(st.integers(min_value=0, max_value=2**20), max_size=6))
def test_a_log_split_anywhere_says_the_same(name: str, borders: list[int]) -> None:
    """Sightings, failures and the ledger are the same for any borders and any order of adding up."""
    data = (FORMATS / name).read_bytes() * 3
    whole = _seen(data, []).close()
    assert _seen(data, borders).close() == whole
    assert _seen(data, borders, from_the_right=True).close() == whole
    sightings, ledger = whole
    assert join(sightings)
    assert ledger.read.bytes == len(data)
