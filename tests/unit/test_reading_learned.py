"""Where no known head or envelope fits, the log itself shows how its records begin."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.model import Record
from authlens.reading import timestamps
from authlens.reading.formats import learn, sniff
from tests.unit.helpers.growth import is_linear
from tests.unit.helpers.written import EVENT_1, EVENT_7, EXCEPTION, HANDLER, REQUEST, cuts, hits, lines, mel, read, text

MORNING = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
HEADS = {
    "thread before the time": ("[12] INFO Api.Auth 2024-05-01 10:00:00,000 - ", MORNING),
    "word before the time": ("api 2024-05-01 10:00:00 [INF] ", MORNING),
    "number before the time": ("#7 2024-05-01 10:00:00 ", MORNING),
    "thread and level": ("12 INFO ", None),
    "letter": ("I/ ", None),
    "epoch, seconds": ("1714557600.000 INF ", MORNING),
    "epoch, milliseconds": ("1714557600000 [INF] ", MORNING),
    "klog": ("I0501 10:00:00.123456       1 app.go:1] ", None),
    "no year": ("05-01 10:00:00.123 [INF] ", None),
    "ctime": ("Wed May  1 10:00:00 2024 [INF] ", MORNING),
    "rfc 1123": ("Wed, 01 May 2024 10:00:00 GMT [INF] ", MORNING),
    "finnish": ("1.5.2024 10.00.00 [INF] ", MORNING),
    "danish": ("01-05-2024 10.00.00 [INF] ", MORNING),
    "italian": ("01/05/2024 10.00.00 [INF] ", MORNING),
    "spanish": ("1/5/2024 10:00:00 a. m. [INF] ", MORNING),
    "hungarian": ("2024. 05. 01. 10:00:00 [INF] ", MORNING),
    "chinese": ("2024/5/1 10:00:00 [INF] ", MORNING),
    "chinese, twelve hours": ("2024/5/1 上午 10:00:00 [INF] ", MORNING),
    "korean": ("2024. 5. 1. 오전 10:00:00 [INF] ", MORNING),
    "japanese": ("2024年5月1日 10:00:00 [INF] ", MORNING),
    "arrow behind the logger": (f"2024-05-01 10:00:00 INFO {HANDLER} -> ", MORNING),
    "tabs and a service": (f"2024-05-01T10:00:00Z\tINFO\tapi\t{HANDLER}\t", MORNING),
    "level first, colons behind": (f"INFO  2024/05/01 10:00:00.000 [3] {HANDLER} :: ", MORNING),
    "request in angles": (f"2024-05-01T10:00:00Z Information JwtBearerHandler <{REQUEST}> ", MORNING),
    "time in braces": ("{2024-05-01T10:00:00Z} (I) ", MORNING),
    "request's line": (f"2024-05-01T10:00:00Z INF GET /orders {HANDLER} ", MORNING),
    "level like a syslog's host": (f"2024-05-01 10:00:00.000 WRN {HANDLER}: ", MORNING),
    "padded level": (f"2024-05-01 10:00:00.000 [4] [Warning    ] [{HANDLER}] ", MORNING),
    "logger on a line of its own": (f"2024-05-01 10:00:00.0000 | INFO | {HANDLER}\n", MORNING),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_nobody_knows_is_learned(name: str) -> None:
    """Three requests are six records; the message begins where the host's words do, and the time is read."""
    head, moment = HEADS[name]
    records = hits(text(head) * 3)
    assert [r.text for r in records] == [f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 3
    assert {r.time for r in records} == {moment}
    assert not moment or not read(text(head) * 3)[1].skipped


def test_logfmt_gives_its_message_and_its_exception() -> None:
    """Quotes and escapes are undone, the exception stands behind the message."""
    thrown = EXCEPTION.replace("\n", "\\n")
    log = "".join(
        f'ts=2024-05-01T10:00:00Z level=info logger={HANDLER} msg="{message}"{more}\n'
        for message, more in ((EVENT_1, f' exception="{thrown}"'), (EVENT_7, ""))
    )
    first, second = hits(log)
    assert (first.text, second.text) == (f"{EVENT_1}\n{EXCEPTION}", EVENT_7)
    assert {first.time, second.time} == {MORNING}


def test_two_refusals_are_never_one_record() -> None:
    """Not in a paste, not behind a head of another logger; the exception's own lines cut nothing."""
    paste = f"so it says {EVENT_1}\n{EXCEPTION}\nand then {EVENT_7}\n" * 2
    known = text("2024-05-01 10:00:00.000 +00:00 [INF] ") * 20
    odd = f"§ {EVENT_1}\n{EXCEPTION}\n§ {EVENT_7}\n"
    for log, count in ((paste, 4), (known + odd, 42)):
        records = hits(log)
        assert len(records) == count
        assert all(len(re.findall("Failed to validate|was not authenticated", r.text)) == 1 for r in records)


def test_lines_of_no_known_form_are_counted() -> None:
    """They are read all the same, and said to be none of the records that the log is made of."""
    stray = f"{EVENT_7}\n"
    _, ledger = read(stray + text("2024-05-01 10:00:00.000 +00:00 [INF] ") * 5)
    amount = ledger.skipped["lines of no known form"]
    assert (amount.bytes, amount.lines) == (len(stray), 1)
    assert ledger.used.bytes + amount.bytes == ledger.read.bytes


def _timed(i: int) -> str:
    return f"2024-05-01T10:00:{i % 60:02d}"


PREFIXES: dict[str, tuple[Callable[[int], str], bool]] = {
    "pm2": (lambda _: "0|kiosk  | ", False),
    "heroku": (lambda i: f"{_timed(i)}.000000+00:00 app[web.1]: ", True),
    "time and service": (lambda i: f"{_timed(i)}.123456789Z api  ", True),
    "swarm": (lambda _: "stack_api.1.k3jx91@node-1    | ", False),
    "stern, arrows": (lambda _: "orders-5d9 › api │ ", False),
    "stern, all namespaces": (lambda _: "shop orders-5d9f-ab2cd api ", False),
    "cloud foundry": (lambda i: f"   {_timed(i)}.12+0000 [APP/PROC/WEB/0] OUT ", True),
    "fly": (lambda i: f"{_timed(i)}Z app[5683d474] ams [info] ", True),
    "a job's step": (lambda i: f"api\tRun tests\t{_timed(i)}.1234567Z ", True),
    "a pipeline": (lambda _: "##[info] ", False),
    "quoted": (lambda _: "> ", False),
    "numbered": (lambda i: f"{i + 1:4d}  ", False),
    "grep": (lambda i: f"app.log:{100 + i}:", False),
    "supervisor": (lambda i: f"{_timed(i).replace('T', ' ')},123 DEBG 'api' stdout output: ", True),
}
PAYLOADS = {
    "mel": mel() * 3,
    "serilog": text("[10:00:00 INF] ") * 3,
}


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_stands_before_every_line_is_taken_off(name: str, payload: str) -> None:
    """Whatever printed it: records are whole, and a time in it is theirs where they have none."""
    before, timed = PREFIXES[name]
    records = hits("".join(f"{before(i)}{line}\n" for i, line in enumerate(lines(PAYLOADS[payload]))))
    assert [r.text for r in records] == [f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 3
    assert all((r.time is not None) is timed for r in records)


def test_processes_that_only_their_names_tell_apart_are_two_streams() -> None:
    """They print into one another, and neither loses a line."""
    log = "".join(f"0|kiosk  | {line}\n1|kiosk  | {line}\n" for line in lines(mel() * 3))
    streams: dict[str, list[Record]] = {}
    for record in hits(log):
        streams.setdefault(record.stream, []).append(record)
    assert [[r.text for r in records] for records in streams.values()] == [[f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 3] * 2


LEARNED = {
    "head": (text(HEADS["thread before the time"][0]) * 4).encode(),
    "prefix": "".join(f"0|kiosk  | {line}\n" for line in lines(mel() * 4)).encode(),
    "prefix with a time": "".join(f"{_timed(i)}Z app[web.1]: {x}\n" for i, x in enumerate(lines(mel() * 4))).encode(),
    "two refusals in one": (text("2024-05-01 10:00:00 [INF] ") * 9 + f"§ {EVENT_1}\n§ {EVENT_7}\n").encode(),
}


@pytest.mark.parametrize("name", LEARNED)
@settings(max_examples=25, deadline=None)
@given(borders=st.lists(st.integers(min_value=0, max_value=1 << 16), max_size=8))
def test_what_is_learned_holds_wherever_the_log_is_divided(name: str, borders: list[int]) -> None:
    """Records and ledger are those of the undivided log."""
    (whole,) = cuts(LEARNED[name], [])
    total, *rest = cuts(LEARNED[name], borders)
    for one in rest:
        total = total + one
    assert total.close() == whole.close()


def test_properties_behind_a_message_of_several_lines_are_read() -> None:
    """They stand on its last line, before the exception, and are no part of the message."""
    tail = f'{{"SourceContext": "{HANDLER}", "RequestId": "{REQUEST}"}}'
    message = "Bearer was not authenticated. Failure message: IDX10503: Signature validation failed.\nkid: 'k1'."
    for log in (
        f"[10:00:00 INF] {message} {tail}\n[10:00:01 INF] {EVENT_7} {tail}\n",
        f"[10:00:00 INF] {message} {tail}\nSystem.Exception: x\n   at X.Y()\n[10:00:01 INF] {EVENT_7} {tail}\n",
    ):
        first, second = hits(log)
        assert first.text.startswith(message)
        assert "SourceContext" not in first.text
        assert (first.request_id, first.logger) == (REQUEST, HANDLER)
        assert (second.request_id, second.text) == (REQUEST, EVENT_7)


def test_a_time_behind_the_message_is_read() -> None:
    """It stands on the message's last line, before the exception; so does the logger."""
    tail = f" <{HANDLER}> 2024-05-01 10:00:00.000 +00:00"
    records = hits(f"[INF] {EVENT_1}{tail}\n{EXCEPTION}\n[INF] {EVENT_7}{tail}\n" * 3)
    assert [r.text for r in records] == [f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 3
    assert {(r.time, r.logger, r.level) for r in records} == {(MORNING, HANDLER, "information")}


@pytest.mark.parametrize("separator", ["|", " | ", ";", "\t"])
def test_an_exception_in_a_column_of_its_own_is_told_from_the_message(separator: str) -> None:
    """As it is where it stands on a line of its own."""
    first, *_ = hits(text("2024-05-01 10:00:00.0000|INFO|A.B|", separator=separator) * 3)
    assert first.text == f"{EVENT_1}\n{EXCEPTION}"


def test_a_request_may_be_named_or_not() -> None:
    """A column that is empty outside a request is the same column."""
    within = f"2024-05-01T10:00:00.0000000Z|INFO|7|{REQUEST}|{HANDLER}|"
    log = f"2024-05-01T10:00:00.0000000Z|INFO|7||{HANDLER}|Application started. Press Ctrl+C\n" + text(within)
    records = [r for r in hits(log * 3) if r.text.startswith(EVENT_1)]
    assert [(r.level, r.logger, r.request_id) for r in records] == [("information", HANDLER, REQUEST)] * 3


def test_a_level_in_a_sentence_makes_no_head() -> None:
    """A message that says "Auth error" and a code is no column of a level."""
    duende = (
        f"[10:00:00 Information] {HANDLER}\n{EVENT_7}\n\n[10:00:01 Error] Api.Orders\nAuth error for 7: IDX10205: x\n\n"
    )
    assert [r.logger for r in hits(duende * 3)] == [HANDLER, "Api.Orders"] * 3


GREP = {
    "name": lambda at, line, mark: f"app.log{mark}{line}",
    "number": lambda at, line, mark: f"{at + 1}{mark}{line}",
    "both": lambda at, line, mark: f"logs/app-1.log{mark}{at + 1}{mark}{line}",
}


@pytest.mark.parametrize("name", GREP)
@pytest.mark.parametrize("payload", ["mel", "serilog"])
def test_what_grep_prints_is_read_through_its_prefixes(name: str, payload: str) -> None:
    """A colon stands before the lines that were looked for, a dash before those around them."""
    log = lines((mel() if payload == "mel" else text("2024-05-01 10:00:00.000 +00:00 [INF] ")) * 4)
    found = "".join(GREP[name](at, line, ":" if "IDX" in line else "-") + "\n" for at, line in enumerate(log))
    assert [r.text for r in hits(found)] == [f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 4


def test_what_grep_left_out_does_not_join_what_it_printed() -> None:
    """Behind its dashes begins something else, if only with the rest of a record."""
    head = "2024-05-01 10:00:00.000 +00:00 [INF] "
    log = f"{head}Order loaded\n--\n{EXCEPTION}\n--\n{head}{EVENT_7}\n"
    assert [r.text.strip("-\n") for r in hits(log * 3)] == [EXCEPTION, EVENT_7] * 3


def test_a_trace_parent_in_a_column_stands_for_the_request() -> None:
    """One in the message itself does not."""
    trace, span = "25e04a055430ce03cdf8fe8545951356", "d9e1a389f89a13a6"
    log = f"2022-11-01 22:53:43.6844|Default|00-{trace}-{span}-00||{HANDLER}|INFO|{EVENT_7}\n"
    assert {(r.trace_id, r.request_id) for r in hits(log * 3)} == {(trace, f"{trace}-{span}")}
    said = f"2022-11-01 22:53:43.684 +00:00 [INF] {EVENT_7} at 00-{trace}-{span}-00\n"
    assert {(r.trace_id, r.request_id) for r in hits(said * 3)} == {(None, None)}


@pytest.mark.parametrize("printed", ["01-05-2024 10:00:00", "1/5/2024 10:00:00 a. m.", "1.5.2024 10.00.00"])
def test_only_slashes_may_be_american(printed: str) -> None:
    """Dashes, dots and the Spanish halves of the day put the day first."""
    assert timestamps.parse(printed) == (MORNING, True)
    assert timestamps.parse("1/5/2024 10:00:00 AM") == (MORNING.replace(month=1, day=5), True)


def test_prefixes_that_divide_into_different_columns_are_not_alike() -> None:
    """A bracket behind a letter is divided, behind another character it is one column."""
    assert learn.prefix([f"api{c}[812]:         at A.B(" for c in ("", "\ufffd")]) is not None


@pytest.mark.parametrize(
    "word", ["[", "a ", "a:", "1 ", "10:00:00 ", "(I) ", '="', '{"RequestId":', "INFO ", "   at A(", "\t"]
)
def test_learning_from_nonsense_ends(word: str) -> None:
    """The time is bounded however long and odd the lines are."""

    def learned(size: int) -> None:
        line = word * (size // len(word))
        log = "".join(f"{line}{words}\n" for words in (EVENT_1, EVENT_7, "IDX10223: x", "   at A.B()") * 20)
        read(log, layout=sniff.sniff(log.encode(), "x"))

    assert is_linear(learned, 4000)  # both larger than what a layout is learnt from
