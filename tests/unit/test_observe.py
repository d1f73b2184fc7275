"""What parts say adds up, wherever a log is split."""

import pickle
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.failures import join
from authlens.model import Part
from authlens.observe import Observed, observe
from authlens.reading.cut import cut
from authlens.reading.formats.sniff import sniff
from authlens.sightings import again, sight

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
    until = _seen(data, []).until
    assert (until is None) is (name == "mel_simple.log")  # which prints no times
    assert _seen(data, borders).until == until
    sightings, ledger = whole
    assert join(sightings)
    assert ledger.read.bytes == len(data)


@pytest.mark.parametrize("name", LOGS)
def test_what_another_process_observed_arrives_as_it_is(name: str) -> None:
    """Packing leaves nothing out, in logs with and without envelopes."""
    data = (FORMATS / name).read_bytes() * 3
    seen = _seen(data, [])
    again = pickle.loads(pickle.dumps(seen))
    assert again == seen
    assert again.close() == seen.close()


@pytest.mark.parametrize("name", LOGS)
def test_a_part_observed_as_if_it_stood_first_is_moved_to_its_place(name: str) -> None:
    """Its lines are then those of the whole, whether a record is sure yet or at the border."""
    data = (FORMATS / name).read_bytes() * 3
    parts = _parts(data, [len(data) // 3, len(data) // 2])
    layout = sniff(data, "app.log")
    total, lines = observe(parts[0], layout), parts[0].data.count(b"\n")
    for part in parts[1:]:
        seen = observe(replace(part, line=1), layout)
        total, lines = total + seen.settled(lambda said: said, lines), lines + seen.read.lines
    assert total.close() == _seen(data, []).close()


def test_records_that_differ_in_their_time_alone_have_each_its_own() -> None:
    """What is read of equal texts is shared; place and time are not."""
    text = "2026-03-04 11:15:{:02d}.000 +01:00 [INF] Bearer was not authenticated. Failure message: {}\n"
    said = ("IDX10223: Lifetime validation failed.", "IDX10214: Audience validation failed.")
    data = "".join(text.format(n, said[n % 2]) for n in range(40)).encode()
    sightings, ledger = _seen(data, []).close()
    assert [s.time.second for s in sightings if s.time is not None] == list(range(40))
    assert [s.line for s in sightings] == list(range(1, 41))
    assert [s.statement.text.partition(": ")[2] for s in sightings] == [said[n % 2] for n in range(40)]
    assert len({id(s.statement) for s in sightings}) == 2
    assert ledger.used.bytes == len(data)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", LOGS)
def test_what_is_said_again_is_as_if_it_were_read_again(name: str, end: str) -> None:
    """In every layout, whatever stands around the records and however their lines end."""
    log = (FORMATS / name).read_text(encoding="utf-8") * 3
    data = log.replace("\r\n", "\n").replace("\n", end).encode()
    part, layout = _parts(data, [])[0], sniff(data, "app.log")
    assert cut(part, layout, zone=UTC, see=sight, again=again).close() == cut(part, layout, zone=UTC, see=sight).close()


def test_what_the_time_decides_is_read_again() -> None:
    """A date that begins with day or month, as the moment of the record tells, is not that of the record before."""
    said = "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '03/04/2026 10:00:00', Current time (UTC): '03/04/2026 11:00:00'."
    line = "2026-{} 11:00:00.000 +00:00 [INF] Bearer was not authenticated. Failure message: " + said + "\n"
    data = "".join(line.format(day) for day in ("03-04", "04-03") * 4).encode()
    part, layout = _parts(data, [])[0], sniff(data, "app.log")
    seen, _ = cut(part, layout, zone=UTC, see=sight, again=again).close()
    valid_to = [s.statement.messages[0].fields["valid_to"][:10] for s in seen]
    assert valid_to == ["2026-03-04", "2026-04-03"] * 4


def test_what_one_stream_says_is_not_said_by_another() -> None:
    """Hosts and streams are told apart where all else of two records is the same."""
    line = "2026-03-04 11:15:{:02d}.000 +01:00 [INF] Bearer was not authenticated. Failure message: IDX10214: No.\n"
    data = "".join(f"Mar  4 10:15:{n:02d} host{n % 2} api{n % 3}[7]: {line.format(n)}" for n in range(30)).encode()
    sightings, _ = _seen(data, []).close()
    assert [s.host for s in sightings] == [f"host{n % 2}" for n in range(30)]
    assert all(f"api{n % 3}" in s.stream for n, s in enumerate(sightings))
