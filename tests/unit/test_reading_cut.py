"""Cuts add up to the undivided source, and every byte is accounted for."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.model import Amount, Layout, Ledger, Part
from authlens.reading import layers
from authlens.reading.cut import Cut, cut
from authlens.reading.formats.sniff import sniff
from authlens.reading.nearby import WINDOW
from tests.unit.helpers.written import (
    EVENT_7,
    FORMATS,
    HANDLER,
    START,
    cuts,
    hits,
    lines,
    mel,
    objects,
    read,
    stamp,
    text,
)

HEAD = "2026-03-04 11:15:30.123 +01:00 [INF] "
FINISHED = f"{HEAD}Request finished HTTP/1.1 GET http://x/ - 401 0 null 1.0ms\n"
QUIET = f"{HEAD}Order 12 loaded\n"


def _interleaved(log: str) -> str:
    return "".join(
        f"{stamp(i)} {('stdout', 'stderr')[i % 2]} {'PF'[i % 3 > 0]} {line}\n" for i, line in enumerate(lines(log * 3))
    )


LOGS = {p.name: p.read_bytes() for p in sorted(FORMATS.iterdir())} | {
    "serilog with quiet lines": (text(HEAD) + QUIET * 5 + FINISHED).encode() * 3,
    "cri, two streams, pieces": _interleaved(mel() + FINISHED).encode(),
    "windows": mel().replace("\n", "\r\n").encode() * 3,
    "mark": b"\xef\xbb\xbf" + mel().encode() * 3,
    "marks and zeros in the middle": mel().encode() + b"\xef\xbb\xbf" + mel().encode() + bytes(9) + mel().encode(),
    "broken characters": (text(HEAD).encode() + b"\xff\xfe M\xfcller IDX10205: x\n") * 3,
    "one line without an end": text(HEAD).encode().rstrip(b"\n"),
    "docker, torn": objects(*({"log": f"{x}\n", "stream": "stdout", "time": stamp(i)} for i, x in enumerate(lines(mel() * 2)))).encode()[37:],
}  # fmt: skip


def _tree(cut_: Sequence[Cut], shape: Sequence[int]) -> Cut:
    """Added up in some association."""
    if len(cut_) == 1:
        return cut_[0]
    at = 1 + shape[0] % (len(cut_) - 1) if shape else 1
    return _tree(cut_[:at], shape[1:]) + _tree(cut_[at:], shape[2:])


def _balanced(ledger: Ledger) -> bool:
    gone = sum(ledger.skipped.values(), ledger.used)
    return gone.bytes <= ledger.read.bytes and gone.lines <= ledger.read.lines


@pytest.mark.parametrize("name", sorted(LOGS))
@settings(max_examples=25, deadline=None)
@given(
    borders=st.lists(st.integers(min_value=0, max_value=1 << 16), max_size=12),
    shape=st.lists(st.integers(min_value=0, max_value=99), max_size=24),
    limit=st.sampled_from((None, None, 200, 4000)),
)
def test_parts_add_up_wherever_they_are_divided(
    name: str, borders: list[int], shape: list[int], limit: int | None
) -> None:
    """Records and ledger are those of the undivided log, for any borders, any association, any length of a record."""
    data = LOGS[name]
    (whole,) = cuts(data, [], limit=limit)
    expected = whole.close()
    assert _tree(cuts(data, borders, limit=limit), shape).close() == expected
    assert _balanced(expected[1])
    assert expected[1].read.bytes == len(data)


def test_every_byte_and_line_is_counted_once() -> None:
    """What is read is used, unmatched or skipped; a last line without its end is a line."""
    log = (QUIET * 3 + f"{HEAD}IDX10223: x\n" + QUIET).rstrip("\n")
    _, ledger = read(log)
    assert ledger.read == Amount(bytes=len(log), lines=5)
    assert ledger.used == Amount(bytes=len(f"{HEAD}IDX10223: x\n"), lines=1)
    assert ledger.records == 1
    assert not ledger.skipped


def test_an_empty_part_adds_nothing() -> None:
    """A border may fall on the end of the source."""
    data = text(HEAD).encode()
    layout = sniff(data, "x")
    whole = cut(Part(source="app.log", data=data), layout, zone=START.tzinfo or None)  # type: ignore[arg-type]  # it is UTC
    nothing = cut(
        Part(source="app.log", data=b"", offset=len(data), line=99, first=False), layout, zone=whole.knife.zone
    )
    assert (whole + nothing).close() == whole.close()
    assert nothing.close() == ((), Ledger())


def test_a_request_s_end_is_cut_out_near_a_hit_only() -> None:
    """Context is marked as such; far away from every hit it is left in the log."""
    far = QUIET * (WINDOW // len(QUIET) + 2)
    records, _ = read(FINISHED + text(HEAD) + FINISHED + far + FINISHED)
    assert [r.secondary for r in records] == [False, False, True]
    assert records[-1].origin.line < 20


def test_a_record_longer_than_any_is_cut_and_the_rest_is_named() -> None:
    """What follows it is read as if it were not there."""
    log = f"{HEAD}IDX10223: {'x' * 5000}\n{'y' * 3000}\n{HEAD}IDX10205: z\n"
    (first, second), ledger = read(log, limit=1000)
    assert (first.cut, second.cut) == (True, False)
    assert len(first.text) < 1000
    assert second.text == "IDX10205: z"
    skipped = ledger.skipped["beyond the length of a record"]
    assert ledger.used.bytes + skipped.bytes == len(log)
    assert ledger.used.lines + skipped.lines == 3


def test_broken_characters_are_replaced_and_counted() -> None:
    """They hide nothing beside them."""
    (record,), ledger = read(f"{HEAD}M".encode() + b"\xfcller, \xff\xfe" + b" IDX10223: x\n")
    assert record.text == "M\ufffdller, \ufffd\ufffd IDX10223: x"
    assert ledger.skipped["undecodable characters"] == Amount(bytes=3)


def test_authentication_is_seen_even_where_a_border_cuts_the_word() -> None:
    """A log that shows none says so: then no failure proves nothing."""
    data = QUIET.encode() * 40 + f"{HEAD}{HANDLER}: all is well\n".encode()
    for border in range(len(data) - 80, len(data)):
        left, right = cuts(data, [border])
        assert (left + right).close()[1].auth_seen
    assert not read(QUIET * 40)[1].auth_seen


def test_a_line_that_never_ends_costs_no_memory() -> None:
    """Parts of a giant line are let go but for what a record may use."""
    layout = Layout(format="clef")
    zone = START.tzinfo
    assert zone is not None
    total = cut(Part(source="x", data=b'{"@m":"IDX10223: '), layout, zone=zone, limit=5000)
    for i in range(50):
        part = Part(source="x", data=b"z" * 10_000, offset=17 + i * 10_000, first=False)
        total = total + cut(part, layout, zone=zone, limit=5000)
        assert len(json.dumps(str(total.body))) < 10_000
    end = Part(source="x", data=b'"}\n{"@m":"IDX10205: y"}\n', offset=500_017, first=False)
    (first, second), ledger = (total + cut(end, layout, zone=zone, limit=5000)).close()
    assert first.cut
    assert first.text.startswith("IDX10223: zzz")
    assert (second.text, second.origin.offset) == ("IDX10205: y", 500_020)
    assert ledger.read == Amount(bytes=500_041, lines=2)


def test_the_records_come_in_the_order_of_the_file() -> None:
    """Also where streams are interleaved."""
    log = _interleaved(f"{HEAD}{EVENT_7}\n" * 6)
    offsets = [r.origin.offset for r in hits(log)]
    assert len(offsets) > 6
    assert offsets == sorted(offsets)


def test_an_envelope_without_a_text_is_counted_wherever_a_border_falls() -> None:
    """Docker writes none, but lines get torn: such a line is used, and its record is the same."""
    said = [{"log": f"{x}\n", "stream": "stdout", "time": stamp(i)} for i, x in enumerate(lines(mel()))]
    torn = [{"stream": "stdout", "time": stamp(9)}, {"log": "", "stream": "stdout", "time": stamp(9)}]
    data = objects(*said, *torn, *said, *said).encode()
    (whole,) = cuts(data, [])
    for border in range(1, len(data), 7):
        left, right = cuts(data, [border])
        assert (left + right).close() == whole.close()


def test_characters_that_cannot_be_read_take_no_more_than_there_is() -> None:
    """An envelope of several records is counted with the first, even one that is of no interest."""
    row = "<11>1 2026-03-04T11:15:30.123Z host api 1 - - info: A.B[2]#012      ready#012fail: A.B[1]#012      IDX10223: x "
    ledger = read(row.encode() + b"\xff" * 300 + b"\n")[1]
    assert ledger.records == 1
    assert ledger.used.bytes >= 0
    assert _balanced(ledger)


def test_of_too_many_streams_the_silent_ones_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What such a stream has said is kept; the record that the newest is writing goes on in the next part."""
    monkeypatch.setattr(layers, "_STREAMS", 3)
    pods = ["old", "older", "new", "newest"]
    begun = "".join(f"[pod/{pod}/api] {row}\n" for pod in pods for row in lines(mel())[:2])
    going_on = "".join(f"[pod/{pod}/api]       {pod} goes on\n" for pod in ("newest", "new"))
    data = (begun + going_on + "[pod/new/api] info: A.B[1]\n").encode()
    first, second, third = cuts(data, [begun.rfind("[pod"), len(begun)])
    records, ledger = (first + second + third).close()
    assert {r.stream for r in records} == {f"pod/{pod}/api" for pod in pods}
    assert {r.stream for r in records if "goes on" in r.text} == {"pod/newest/api", "pod/new/api"}
    assert ledger.records == 4
