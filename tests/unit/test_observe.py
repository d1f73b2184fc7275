"""What parts say adds up, wherever a log is split."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.failures import join
from authlens.model import Layout, Part
from authlens.observe import Observed, observe
from authlens.reading.cut import cut
from authlens.reading.formats import registry
from authlens.reading.formats.sniff import sniff
from authlens.sightings import END_OF_QUOTE, again, apart, sight
from tests.unit.helpers.growth import is_linear

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


def _same_as_read_anew(data: bytes) -> Observed:
    """What is said again, that being checked to be what reading every record gives."""
    seen, anew = _seen(data, []), cut(_parts(data, [])[0], sniff(data, "app.log"), zone=UTC, see=sight)
    assert seen.cut.close() == anew.close()
    return seen


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", LOGS)
def test_what_is_said_again_is_as_if_it_were_read_again(name: str, end: str) -> None:
    """In every layout, whatever stands around the records and however their lines end."""
    log = (FORMATS / name).read_text(encoding="utf-8") * 3
    _same_as_read_anew(log.replace("\r\n", "\n").replace("\n", end).encode())


REFUSED = "Bearer was not authenticated. Failure message: IDX10214: Audience validation failed."
ENDED = (
    "Request finished HTTP/1.1 GET http://localhost/api/{n} - 401 0 - {n}.25ms",
    "Request finished HTTP/2 POST https://localhost/api?page={n} - 40{n} - - 0.5{n}ms",
    "Request finished HTTP/1.1 GET http://localhost/?trace=0HN2V5AT6MJH7:0000000{n} - 401 - - 7ms",
    "Request finished HTTP/1.1 GET http://localhost/hub?access_token=eyJ{n}{n}{n}.eyJ{n}.{n} - 401 - - 7ms",
    "Request finished in {n}.5ms 401 application/problem+json",
    "HTTP GET /api/{n} responded 401 in {n}.5 ms",
    "HTTP GET /api/IDX1020{n}: responded 401 in 2.5 ms",
    "IDX10205: Issuer validation failed, so was HTTP GET http://localhost/{n} - 401 - - 7ms",
)


@pytest.mark.parametrize("ended", ENDED)
@pytest.mark.parametrize(
    "head",
    [
        "2026-03-04 11:15:3{n}.000 +01:00 [INF] ",
        "\x1b[90m2026-03-04 11:15:3{n}.000\x1b[0m +01:00 [INF] ",
        "info: A.B[{n}]\n      ",
    ],
)
def test_requests_that_end_alike_have_each_its_own_address_time_and_status(ended: str, head: str) -> None:
    """What is left out of such a record's bytes tells nothing of it, or the record is read."""
    log = "".join(f"{head}{REFUSED}\n{head}{ended}\n".replace("{n}", str(n)) for n in (1, 2, 3, 1) for _ in range(3))
    _same_as_read_anew(log.encode())


def test_how_long_each_request_ran_is_its_own() -> None:
    """Though their ends are told apart by nothing else."""
    line = "2026-03-04 11:15:30.000 +01:00 [INF] "
    log = "".join(f"{line}{REFUSED}\n{line}{ENDED[0]}\n".replace("{n}", str(n)) for n in range(5))
    took = [s.took_s for s in _same_as_read_anew(log.encode()).close()[0] if s.status == 401]
    assert took == [0.00025, 0.00125, 0.00225, 0.00325, 0.00425]


@pytest.mark.parametrize(
    "event",
    [
        '{"@t":"2026-03-04T10:15:3{n}.0Z","@m":"{said}","RequestId":"0HN:0{n}","RequestPath":"/{n}","@tr":"a{n}","@sp":"b"}',
        '{"@t":"2026-03-04T10:15:3{n}.0Z","@m":"{said}","@tr":"a{n}","@sp":"b{n}"}',
        '{"@t":"2026-03-04T10:15:3{n}.0Z","@mt":"{said} for {RequestPath} at {@t}","RequestPath":"/{n}"}',
        '{"Timestamp":"2026-03-04T10:15:3{n}.0Z","@t":"2026-03-04T10:16:3{n}.0Z","@m":"{said}"}',
        '{"Timestamp":"2026-03-04T10:15:3{n}.0Z","Level":"Information","MessageTemplate":"{said}","Properties":{"RequestId":"","SpanId":"{n}"}}',
        '{"Timestamp":"2026-03-04T10:15:3{n}.0Z","LogLevel":"Information","Category":"A.B","EventId":1,"Message":"{said}","Scopes":[{"RequestId":"0HN:1"},{"RequestId":"0HN:{n}"}]}',
        '{"@t":"2026-03-04T10:15:3{n}.0Z","@m":"{said}, \\"RequestId\\": \\"0HN:{n}\\"","RequestId":"0HN:0{n}"}',
        '{"@t":"2026-03-04T10:15:3{n}.0Z","@m":"{said}","RequestId":"0HN:0{n}"}\n   printed behind it',
    ],
)
def test_events_that_differ_in_their_ids_have_each_its_own(event: str) -> None:
    """Of JSON lines, whichever member is the time and wherever the ids stand."""
    rows = (event.replace("{said}", REFUSED).replace("{n}", str(n)) for n in (1, 2, 3, 1, 2) for _ in range(2))
    _same_as_read_anew("".join(f"{row}\n" for row in rows).encode())


def test_ids_of_events_are_not_those_of_the_event_before() -> None:
    """Of requests and traces."""
    row = '{"@t":"2026-03-04T10:15:3{n}.0Z","@m":"{said}","RequestId":"0HN:0{n}","@tr":"a{n}"}\n'
    log = "".join(row.replace("{said}", REFUSED).replace("{n}", str(n)) for n in range(5))
    seen, _ = _same_as_read_anew(log.encode()).close()
    assert [(s.request_id, s.trace_id) for s in seen] == [(f"0HN:0{n}", f"a{n}") for n in range(5)]
    assert len({id(s.statement) for s in seen}) == 1


def test_a_record_without_a_time_of_its_own_has_that_of_its_envelope() -> None:
    """MEL's console prints none, and containers' logs repeat the same two lines for every refusal."""
    row = '{"log":"{line}\\n","stream":"stdout","time":"2026-03-04T10:15:{n}.000Z"}\n'
    log = "".join(row.replace("{line}", line).replace("{n}", str(n)) for n in range(10, 40) for line in ("info: A.B[7]", f"      {REFUSED}"))  # fmt: skip
    seen, ledger = _same_as_read_anew(log.encode()).close()
    assert [s.time.second for s in seen if s.time is not None] == list(range(10, 40))
    assert [s.line for s in seen] == list(range(1, 61, 2))
    assert ledger.used == ledger.read


def test_a_level_that_an_envelope_tells_is_each_record_s_own() -> None:
    """Syslog's priority is one."""
    rows = (f"<{11 + n % 3}>1 2026-03-04T10:15:{n}.000Z host api 7 - - {REFUSED}\n" for n in range(10, 40))
    seen, _ = _same_as_read_anew("".join(rows).encode()).close()
    assert {s.level for s in seen} == {"error", "warning", "information"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_time_that_ends_its_line_is_told_apart_whatever_ends_lines(end: str) -> None:
    """A carriage return is no part of it."""
    form = registry.of(Layout(format="text", head=r"(?P<ts>\d{4}-[^\n]{1,40})"))
    data = f"2026-03-04 11:15:30.000{end}IDX10214: No.{end}".encode()
    glance = form.glance(data, 0, len(data), UTC)
    assert glance is not None
    assert glance.time == datetime(2026, 3, 4, 11, 15, 30, tzinfo=UTC)
    assert glance.rest == f" {end}IDX10214: No.{end}".encode()


def test_what_the_time_decides_is_read_again() -> None:
    """A date that begins with day or month, as the moment of the record tells, is not that of the record before."""
    said = "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '03/04/2026 10:00:00', Current time (UTC): '03/04/2026 11:00:00'."
    line = "2026-{} 11:00:00.000 +00:00 [INF] Bearer was not authenticated. Failure message: " + said + "\n"
    data = "".join(line.format(day) for day in ("03-04", "04-03") * 4).encode()
    part, layout = _parts(data, [])[0], sniff(data, "app.log")
    seen, _ = cut(part, layout, zone=UTC, see=sight, again=again, apart=apart).close()
    valid_to = [s.statement.messages[0].fields["valid_to"][:10] for s in seen]
    assert valid_to == ["2026-03-04", "2026-04-03"] * 4


def test_what_one_stream_says_is_not_said_by_another() -> None:
    """Hosts and streams are told apart where all else of two records is the same."""
    line = "2026-03-04 11:15:{:02d}.000 +01:00 [INF] Bearer was not authenticated. Failure message: IDX10214: No.\n"
    data = "".join(f"Mar  4 10:15:{n:02d} host{n % 2} api{n % 3}[7]: {line.format(n)}" for n in range(30)).encode()
    sightings, _ = _seen(data, []).close()
    assert [s.host for s in sightings] == [f"host{n % 2}" for n in range(30)]
    assert all(f"api{n % 3}" in s.stream for n, s in enumerate(sightings))


@pytest.mark.parametrize(
    "word",
    [b"HTTP GET ", b"Request finished HTTP/1.1 GET /a - 200 1", b" 1", b"/", b'"RequestId":"', b'"RequestId":"a",', b"{RequestId", b'{"@t":"', b"\x1b["],
)  # fmt: skip
def test_telling_records_apart_costs_no_more_than_their_length(word: bytes) -> None:
    """No pattern that finds what may differ backtracks without bound."""

    def all_seen(size: int) -> None:
        words = word * (size // len(word))
        for head in (b"2026-03-04 11:15:30.000 +01:00 [INF] ", b'{"@t":"2026-03-04T11:15:30Z","@m":'):
            rows = b"".join(b"%sIDX10214: No. %s%d\n" % (head, words, n) for n in range(3))
            observe(Part(source="app.log", data=rows), sniff(rows[:1000], "app.log"))

    assert is_linear(all_seen, 3_000)


def test_a_run_of_blanks_in_a_message_is_looked_at_once() -> None:
    """Where a quote ends is asked of every new text, and a hostile one may be all blanks."""
    assert is_linear(lambda size: END_OF_QUOTE.search(" " * size + "x"), 4_000)
    frame = END_OF_QUOTE.search("refused.   at Api.Program(")
    assert frame is not None
    assert frame.start() == len("refused.")
