"""Records come out of every format whole, with what their heads say."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import pytest

from authlens.errors import UsageError
from authlens.model import Layout
from authlens.reading.formats import sniff
from tests.unit.helpers.written import (
    EVENT_1,
    EVENT_7,
    EXCEPTION,
    FORMATS,
    HANDLER,
    REQUEST,
    hits,
    lines,
    mel,
    objects,
    read,
    text,
)

CODE = re.compile(r"(?<![A-Za-z0-9/])ID[XW]\d{5}(?=:)")
BOTH = {"IDX10223", "IDX10503"}

# What each sample holds: codes, and whether its records carry a time.
SAMPLES = {
    "appinsights_exceptions.json": ({"IDX10503"}, True),
    "appinsights_traces.csv": (set(), True),
    "azure_appservice_file.log": (BOTH, True),
    "clef.log": (BOTH, True),
    "clef_rendered.log": (BOTH, True),
    "cloudwatch_filter.json": ({"IDX10503"}, True),
    "cloudwatch_s3_export.log": ({"IDX10503"}, True),
    "cri.log": (BOTH, True),
    "docker_json_file.log": (BOTH, True),
    "ecs.log": ({"IDX10503"}, True),
    "fluentbit.log": ({"IDX10503"}, True),
    "gcp_logging.json": (set(), True),
    "identitymodel_textwriter.log": ({"IDX10503"}, True),
    "journald_json.log": (set(), True),
    "journald_short_iso.log": (BOTH, True),
    "lambda_json.log": ({"IDX10503"}, True),
    "lambda_text.log": (BOTH, True),
    "log4j_xml.log": ({"IDX10503"}, True),
    "log4net.log": (BOTH, True),
    "log4net_default.log": (BOTH, False),
    "log4net_xml.log": (BOTH, True),
    "logcli_default.log": ({"IDX10503"}, True),
    "logcli_jsonl.log": ({"IDX10503"}, True),
    "mel_console_2x.log": (BOTH, False),
    "mel_console_2x_ansi.log": (BOTH, False),
    "mel_debug.log": (BOTH, False),
    "mel_json.log": (BOTH, True),
    "mel_json_indented.log": (BOTH, False),
    "mel_json_net5.log": (BOTH, True),
    "mel_simple.log": (BOTH, False),
    "mel_simple_ts.log": (BOTH, True),
    "mel_simple_windows.log": (BOTH, False),
    "mel_single.log": (BOTH, False),
    "mel_single_windows.log": (BOTH, False),
    "mel_systemd.log": (BOTH, True),
    "nlog.log": (BOTH, True),
    "nlog_4x.log": ({"IDX10223"}, True),
    "nlog_json.log": ({"IDX10503"}, True),
    "otel_console.log": ({"IDX10503"}, True),
    "otlp.json": ({"IDX10503"}, True),
    "owin_tracesource.log": ({"IDX10503"}, False),
    "serilog_console.log": (BOTH, False),
    "serilog_elasticsearch.log": ({"IDX10503"}, True),
    "serilog_file.log": (BOTH, True),
    "serilog_json.log": (BOTH, True),
    "splunk_export.json": (BOTH, True),
    "syslog3164.log": (BOTH, False),
    "syslog3164_escaped.log": ({"IDX10503"}, False),
    "syslog5424.log": ({"IDX10503"}, True),
    "syslog5424_octet.log": ({"IDX10223"}, True),
    "winevent.xml": ({"IDX10503"}, True),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_gives_its_codes_and_times(name: str) -> None:
    """A real formatter's output is cut into records that hold the codes, one record an event, timed where it says when."""
    codes, timed = SAMPLES[name]
    records = hits((FORMATS / name).read_bytes())
    assert records
    assert {code for r in records for code in CODE.findall(r.text)} == codes
    assert all(len(set(CODE.findall(r.text))) <= 1 for r in records)
    assert all((r.time is not None) is timed for r in records)
    assert all(r.time.utcoffset() == timedelta(0) for r in records if r.time is not None)


def test_the_samples_are_all_tried() -> None:
    """No sample lies in the folder that no test reads; one is a fragment without any message."""
    assert {p.name for p in FORMATS.iterdir()} == {*SAMPLES, "docker_split.log"}


class Said(NamedTuple):
    """A log, and what the head of its first record says."""

    log: str
    time: str | None = None
    level: str | None = "information"
    logger: str | None = None
    request: str | None = None


HALF_PAST = "2026-03-04T11:15:30+00:00"
UTC_TIME = "2026-03-04T10:15:30.123000+00:00"
LAYOUTS = {
    "serilog, thread and source context": Said(
        text(f"2026-03-04 11:15:30.123 +01:00 [INF] [12] [{HANDLER}] "), UTC_TIME, logger=HANDLER
    ),
    "serilog, pipes and a request id": Said(
        text(f"2026-03-04T11:15:30.1230000+01:00 | INF | {HANDLER} | {REQUEST} | "),
        UTC_TIME,
        logger=HANDLER,
        request=REQUEST,
    ),
    "serilog, level first": Said(text(f"[INF] 2026-03-04 11:15:30 {HANDLER}: "), HALF_PAST, logger=HANDLER),
    "serilog, context on the first line": Said(
        f"[11:15:30 Information] {HANDLER}\n{EVENT_1}\n{EXCEPTION}\n\n[11:15:31 Information] {HANDLER}\n{EVENT_7}\n\n",
        logger=HANDLER,
    ),
    "serilog, properties behind the message": Said(
        f'2026-03-04 11:15:30.123 +01:00 [INF] {EVENT_1} {{"RequestId":"{REQUEST}"}}\n{EXCEPTION}\n'
        f'2026-03-04 11:15:31.123 +01:00 [INF] {EVENT_7} {{"RequestId":"{REQUEST}"}}\n',
        UTC_TIME,
        request=REQUEST,
    ),
    "serilog, a column of the user's own": Said(
        text(f"2026-03-04 11:15:30 [INF] [web-1] [CorrelationId: 6a7f] {HANDLER} - "), HALF_PAST, logger=HANDLER
    ),
    "serilog, context within the bracket": Said(text(f"[11:15:30 INF {HANDLER}] "), logger=HANDLER),
    "serilog, four letters": Said(text("2026-03-04 11:15:30 EROR "), HALF_PAST, level="error"),
    "serilog, lower case": Said(text("2026-03-04T10:15:30.123Z [wrn] "), UTC_TIME, level="warning"),
    "no level": Said(text("2026-03-04 11:15:30 "), HALF_PAST, level=None),
    "german dates": Said(text("04.03.2026 11:15:30 [INF] "), HALF_PAST),
    "american dates": Said(text("3/4/2026 11:15:30 AM [Information] "), HALF_PAST),
    "dates with the day first, as another record shows": Said(
        text("04/03/2026 11:15:30 [INF] ") + text("14/03/2026 11:15:30 [INF] "), HALF_PAST
    ),
    "nlog, brackets": Said(text(f"2026-03-04 11:15:30.0000 [INFO] {HANDLER} ", separator=" "), HALF_PAST),
    "nlog, event id and url": Said(
        text(f"2026-03-04 11:15:30.0000|1|INFO|{HANDLER}|", separator=" ", tail="|url: https://x/api|action: Get"),
        HALF_PAST,
        logger=HANDLER,
    ),
    "nlog, blanks around pipes": Said(
        text(f"2026-03-04 11:15:30.0000 | 12 | INFO | {HANDLER} | "), HALF_PAST, logger=HANDLER
    ),
    "nlog, level first": Said(
        text(f"WARN|2026-03-04 11:15:30.0000|{HANDLER}|"), HALF_PAST, level="warning", logger=HANDLER
    ),
    "nlog, tabs": Said(text(f"2026-03-04 11:15:30.0000\tINFO\t{HANDLER}\t"), HALF_PAST, logger=HANDLER),
    "log4net, detail": Said(text(f"1234 [12] INFO {HANDLER} (null) - "), logger=HANDLER),
    "log4net, absolute": Said(text(f"11:15:30,123 [12] FATAL {HANDLER} - "), level="critical", logger=HANDLER),
    "log4net, date": Said(text(f"04 Mar 2026 11:15:30,000 [12] INFO  {HANDLER} - "), HALF_PAST, logger=HANDLER),
    "mel, time glued to the level": Said(mel("11:15:30"), logger=HANDLER),
    "mel, bracketed time": Said(mel("[2026-03-04 11:15:30] "), HALF_PAST, logger=HANDLER),
    "mel, colours copied from a pager": Said(
        mel().replace("info:", "^[[40m^[[32minfo^[[39m^[[22m^[[49m:"), logger=HANDLER
    ),
    "mel, windows line ends": Said(mel().replace("\n", "\r\n"), logger=HANDLER),
    "azure app service": Said(
        text(f"2026-03-04 11:15:30.000 +00:00 [Information] {HANDLER}: "), HALF_PAST, logger=HANDLER
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_any_text_layout_is_read_by_what_its_lines_share(name: str) -> None:
    """Whatever the template, two records come out, timed and named, and no column of the head stays in the message."""
    said = LAYOUTS[name]
    first, second, *_ = hits(said.log)
    assert (first.time.isoformat() if first.time else None) == said.time
    assert first.level == said.level
    assert first.logger == said.logger or said.logger is None
    assert first.request_id == said.request
    assert "IDX10503" in first.text
    assert "IDX10223" in second.text
    assert "IDX10503" not in second.text
    if said.logger is not None:
        assert first.text.startswith(EVENT_1)


def test_a_message_keeps_its_words_and_loses_its_indentation() -> None:
    """What MEL pads is given back as the exception printed it."""
    first, second = hits(mel())
    assert first.text == f"{EVENT_1}\n{EXCEPTION}"
    assert second.text == EVENT_7
    assert (first.event_id, second.event_id) == (1, 7)


def test_scopes_tell_the_request_and_are_no_text() -> None:
    """MEL's scope lines become ids and fields, on a line of their own or before the message."""
    scopes = f"=> SpanId:aa, TraceId:bb, ParentId:00 => ConnectionId:0HN2 => RequestPath:/x RequestId:{REQUEST}"
    for log in (
        f"info: {HANDLER}[7]\n      {scopes}\n      {EVENT_7}\n",
        f"11:15:30 info: {HANDLER}[7] {scopes} {EVENT_7}\n",
    ):
        (record,) = hits(log)
        assert (record.request_id, record.trace_id, record.text) == (REQUEST, "bb", EVENT_7)
        assert record.fields["RequestPath"] == "/x"


def test_a_time_without_a_zone_is_taken_in_the_zone_given_and_says_so() -> None:
    """A zone in the log wins over the one assumed."""
    zone = timezone(timedelta(hours=2))
    assumed = read("2026-03-04 12:15:30.000|INFO|A.B|IDX10223: x\n", zone=zone)[0][0]
    known = read("2026-03-04 12:15:30.000 +01:00 [INF] IDX10223: x\n", zone=zone)[0][0]
    assert (assumed.time, assumed.time_assumed) == (datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC), True)
    assert (known.time, known.time_assumed) == (datetime(2026, 3, 4, 11, 15, 30, tzinfo=UTC), False)


EVENT = {
    "clef": {"@t": "2026-03-04T10:15:30.123Z", "@mt": "{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}", "AuthenticationScheme": "Bearer", "FailureMessage": "IDX10223: x", "SourceContext": HANDLER, "RequestId": REQUEST, "EventId": {"Id": 7}},
    "rendered clef": {"@t": "2026-03-04T10:15:30.123Z", "@m": '"Bearer" was not authenticated. Failure message: "IDX10223: x"', "AuthenticationScheme": "Bearer", "FailureMessage": "IDX10223: x", "SourceContext": HANDLER, "RequestId": REQUEST, "EventId": {"Id": 7}},
    "mel": {"Timestamp": "2026-03-04T10:15:30.123Z", "EventId": 7, "LogLevel": "Information", "Category": HANDLER, "Message": "Bearer was not authenticated. Failure message: IDX10223: x", "State": {"AuthenticationScheme": "Bearer"}, "Scopes": [f"RequestPath:/x RequestId:{REQUEST}"]},
    "serilog": {"Timestamp": "2026-03-04T11:15:30.123+01:00", "Level": "Information", "MessageTemplate": "{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}", "RenderedMessage": '"Bearer" was not…', "Properties": {"AuthenticationScheme": "Bearer", "FailureMessage": "IDX10223: x", "SourceContext": HANDLER, "RequestId": REQUEST, "EventId": {"Id": 7}}},
    "elasticsearch": {"@timestamp": "2026-03-04T11:15:30.123+01:00", "level": "Information", "messageTemplate": "t", "message": "Bearer was not authenticated. Failure message: IDX10223: x", "fields": {"AuthenticationScheme": "Bearer", "SourceContext": HANDLER, "RequestId": REQUEST, "EventId": 7}},
    "gelf": {"version": "1.1", "host": "w", "short_message": "Bearer was not authenticated. Failure message: IDX10223: x", "timestamp": 1772619330.123, "level": 6, "_SourceContext": HANDLER, "_RequestId": REQUEST, "_AuthenticationScheme": "Bearer", "_EventId": 7},
    "keys of one's own": {"when": "2026-03-04 10:15:30.123 +00:00", "sev": "Info", "who": HANDLER, "what": "Bearer was not authenticated. Failure message: IDX10223: x", "AuthenticationScheme": "Bearer", "RequestId": REQUEST, "EventId": "7"},
}  # fmt: skip


@pytest.mark.parametrize("name", EVENT)
def test_a_structured_event_reads_the_same_whoever_wrote_it(name: str) -> None:
    """Templates are filled, quotes that the renderer added are gone, scopes and properties are merged."""
    record, _ = hits(objects(EVENT[name], EVENT[name]))
    assert record.text == "Bearer was not authenticated. Failure message: IDX10223: x"
    assert record.time == datetime(2026, 3, 4, 10, 15, 30, 123000, tzinfo=UTC)
    assert not record.time_assumed
    assert (record.level, record.logger, record.request_id) == ("information", HANDLER, REQUEST)
    assert (record.scheme, record.event_id) == ("Bearer", 7)


OWN = {
    "short names": {"ts": "2026-03-04T10:15:30.123Z", "lvl": "INFO", "src": HANDLER, "req": REQUEST, "msg": EVENT_1, "err": EXCEPTION},
    "an object of the exception's parts": {"Time": "2026-03-04T10:15:30.123Z", "Severity": "Information", "Logger": HANDLER, "RequestId": REQUEST, "Said": EVENT_1, "ExceptionDetail": {"Type": "A.B", "StackTrace": EXCEPTION}},
    "a list of lines": {"time": "2026-03-04T10:15:30.123Z", "level": "INFO", "logger": HANDLER, "message": EVENT_1, "exception": EXCEPTION.split("\n"), "requestId": REQUEST},
    "nested": {"longdate": "2026-03-04 10:15:30.1230Z", "level": "INFO", "message": EVENT_1, "error": {"stack": EXCEPTION}, "scope": {"RequestId": REQUEST, "Category": HANDLER}},
    "template and arguments": {"timestamp": "2026-03-04T10:15:30.123Z", "level": "INFO", "messageTemplate": "{Said}", "arguments": {"Said": EVENT_1}, "exception": EXCEPTION, "logger": HANDLER, "requestId": REQUEST},
    "dotted": {"@timestamp": "2026-03-04T10:15:30.123Z", "log.level": "INFO", "message": EVENT_1, "ecs.version": "8.6.0", "log.logger": HANDLER, "error.message": EXCEPTION.split("\n")[0], "error.stack_trace": EXCEPTION, "labels": {"RequestId": REQUEST}},
    "as MongoDB exports it": {"_id": {"$oid": "65"}, "Level": "Information", "UtcTimeStamp": {"$date": "2026-03-04T10:15:30.123Z"}, "RenderedMessage": EVENT_1, "Properties": {"SourceContext": HANDLER, "RequestId": REQUEST}, "Exception": EXCEPTION},
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_objects_of_ones_own_are_known_by_the_shapes_of_their_values(name: str) -> None:
    """Message, exception, time, level, logger and request, whatever they are called."""
    for record in hits(objects(*[OWN[name]] * 3)):
        assert record.text == f"{EVENT_1}\n{EXCEPTION}"
        assert record.time == datetime(2026, 3, 4, 10, 15, 30, 123000, tzinfo=UTC)
        assert (record.level, record.logger, record.request_id) == ("information", HANDLER, REQUEST)


def test_an_exception_that_is_an_object_is_printed_as_net_prints_it() -> None:
    """The chain of Elasticsearch's exceptions, of ECS' error and of Application Insights' details is one text."""
    chain = [
        {"ClassName": "A.OuterException", "Message": "IDX20803: x"},
        {"ClassName": "B.InnerException", "Message": "refused"},
    ]
    elastic = {"@timestamp": "2026-03-04T10:15:30Z", "messageTemplate": "t", "message": "m", "exceptions": chain}
    details = json.dumps(
        [{"type": "A.OuterException", "message": "IDX20803: x"}, {"type": "B.InnerException", "message": "refused"}]
    )
    insights = {
        "time": "2026-03-04T10:15:30Z",
        "ExceptionType": "A.OuterException",
        "OuterMessage": "IDX20803: x",
        "Details": details,
    }
    expected = "A.OuterException: IDX20803: x\n ---> B.InnerException: refused"
    assert hits(objects(elastic))[0].text == f"m\n{expected}"
    assert hits(objects(insights))[0].text == expected


def test_a_hit_in_a_property_that_nobody_expects_is_in_the_text() -> None:
    """All strings of an object count, however deep they lie."""
    (record,) = hits(
        objects({"@t": "2026-03-04T10:15:30Z", "@mt": "Auth failed", "detail": {"inner": ["IDX10223: x"]}})
    )
    assert record.text == "Auth failed\nIDX10223: x"


def test_text_between_json_lines_is_a_record_of_its_own() -> None:
    """A start-up crash that the runtime prints as text is not lost among the objects."""
    crash = "Unhandled exception. System.InvalidOperationException: IDX20803: Unable\n   at X.Y()\n"
    first, second, third = hits(crash + objects(EVENT["mel"]) + "printed: IDX10205: plain\n")
    assert first.text.startswith("Unhandled exception.")
    assert second.logger == HANDLER
    assert third.text == "printed: IDX10205: plain"
    assert (third.origin.line, third.lines) == (4, 1)


def test_an_object_that_was_cut_off_gives_what_is_left_of_it() -> None:
    """It is marked as cut; the whole ones are not."""
    whole = json.dumps({"@t": "2026-03-04T10:15:30Z", "@mt": EVENT_1, "@x": EXCEPTION})
    first, second = hits(f"{whole}\n{whole[:200]}")
    assert (first.cut, second.cut) == (False, True)
    assert "IDX10503: Signature" in second.text


def test_the_same_name_twice_in_an_object_is_no_fault() -> None:
    """System.Text.Json writes a name as often as it is logged; the last one counts."""
    (record,) = hits('{"EventId":7,"LogLevel":"Information","Category":"A","Message":"x","Message":"IDX10223: y"}\n')
    assert record.text == "IDX10223: y"


XML = f'<log4net:event logger="{HANDLER}" timestamp="2026-03-04T10:15:30Z" level="INFO"><log4net:message>IDX10223: a &lt; b</log4net:message></log4net:event>'


def test_xml_events_may_share_a_line_or_lack_their_end() -> None:
    """Elements, not lines, are records; entities are resolved; a torn one is text."""
    first, second, third = hits(XML + XML + "\n" + XML[:140] + "IDX10205: torn")
    assert (first.text, first.logger, first.level) == ("IDX10223: a < b", HANDLER, "information")
    assert (first.origin.line, second.origin.line, third.origin.line) == (1, 1, 2)
    assert third.cut
    assert "IDX10205" in third.text


@pytest.mark.parametrize("attributes", [False, True])
def test_xml_of_ones_own_is_read_by_the_element_that_repeats(attributes: bool) -> None:
    """Its members are elements or attributes; an element that is called nearly the same is no event."""
    said = f"{EVENT_1}\n{EXCEPTION}"
    members = f"<time>2026-03-04T10:15:30Z</time><level>Info</level><logger>{HANDLER}</logger>"
    one = (
        f'<log date="2026-03-04T10:15:30Z" level="Info" source="{HANDLER}"><![CDATA[{said}]]></log>\n'
        if attributes
        else f"<log>{members}<message>{EVENT_1}</message><exception>{EXCEPTION}</exception></log>\n"
    )
    for record in hits(one * 3):
        assert (record.text, record.level, record.logger) == (said, "information", HANDLER)
        assert record.time == datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)


def test_an_entity_of_ones_own_is_not_resolved() -> None:
    """A document type is nothing that a logger writes: no expansion, no file, no request."""
    declared = '<!DOCTYPE Event [<!ENTITY a "boom"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    # So many blanks stand between that the declaration and the event are one record.
    bomb = declared + " " * 300 + "<Event><EventData><Data>IDX10205: &a;&b;</Data></EventData></Event>"
    (record,) = hits(bomb, layout=Layout(format="windows-event"))
    assert record.text.endswith("IDX10205: &a;&b;")
    assert record.cut


def test_a_windows_event_is_read_through_what_mel_wrote_into_it() -> None:
    """Category, event id and request id stand in the text of the event."""
    body = f"Category: {HANDLER}\nEventId: 7\nRequestId: {REQUEST}\nRequestPath: /x\n\n{EVENT_7}"
    event = f'<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>7</EventID><Level>4</Level><TimeCreated SystemTime="2026-03-04T10:15:30.1234567Z"/><Computer>W</Computer></System><EventData><Data>{body}</Data></EventData></Event>'
    record, _ = hits(f"<Events>{event}{event}</Events>")
    assert (record.logger, record.event_id, record.request_id, record.host) == (HANDLER, 7, REQUEST, "W")
    assert record.text == EVENT_7


def test_katana_prints_its_time_behind_the_text() -> None:
    """``traceOutputOptions`` adds a trailer; it is no part of the message."""
    source = "Microsoft.Owin.Security.OAuth.OAuthBearerAuthenticationMiddleware"
    (record,) = hits(
        f"{source} Error: 0 : Authentication failed\r\n{EXCEPTION}\r\n    DateTime=2026-03-04T10:15:30Z\r\n"
    )
    assert record.time == datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)
    assert record.text == f"Authentication failed\n{EXCEPTION}"
    assert record.logger == source


def test_messages_pasted_without_any_head_are_told_apart_by_blank_lines() -> None:
    """A blank line parts two messages only where the second begins with a code of its own."""
    two = "IDX12723: Unable to decode\n\nMicrosoft.IdentityModel.Tokens.SecurityTokenMalformedException: IDX14100: no dots\n"
    one = "IDX10634: Unable to create.\n\nSignatureAlgorithm: 'HS256'\n is not supported.\n"
    header = 'WWW-Authenticate: Bearer error="invalid_token"\n\nA.BException: IDX10501: no match\n   at X.Y()\n'
    assert [CODE.findall(r.text) for r in hits(two)] == [["IDX12723"], ["IDX14100"]]
    assert [CODE.findall(r.text) for r in hits(one)] == [["IDX10634"]]
    assert [CODE.findall(r.text) for r in hits(header)] == [["IDX10501"]]


def test_an_error_page_that_begins_with_the_innermost_exception_is_one_record() -> None:
    """The page puts blank lines between exceptions; two pages, one behind the other, are two."""
    page = "IOException: IDX20804: not retrieved\nA.B()\n\nInvalidOperationException: IDX20803: not obtained\nA.C()\n"
    other = "SecurityTokenExpiredException: IDX10223: expired\n\nInvalidOperationException: IDX20803: not obtained\n"
    assert [CODE.findall(r.text) for r in hits(page)] == [["IDX20804", "IDX20803"]]
    assert [CODE.findall(r.text) for r in hits(f"{page}\n{page}")] == [["IDX20804", "IDX20803"]] * 2
    assert [CODE.findall(r.text) for r in hits(other)] == [["IDX10223"], ["IDX20803"]]


def test_long_logs_without_any_head_are_read_message_by_message() -> None:
    """What looks like the rest of a message stays with it, and nothing else does."""
    log = f"{EVENT_1}\n{EXCEPTION}\nOrder 12 loaded\n{EVENT_7}\n" * 400
    records = hits(log)
    assert len(records) == 800
    assert records[0].text == f"{EVENT_1}\n{EXCEPTION}"


def test_a_format_that_is_forced_is_not_guessed() -> None:
    """Envelopes are found all the same; a name that is none is a usage error that lists the names."""
    wrapped = "".join(f"2026-03-04T10:15:30.000000001Z stdout F {line}\n" for line in lines(mel()))
    assert sniff.sniff(wrapped.encode(), "x", "mel-simple") == Layout(
        format="mel-simple", envelopes=("cri",), why=sniff.sniff(wrapped.encode(), "x").why
    )
    assert sniff.sniff(b"nothing known\n", "x", "nlog").format == "nlog"
    with pytest.raises(UsageError) as caught:
        sniff.sniff(b"", "app.log", "apache")
    assert "mel-simple" in caught.value.hint


def test_two_loggers_in_one_log_are_both_read() -> None:
    """A bootstrap logger, a crash that the runtime prints, a second application: each record by its own format."""
    serilog = text("2026-03-04 11:15:30.123 +01:00 [INF] ")
    for log in (serilog * 3 + mel() * 3, mel() * 3 + serilog * 3):
        records = hits(log)
        assert len(records) == 12
        assert sum(r.text == f"{EVENT_1}\n{EXCEPTION}" for r in records) == 6
        assert sum(r.logger == HANDLER for r in records) == 6
    mixed = hits(serilog * 3 + objects(*[EVENT["clef"]] * 4) + serilog * 2)
    assert len(mixed) == 14
    assert sum(r.logger == HANDLER for r in mixed) == 4


LATER = {
    "mel": mel(),
    "serilog": text("[2026-03-04 11:15:30.123] [INF] "),
    "clef": objects({"@t": "2026-03-04T10:15:30Z", "@mt": EVENT_1, "@x": EXCEPTION}, {"@t": "2026-03-04T10:15:30Z", "@mt": EVENT_7}),
    "json": objects({"ts": "2026-03-04T10:15:30Z", "msg": EVENT_1, "err": EXCEPTION}, {"ts": "2026-03-04T10:15:30Z", "msg": EVENT_7}),
    "indented": "".join(json.dumps({"Timestamp": "2026-03-04T10:15:30Z", "EventId": 1, "LogLevel": "Information", "Category": "A", "Message": m, "Exception": x}, indent=2) + "\n" for m, x in ((EVENT_1, EXCEPTION), (EVENT_7, ""))),
    "xml": "".join(f'<log4net:event logger="A" timestamp="2026-03-04T10:15:30Z" level="INFO"><log4net:message>{m}</log4net:message></log4net:event>\n' for m in (f"{EVENT_1}\n{EXCEPTION}", EVENT_7)),
}  # fmt: skip
EARLIER = {
    "nlog": "2026-03-04 11:15:30.1234|INFO|Api.Orders|Order loaded\n",
    "mel-json": objects({"EventId": 1, "LogLevel": "Information", "Category": "A", "Message": "Order loaded"}),
}


@pytest.mark.parametrize("size", [2_000, 400_000])
@pytest.mark.parametrize("earlier", EARLIER)
@pytest.mark.parametrize("later", LATER)
def test_another_logger_may_take_over_at_any_place(earlier: str, later: str, size: int) -> None:
    """Also far behind what the layout is first decided from."""
    log = EARLIER[earlier] * (size // len(EARLIER[earlier])) + LATER[later] * 5
    records = hits(log, layout=sniff.sniff(log.encode(), "app.log"))
    assert [r.text for r in records] == [f"{EVENT_1}\n{EXCEPTION}", EVENT_7] * 5


@pytest.mark.parametrize("zone", ["", " +00:00"])
def test_a_code_behind_the_level_is_no_logger(zone: str) -> None:
    """A file written without loggers is not taken for App Service's, whose lines name theirs where the code stands."""
    message = "IDX10223: Lifetime validation failed. The token is expired."
    (record,) = hits(f"2026-03-04 11:15:30.123{zone} [Error] {message}\n")
    assert (record.text, record.logger, record.level) == (message, None, "error")
    (record,) = hits(f"2026-03-04 11:15:30.123 +00:00 [Error] {HANDLER}: {message}\n")
    assert (record.text, record.logger) == (message, HANDLER)


@pytest.mark.parametrize("left", [b"\xef\xbb\xbf", bytes(3), bytes(500), b"\xef\xbb\xbf" + bytes(8)])
def test_what_an_appended_file_or_a_crash_leaves_before_a_head_is_passed_over(left: bytes) -> None:
    """Such a line begins a record like any other, in its own time and of its own logger."""
    lined = f"2026-03-04 11:15:3%d.123 +01:00 [INF] {HANDLER}: IDX10223: x\n"
    for before, after in ((lined % 0 * 3, lined % 5), (mel(), mel())):
        whole = hits(before.encode() + after.encode())
        marked = hits(before.encode() + left + after.encode())
        assert [(r.text, r.time, r.logger, r.origin.line) for r in marked] == [
            (r.text, r.time, r.logger, r.origin.line) for r in whole
        ]


def test_text_between_xml_events_is_a_record_of_its_own() -> None:
    """Neither it nor the event behind it is lost, and the event before it keeps its own text."""
    event = f"<Event><System><TimeCreated SystemTime='2026-03-04T10:15:30Z'/></System><EventData><Data>{EVENT_7}</Data></EventData></Event>"
    other = "2026-03-04T10:16:00Z IDX10501: Signature validation failed.\n"
    texts = [r.text for r in hits(f"{event}\n{event}\n{other}{event}{event}\n{other}")]
    assert texts == [EVENT_7, EVENT_7, other.strip(), EVENT_7, EVENT_7, other.strip()]


def test_elements_may_tell_the_names_of_their_values() -> None:
    """As PowerShell serialises an event, which also writes line feeds in .NET's own way."""
    body = f"Category: {HANDLER}\nEventId: 1\n\n{EVENT_1}\n{EXCEPTION}".replace("\n", "_x000A_").replace("<", "&lt;")
    one = f'<Obj RefId="1"><Props><S N="ProviderName">.NET Runtime</S><DT N="TimeCreated">2026-03-04T10:15:30Z</DT></Props><MS><S N="Message">{body}</S></MS></Obj>'
    first, second = hits(f"<Objs>{one}{one}</Objs>")
    assert (first.text, first.logger, first.event_id) == (f"{EVENT_1}\n{EXCEPTION}", HANDLER, 1)
    assert second.time == datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)


def test_a_windows_event_in_json_is_read_through_what_mel_wrote_into_it() -> None:
    """PowerShell's export; what the object says beside it stays."""
    body = f"Category: {HANDLER}\r\nEventId: 7\r\nRequestId: {REQUEST}\r\n\r\n{EVENT_7}\r\n"
    (record,) = hits(objects({"Id": 1000, "MachineName": "W", "TimeCreated": "/Date(1772619330000)/", "Message": body}))
    assert (record.text, record.logger, record.event_id) == (EVENT_7, HANDLER, 7)
    assert (record.request_id, record.host, record.fields["Id"]) == (REQUEST, "W", 1000)


def test_a_chain_of_exceptions_may_be_a_list_of_types_and_values() -> None:
    """As Sentry stores an event: its message lies in an object as well."""
    kind, _, value = EXCEPTION.partition(": ")
    event = {"timestamp": "2026-03-04T10:15:30Z", "logentry": {"message": EVENT_1}, "exception": {"values": [{"type": kind, "value": value}]}}  # fmt: skip
    for indent in (None, 1):
        (record,) = hits(json.dumps([event], indent=indent))
        assert record.text == f"{EVENT_1}\n{EXCEPTION}"
        assert record.time == datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("head", ["2026-03-04 10:15:30.123 +00:00 [WRN] ", "2026-03-04T10:15:30Z WARN "])
def test_an_event_may_be_an_object_behind_a_head(head: str) -> None:
    """What the object says is the text, its escapes undone; its members tell what the head does not."""
    said = {"message": EVENT_1, "exception": EXCEPTION, "level": "debug", "SourceContext": HANDLER, "RequestId": REQUEST}  # fmt: skip
    first, second = hits(f"{head}{json.dumps(said)}\n{head}{json.dumps({'Message': EVENT_7})}\n")
    assert (first.text, second.text) == (f"{EVENT_1}\n{EXCEPTION}", EVENT_7)
    assert first.time is not None
    assert (first.logger, first.request_id) == (HANDLER, REQUEST)


def test_of_a_cut_off_object_the_outermost_member_of_a_name_counts() -> None:
    """Unless what is looked for stands in another."""
    items = '"items": [{"message": "The field is required."}]'
    before = objects({"time": "2026-03-04T10:15:30Z", "message": "Now listening"}) * 2
    assert hits(f'{before}{{"message": "IDX10223: x", {items}\n')[0].text == "IDX10223: x"
    assert (
        hits(f'{before}{{"message": "outer", "items": [{{"message": "IDX10223: x"}}]\n')[0].text == "outer\nIDX10223: x"
    )


@pytest.mark.parametrize(("date", "told", "day"), [("04/03", "03/04", 4), ("04/03", "04/03", 3), ("04/03", "07/01", 3)])
def test_the_library_tells_whether_a_date_begins_with_the_day(date: str, told: str, day: int) -> None:
    """It prints its own clock with the month first, whatever the culture; where that says nothing, the month is first."""
    line = f"{date}/2026 10:15:30;INFO;{HANDLER};Failed to validate the token. IDX10223: Lifetime validation failed. Current time (UTC): '{told}/2026 10:15:30'.\n"
    times = {r.time for r in hits(line * 3)}
    assert times == {datetime(2026, 7 - day, day, 10, 15, 30, tzinfo=UTC)}
