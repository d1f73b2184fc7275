"""Whatever a platform wraps around the lines, the records come out as the application wrote them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from authlens.reading.formats import sniff
from tests.unit.helpers.written import (
    EVENT_1,
    EVENT_7,
    EXCEPTION,
    HANDLER,
    START,
    hits,
    lines,
    mel,
    objects,
    stamp,
    text,
)

TWO = f"{EVENT_1}\n{EXCEPTION}", EVENT_7
NANOSECONDS = 1772619330000000000


def _each(wrap: Callable[[int, str], str]) -> str:
    return "".join(wrap(i, line) + "\n" for i, line in enumerate(lines(mel() * 2)))


def _array(wrap: Callable[[int, str], object], *, indent: int | None = None) -> str:
    return json.dumps([wrap(i, line) for i, line in enumerate(lines(mel() * 2))], indent=indent)


def _gcp(i: int, line: str) -> dict[str, object]:
    labels = {"pod_name": "api-1"}
    return {"insertId": str(i), "logName": "p/logs/stdout", "timestamp": stamp(i), "textPayload": line, "resource": {"labels": labels}}  # fmt: skip


WRAPPED = {
    "cri": _each(lambda i, line: f"{stamp(i)} stdout F {line}"),
    "cri without a tag": _each(lambda i, line: f"{stamp(i)} stdout {line}"),
    "docker": _each(lambda i, line: json.dumps({"log": f"{line}\n", "stream": "stdout", "time": stamp(i)})),
    "docker with attributes": _each(
        lambda i, line: json.dumps({"log": f"{line}\n", "stream": "stdout", "attrs": {"tag": "x"}, "time": stamp(i)})
    ),
    "docker in cri": _each(
        lambda i, line: f"{stamp(i)} stdout F " + json.dumps({"log": f"{line}\n", "stream": "stdout", "time": stamp(i)})
    ),
    "fluent bit": _each(lambda i, line: json.dumps({"date": 1772619330.5, "log": line, "kubernetes": {"pod_name": "p"}})),
    "fluentd": _each(lambda i, line: f"{stamp(i)}\tkube.api\t" + json.dumps({"log": line, "stream": "stdout"})),
    "filebeat": _each(lambda i, line: json.dumps({"@timestamp": stamp(i), "message": line, "agent": {}, "host": {"name": "h"}})),
    "journald": "-- Boot 1 --\n" + _each(lambda _, line: f"Mar 04 10:15:30 web-1 orders[4711]: {line}"),
    "journald, precise": _each(lambda _, line: f"Mar 04 10:15:30.123456 web-1 orders[4711]: {line}"),
    "journald, iso": _each(lambda _, line: f"2026-03-04T11:15:30+0100 web-1 orders[4711]: {line}"),
    "journald, full": _each(lambda _, line: f"Wed 2026-03-04 10:15:30 UTC web-1 orders[4711]: {line}"),
    "journald, unix": _each(lambda _, line: f"1772619330.123456 web-1 orders[4711]: {line}"),
    "journald, json": _each(lambda i, line: json.dumps({"__REALTIME_TIMESTAMP": str(NANOSECONDS // 1000 + i), "MESSAGE": line})),
    "journald, bytes": _each(
        lambda i, line: json.dumps({"__REALTIME_TIMESTAMP": str(NANOSECONDS // 1000 + i), "MESSAGE": list(line.encode())})
    ),
    "syslog 5424": _each(lambda i, line: f'<134>1 {stamp(i)} web-1 api 1 - [ex@1 a="b \\] c"] \ufeff{line}'),
    "syslog 5424 on several lines": "".join(f"<134>1 {stamp(i)} web-1 api 1 - - {m}" for i, m in enumerate(_ for _ in [mel(), mel()])),
    "rsyslog": _each(lambda i, line: f"{stamp(i)} web-1 orders[4711]: {line}"),
    "compose": _each(lambda _, line: f"api-1    | {line}\nnginx-1  | 10.0.0.1 - - [04/Mar/2026] 200"),
    "compose, coloured": _each(lambda _, line: f"\x1b[36mapi-1  |\x1b[0m {line}"),
    "compose with times": _each(lambda i, line: f"api-1  | {stamp(i)} {line}"),
    "kubectl": _each(lambda i, line: f"[pod/api-7c9-abcde/api] {stamp(i)} {line}"),
    "stern": _each(lambda _, line: f"api-7c9d8f6b5-x2x4z api {line}"),
    "docker logs -t": _each(lambda i, line: f"{stamp(i)} {line}"),
    "logcli": _each(lambda i, line: f'{stamp(i)} {{app="api"}} {line}'),
    "logcli, json": _each(lambda i, line: json.dumps({"labels": {"app": "api"}, "line": line, "timestamp": stamp(i)})),
    "loki": json.dumps(
        {"data": {"result": [{"stream": {"app": "api"}, "values": [[str(NANOSECONDS + i), line] for i, line in enumerate(lines(mel() * 2))]}]}}
    ),
    "cloudwatch": json.dumps(
        {"events": [{"timestamp": 1772619330000 + i, "message": line, "ingestionTime": 1} for i, line in enumerate(lines(mel() * 2))]},
        indent=4,
    ),
    "cloudwatch, subscribed": "".join(
        json.dumps({"messageType": "DATA_MESSAGE", "logStream": "s", "logEvents": [{"id": "1", "timestamp": 1772619330000, "message": mel()}]})
        for _ in range(2)
    ),
    "cloudwatch, tailed": _each(lambda i, line: f"{stamp(i)} ecs/api/0a1b {line}"),
    "logs insights": json.dumps(
        {"results": [[{"field": "@timestamp", "value": "2026-03-04 10:15:30.000"}, {"field": "@message", "value": line}] for line in lines(mel() * 2)]}
    ),
    "google cloud": _array(_gcp, indent=2),
    "google cloud, one a line": _each(lambda i, line: json.dumps(_gcp(i, line))),
    "splunk": _each(lambda i, line: json.dumps({"preview": False, "result": {"_time": stamp(i), "_raw": line, "host": "h"}})),
    "splunk table": '"_raw","_time",host\n' + _each(lambda i, line: f'"{line}","{stamp(i)}",h'),
    "datadog": json.dumps(
        {"data": [{"id": "a", "type": "log", "attributes": {"timestamp": stamp(i), "message": m}} for i, m in enumerate([mel(), mel()])]}
    ),
    "app service": _each(lambda i, line: json.dumps({"time": stamp(i), "resultDescription": line, "category": "AppServiceConsoleLogs"})),
    "container apps": _array(lambda i, line: {"TimeGenerated": stamp(i), "Log_s": line, "ContainerAppName_s": "p"}),
    "log analytics": json.dumps(
        {"tables": [{"columns": [{"name": "TimeGenerated"}, {"name": "LogMessage"}], "rows": [[stamp(i), line] for i, line in enumerate(lines(mel() * 2))]}]}
    ),
    "array with an element a line": "[" + ",\n".join(json.dumps(_gcp(i, line)) for i, line in enumerate(lines(mel() * 2))) + "]",
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPPED)
def test_an_envelope_is_peeled_off_and_gives_the_time(name: str) -> None:
    """Two events twice, each whole, named by the application and timed by the platform; the year stands where it is."""
    first, second, *rest = hits(WRAPPED[name])
    assert (first.text, second.text) == TWO
    assert [r.text for r in rest] == list(TWO)
    assert first.logger == HANDLER
    yearless = name in {"journald", "journald, precise", "compose", "compose, coloured", "stern"}
    timed = name != "fluent bit" and not yearless
    assert not timed or (first.time is not None and abs((first.time - START).total_seconds()) < 0.5)
    assert not yearless or first.time is None


def test_a_record_stands_where_its_lines_stand_in_the_file() -> None:
    """Lines and offsets are the file's, not the payload's."""
    log = WRAPPED["cri"]
    first, second, *_ = hits(log)
    assert (first.origin.offset, first.origin.line, first.lines) == (0, 1, 8)
    assert (second.origin.line, second.lines) == (9, 2)
    assert log.encode()[second.origin.offset : second.end].count(b"\n") == 2


def test_streams_are_kept_apart() -> None:
    """Two processes that print into one another are two, and neither loses a line."""
    both = "".join(f"{stamp(i)} stdout F {line}\n{stamp(i)} stderr F {line}\n" for i, line in enumerate(lines(mel())))
    records = hits(both)
    assert sorted((r.stream, r.text) for r in records) == sorted((s, t) for s in ("stdout", "stderr") for t in TWO)


def test_streams_are_kept_apart_though_their_names_look_alike() -> None:
    """Process 12 of ``x`` and the tag ``x/12`` are both called so: neither loses a line to the other."""
    lines_ = [f"Mar  4 09:14:{i:02d} web {tag}: {HANDLER}[7] {EVENT_7}" for i in range(20) for tag in ("x[12]", "x/12")]
    assert len(hits("".join(f"{line}\n" for line in lines_))) == 40


def test_a_line_that_the_runtime_split_is_whole_again() -> None:
    """Pieces of a line belong together whatever other streams print between them."""
    head, tail = EVENT_7[:40], EVENT_7[40:]
    cri = f"{stamp(0)} stdout F info: {HANDLER}[7]\n{stamp(1)} stdout P       {head}\n{stamp(1)} stderr F x\n{stamp(1)} stdout F {tail}\n"
    docker = objects(
        {"log": f"info: {HANDLER}[7]\n", "stream": "stdout", "time": stamp(0)},
        {"log": f"      {head}", "stream": "stdout", "time": stamp(1)},
        {"log": "x\n", "stream": "stderr", "time": stamp(1)},
        {"log": f"{tail}\n", "stream": "stdout", "time": stamp(1)},
    )
    assert [r.text for r in hits(cri)] == [EVENT_7]
    assert [r.text for r in hits(docker)] == [EVENT_7]


def test_escapes_of_syslog_are_undone() -> None:
    """``#012`` is a line feed, ``#033`` begins a colour; a frame may hold line feeds itself when its length is given."""
    escaped = mel().rstrip("\n").replace("\n", "#012").replace("info:", "#033[32minfo#033[39m:")
    (record, _) = hits(f"Mar  4 11:15:30 web01 api[1]: {escaped}\n")
    assert record.text == TWO[0]
    frames = "".join(f"{len(p)} {p}" for p in (f"<134>1 {stamp(0)} w api 1 - - {part}" for part in (mel(), mel())))
    assert [r.text for r in hits(frames)] == [*TWO, *TWO]


def test_what_stands_between_frames_is_read() -> None:
    """A relay that counts wrongly loses nothing: the rest goes on with the frame before it."""

    def frame(message: str) -> str:
        written = f"<134>1 {stamp(0)} w api 1 - - {message}"
        return f"{len(written)} {written}"

    log = f"{frame('IDX10223: a')}IDX10205: b\n{frame('IDX10223: c')}{frame('IDX10224: x')}\nIDX10214: d\n"
    assert re.findall(r"\d{5}", " ".join(r.text for r in hits(log))) == ["10223", "10205", "10223", "10224", "10214"]


def test_frames_are_kept_apart_by_who_sent_them() -> None:
    """As lines are: two programs that print into one another are two."""
    written = [f"<134>1 {stamp(i)} w {app} 7 - - {line}" for i, line in enumerate(lines(mel())) for app in ("a", "b")]
    records = hits("".join(f"{len(w)} {w}" for w in written))
    assert [(r.stream, r.text) for r in records] == [(f"w/{app}/7", text) for text in TWO for app in ("a", "b")]


@pytest.mark.parametrize("name", ["CONTAINER_NAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER"])
def test_the_journal_tells_who_wrote_by_whatever_name_it_has(name: str) -> None:
    """The container's before the unit's before the one that the program gives itself."""
    entry = {
        "__REALTIME_TIMESTAMP": str(NANOSECONDS // 1000),
        "_HOSTNAME": "h",
        "MESSAGE": "IDX10223: x",
        "PRIORITY": "3",
    }
    records = hits(objects(*({**entry, name: "api", "_PID": "7"} for _ in range(3))))
    assert {(r.stream, r.host, r.level) for r in records} == {("h/api/7", "h", "error")}


def test_a_log_shown_newest_first_is_turned_round() -> None:
    """Lines of a record stand in order again, and the records come from the oldest to the newest."""
    newest = "".join(f'{stamp(i * 1000)} {{app="api"}} {line}\n' for i, line in reversed(list(enumerate(lines(mel())))))
    first, second = hits(newest)
    assert (first.text, second.text) == TWO
    assert first.origin.line > second.origin.line
    assert first.time is not None
    assert second.time is not None
    assert first.time < second.time


def test_an_application_that_logs_json_is_found_within_any_envelope() -> None:
    """The record's own time wins over the envelope's; the envelope's host is kept."""
    event = {"@t": "2026-03-04T10:00:00Z", "@mt": "IDX10223: x", "SourceContext": HANDLER}
    for log in (
        "".join(f"{stamp(i)} stdout F {json.dumps(event)}\n" for i in range(3)),
        "".join(f"<14>1 {stamp(i)} web-1 api 1 - - {json.dumps(event)}\n" for i in range(3)),
        objects(*({"log": f"{json.dumps(event)}\n", "stream": "stdout", "time": stamp(i)} for i in range(3))),
        objects(*({"insertId": str(i), "logName": "l", "timestamp": stamp(i), "jsonPayload": event} for i in range(3))),
        json.dumps([{"TimeGenerated": stamp(i), "LogMessage": event, "PodName": "p"} for i in range(3)]),
        json.dumps({"hits": {"hits": [{"_source": event} for _ in range(3)]}}, indent=1),
    ):
        records = hits(log)
        assert [r.text for r in records] == ["IDX10223: x"] * 3
        assert {r.time for r in records} == {datetime(2026, 3, 4, 10, tzinfo=UTC)}
        assert {r.logger for r in records} == {HANDLER}


def test_the_layout_says_what_was_found_and_why() -> None:
    """Envelopes are named from the outside in."""
    layout = sniff.sniff(WRAPPED["docker in cri"].encode(), "x")
    assert (layout.format, layout.envelopes) == ("mel-simple", ("cri", "docker-json"))
    assert "cri" in layout.why


PAYLOADS = {
    "mel": mel(),
    "nlog": text("2026-03-04 10:15:30.0000|INFO|A.B|", separator="|"),
    "log4net": text("2026-03-04 10:15:30,000 [7] INFO  A.B - "),
    "duende": f"[10:15:30 Information] A.B\n{EVENT_1}\n{EXCEPTION}\n\n[10:15:30 Information] A.B\n{EVENT_7}\n\n",
}
SHIPPERS = {
    "vector": lambda i, line: {"file": "/app.log", "host": "h", "message": line, "timestamp": stamp(i)},
    "filebeat": lambda i, line: {"@timestamp": stamp(i), "message": line, "ecs": {"version": "8.0.0"}, "host": {"name": "h"}},
    "grafana": lambda i, line: {"line": line, "timestamp": str(NANOSECONDS + i), "fields": {"app": "api"}},
}  # fmt: skip


@pytest.mark.parametrize("shipper", SHIPPERS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_lines_in_the_messages_of_objects_are_a_log(shipper: str, payload: str) -> None:
    """Whatever its layout; the objects are no events of their own."""
    log = objects(*(SHIPPERS[shipper](i, line) for i, line in enumerate(lines(PAYLOADS[payload] * 3))))
    assert [r.text for r in hits(log)] == list(TWO) * 3


def test_a_document_that_is_larger_than_what_decides_is_known_from_its_beginning() -> None:
    """One stream of Loki's, and JSON in each line of it."""
    events = [json.dumps({"EventId": 7, "LogLevel": "Information", "Category": HANDLER, "Message": EVENT_7, "State": {"n": i}}) for i in range(1500)]  # fmt: skip
    values = [[str(NANOSECONDS + i), line] for i, line in enumerate(events)]
    log = json.dumps({"data": {"result": [{"stream": {"app": "api"}, "values": values}]}})
    assert len(log) > 300_000
    assert {(r.text, r.logger) for r in hits(log)} == {(EVENT_7, HANDLER)}
    assert len(hits(log)) == 1500


LISTED: dict[str, dict[str, object]] = {
    "objects": {"data": [{"a": 1}]},
    "rows": {"values": [[1, 2]]},
    "texts of its own": {"items": [{"message": "The field is required."}]},
    "two": {"rows": [], "results": [{"id": "John Smith"}]},
}
SHAPES: dict[str, Callable[[list[object]], str]] = {
    "lines": lambda events: objects(*events),
    "one after the other": lambda events: "\n".join(json.dumps(e, indent=1) for e in events),
    "array": lambda events: json.dumps(events, indent=1),
    "a list of an object": lambda events: json.dumps({"hits": {"hits": [{"_source": e} for e in events]}}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("listed", LISTED)
def test_an_event_that_holds_a_list_is_an_event(listed: str, shape: str) -> None:
    """Whatever the list is called: only what says nothing itself is the document of others."""
    event: dict[str, object] = {"timestamp": stamp(0), "logger": HANDLER, "message": "IDX10223: x", **LISTED[listed]}
    assert [(r.text, r.logger) for r in hits(SHAPES[shape]([event] * 5))] == [("IDX10223: x", HANDLER)] * 5


@pytest.mark.parametrize(
    "around",
    [
        {"status": "Complete"},
        {"timestamp": stamp(0), "message": "all of the events"},
        {"exported": stamp(0), "by": "John Smith"},
    ],
)
def test_a_document_of_events_may_tell_of_itself(around: dict[str, object]) -> None:
    """When it was written, and what it is: the events are its list's."""
    event = {"timestamp": stamp(0), "message": "IDX10223: x"}
    assert [r.text for r in hits(json.dumps({**around, "events": [event] * 3}))] == ["IDX10223: x"] * 3


def test_an_event_that_holds_a_list_may_be_cut_off() -> None:
    """What stands before the list decides."""
    event = json.dumps({"timestamp": stamp(0), "message": "IDX10223: x", "data": [{"a": 1}]}, indent=1)
    assert [r.text for r in hits("\n".join([event] * 3).removesuffix("\n}"))] == ["IDX10223: x"] * 3


def test_a_document_that_tells_of_itself_may_hold_events_without_a_time() -> None:
    """Then a text decides."""
    log = json.dumps({"exported": stamp(0), "by": "John Smith", "rows": [{"message": "IDX10223: x"}] * 3})
    assert [r.text for r in hits(log)] == ["IDX10223: x"] * 3


def test_rows_of_a_table_may_hold_line_feeds_and_quotes() -> None:
    """A cell may be as long as it likes; a row with more cells than the header loses none."""
    message = 'IDX10223: a "quoted" word\nand a line, ' + "x" * 200_000
    table = (
        'timestamp [UTC],message,severityLevel\n"3/4/2026, 10:15:30.000 AM","'
        + message.replace('"', '""')
        + '",3,extra\n'
    )
    (record,) = hits(table)
    assert record.text == message
    assert (record.time, record.time_assumed) == (START, False)
    assert record.level == "error"
    assert record.fields["column 4"] == "extra"


def test_columns_of_one_name_are_all_kept() -> None:
    """A table may name two columns alike: the text of neither is lost."""
    pairs = [("IDX10223: a", "b"), ("c", "IDX10205: d")] * 2
    rows = "".join(f"2026-03-04T10:15:30Z,Error,{one},{other}\n" for one, other in pairs)
    records = hits("TimeGenerated,Level,Message,Message\n" + rows)
    assert ["IDX" in f"{r.text} {r.fields}" for r in records] == [True] * 4


def test_telemetry_lines_hold_many_events() -> None:
    """OTLP's attributes fill the template, and the exception stands behind the message."""

    def attribute(name: str, value: str) -> dict[str, object]:
        return {"key": name, "value": {"stringValue": value}}

    template = "{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}"
    entries = [
        {"timeUnixNano": str(NANOSECONDS), "severityNumber": 9, "body": {"stringValue": template}, "attributes": [attribute("AuthenticationScheme", "B"), attribute("FailureMessage", "IDX10223: x")]},
        {"timeUnixNano": str(NANOSECONDS), "severityNumber": 17, "body": {"stringValue": EVENT_1}, "attributes": [attribute("exception.stacktrace", EXCEPTION)]},
    ]  # fmt: skip
    scope = {"scope": {"name": HANDLER}, "logRecords": entries}
    first, second = hits(json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [scope]}]}))
    assert first.text == "B was not authenticated. Failure message: IDX10223: x"
    assert (first.scheme, first.logger, first.level, first.time) == ("B", HANDLER, "information", START)
    assert (second.text, second.level) == (f"{EVENT_1}\n{EXCEPTION}", "error")


def test_each_service_of_a_composition_may_log_in_its_own_way() -> None:
    """One prints MEL's lines, one Serilog's, one JSON; none hides the others."""
    serilog = [f"[11:15:30 INF] {EVENT_7}"]
    clef = [json.dumps({"@t": "2026-03-04T10:15:30Z", "@mt": "IDX10223: x", "SourceContext": HANDLER})]
    log = "".join(
        f"{name} | {line}\n"
        for name, printed in (("api-1 ", lines(mel())), ("auth-1", serilog), ("jobs-1", clef)) * 4
        for line in printed
    )
    records = hits(log)
    assert {name: sum(r.stream == name for r in records) for name in ("api-1", "auth-1", "jobs-1")} == {"api-1": 8, "auth-1": 4, "jobs-1": 4}  # fmt: skip
    assert {r.text for r in records if r.stream == "auth-1"} == {EVENT_7}


def _exported(index: int, line: str) -> bytes:
    """A field that is no plain text has its length before it."""
    value = line.encode()
    said = b"MESSAGE=" + value if index % 2 else b"MESSAGE\n" + len(value).to_bytes(8, "little") + value
    micro = NANOSECONDS // 1000 + index
    return (
        f"__CURSOR=s=a;i={index}\n__REALTIME_TIMESTAMP={micro}\n_HOSTNAME=web-1\nPRIORITY=4\n".encode() + said + b"\n\n"
    )


ENTRIES = {
    "export": b"".join(_exported(i, line) for i, line in enumerate(lines(mel()))),
    "verbose": _each(
        lambda i, line: (
            f"Wed 2026-03-04 10:15:30.{i:06} UTC [s=a;i={i}]\n    PRIORITY=4\n    _HOSTNAME=web-1\n    MESSAGE={line}"
        )
    ).encode(),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_of_the_journal_stands_on_several_lines(name: str) -> None:
    """Each entry holds one line of the application; its other fields tell time, host and level."""
    first, second, *_ = hits(ENTRIES[name])
    assert (first.text, second.text) == TWO
    assert (first.host, first.logger) == ("web-1", HANDLER)
    assert first.time is not None
    assert abs((first.time - START).total_seconds()) < 0.5


def test_what_stands_before_the_first_entry_is_kept() -> None:
    """A log that was cut out of another begins within an entry."""
    log = f"    MESSAGE={EVENT_7}\n".encode() + ENTRIES["verbose"]
    assert [r.text for r in hits(log)][-2:] == list(TWO)
    assert any(EVENT_7 in r.text for r in hits(log)[:1])


DOCUMENTS = {
    "graylog": {"query": "*", "messages": [{"index": "g_1", "message": {"timestamp": stamp(i), "message": m}} for i, m in enumerate(TWO)]},
    "sumo": {"messages": [{"map": {"_messagetime": str(NANOSECONDS // 10**6 + i), "_raw": m}} for i, m in enumerate(TWO)]},
    "list of another name": {"id": 7, "found": [{"at": "x"}], "lines": [{"time": stamp(i), "text": m} for i, m in enumerate(TWO)]},
    "list of texts": [f"{stamp(i)} [INF] {m}" for i, m in enumerate(TWO)],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_events_may_lie_deeper_in_a_document(name: str, indent: int | None) -> None:
    """Whether the document stands on one line or on several, each event is one, at its own time."""
    records = hits(json.dumps(DOCUMENTS[name], indent=indent))
    assert [r.text for r in records] == list(TWO)
    assert all(r.time is not None and abs((r.time - START).total_seconds()) < 0.5 for r in records)


def test_an_object_around_an_event_adds_what_it_says() -> None:
    """The event's own members count where both have one."""
    around = {"host": "web-1", "level": "error", "data": {"time": stamp(0), "message": EVENT_7, "level": "warning"}}
    (record,) = hits(objects(around))
    assert (record.text, record.host, record.level) == (EVENT_7, "web-1", "warning")


def test_the_tag_of_cri_may_be_left_before_each_line() -> None:
    """Azure Container Apps keeps it; P is a piece of a longer line."""
    log = objects(*({"TimeStamp": stamp(i), "Log": f"F {line}"} for i, line in enumerate(lines(mel()))))
    assert [r.text for r in hits(log)] == list(TWO)
    assert hits(log)[0].time is not None
    pieces = "".join(f"P {line[:9]}\nF {line[9:]}\n" if len(line) > 20 else f"F {line}\n" for line in lines(mel()))
    assert [r.text for r in hits(pieces)] == list(TWO)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_log_may_be_one_literal_of_source_code(end: str) -> None:
    """As a debugger copies a string: line ends and quotes are escaped, and there is one line."""
    log = text(f"{stamp(0)} [INF] ").replace("\n", end)
    assert [r.text for r in hits(json.dumps(log) + ";")] == list(TWO)


def test_lines_may_each_be_a_literal() -> None:
    """The elements of an array, or the parts of a sum; each record stands where its lines do."""
    log = "var lines = new[] {\n" + _each(lambda _, line: f"    {json.dumps(line)},") + "};\n"
    records = hits(log)
    assert [r.text for r in records[:2]] == list(TWO)
    assert (records[0].origin.line, records[1].origin.line) == (2, 10)


def test_event_viewer_names_no_column_of_the_text() -> None:
    """Its table has a cell more than its header, in any language."""
    rows = "".join(
        f'Informationen,04.03.2026 10:15:30,.NET Runtime,1000,Keine,"Category: {HANDLER}\nEventId: 7\n\n{m}\n"\n'
        for m in (EVENT_7, EVENT_7)
    )
    first, second = hits("Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\n" + rows)
    assert (first.text, first.time, first.logger, first.event_id) == (EVENT_7, START, HANDLER, 7)
    assert second.text == EVENT_7
