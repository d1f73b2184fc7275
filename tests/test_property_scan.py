"""Whatever happens to a log on its way, a scan ends with a result, and equal evidence keeps its id."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import authlens
from authlens.pipeline import ScanResult
from tests import samples
from tests.samples import LOGS, NOW

NAMES = st.sampled_from(samples.names())
FEW = settings(max_examples=10, deadline=None, derandomize=True, database=None)


def scan(data: bytes, name: str = "app.log") -> ScanResult:
    """The bytes, read as a file of that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return authlens.scan([path], offline=True, now=NOW)


def closes(result: ScanResult, size: int) -> bool:
    """Every byte of the input is accounted for, once."""
    (report,) = result.inputs
    ledger = report.ledger
    skipped = sum(amount.bytes for amount in ledger.skipped.values())
    return ledger.read.bytes == size and 0 <= ledger.used.bytes + skipped <= size


def ids(result: ScanResult) -> list[str]:
    """Of the failures, in no particular order."""
    return sorted(finding.id for finding in result.findings)


@given(name=NAMES, part=st.floats(0.01, 1.0))
@FEW
def test_a_log_that_is_cut_off_anywhere_is_read(name: str, part: float) -> None:
    """A full disk or a copy in progress ends a file in the middle of anything."""
    whole = (LOGS / f"{name}.log").read_bytes()
    data = whole[: max(1, int(len(whole) * part))]
    result = scan(data)
    assert closes(result, len(data))
    assert len(result.findings) <= len(samples.scanned(name).findings) + 1


@given(name=NAMES, holes=st.lists(st.tuples(st.floats(0.0, 0.999), st.binary(min_size=1, max_size=40)), max_size=6))
@FEW
def test_a_log_with_foreign_bytes_is_read(name: str, holes: list[tuple[float, bytes]]) -> None:
    """Broken encodings, control characters and zeros are counted, never a crash."""
    data = bytearray((LOGS / f"{name}.log").read_bytes())
    for place, foreign in holes:
        at = int(len(data) * place)
        data[at : at + len(foreign)] = foreign
    assert closes(scan(bytes(data)), len(data))


@given(name=NAMES, lines=st.integers(1, 50))
@FEW
def test_neither_lines_above_nor_the_name_of_the_file_change_an_id(name: str, lines: int) -> None:
    """An id comes from the evidence, not from its place."""
    whole = (LOGS / f"{name}.log").read_bytes()
    head = whole[: whole.index(b"\n", whole.index(b"Now listening")) + 1]  # the first record
    assert ids(scan(head * lines + whole, "other.log")) == ids(scan(whole))
