"""A value of a record may be anything that JSON can say: nothing is raised, and every byte is accounted for."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from authlens import pipeline
from authlens.model import Amount, Part
from authlens.observe import observe
from authlens.reading.formats import sniff
from tests.unit.helpers.logs import EXPIRED

ODD = {
    "nothing": "null",
    "truth": "true",
    "nought": "0",
    "negative": "-1",
    "a fraction": "1.5",
    "beyond every float": "1e400",
    "400 digits": "1" + "0" * 400,
    "5000 digits": "9" * 5000,
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "an empty text": '""',
    "a blank": '" "',
    "a letter": '"x"',
    "a digit that int() refuses": '"²"',
    "digits of another script": '"١٢"',
    "5000 digits as text": '"' + "1" * 5000 + '"',
    "half a character": r'"\ud800"',
    "both halves": r'"\ud83d\ude00"',
    "a zero byte": r'"\u0000"',
    "the last moment, in the west": '"9999-12-31T23:59:59-14:00"',
    "the first moment, in the east": '"0001-01-01T00:00:00+14:00"',
    "a list": "[]",
    "a list in a list": "[[]]",
    "numbers": "[300, -1]",
    "an object": "{}",
    "a field that is a list": '[{"field": ["x"], "value": "IDX10223: x"}]',
    "a name that is half a character": r'{"\udfff": {"Id": "²"}}',
    "a deep list": "[" * 190 + "]" * 190,
    "too deep a list": "[" * 990 + "]" * 990,
    "too deep an object": '{"a":' * 700 + "1" + "}" * 700,
}
STAMP = "2024-03-01T10:00:00Z"
NANOS = "1709287200000000000"
SAID = f"fail: {EXPIRED}"
THROWN = f"Api.Refused: {EXPIRED}\n   at A.B.C()"

RECORDS: dict[str, dict[str, Any]] = {
    "docker": {"log": f"{SAID}\n", "stream": "stdout", "time": STAMP},
    "journald": {
        "__REALTIME_TIMESTAMP": NANOS[:16],
        "MESSAGE": SAID,
        "_HOSTNAME": "h",
        "_PID": "1",
        "PRIORITY": "3",
        "_SYSTEMD_UNIT": "api.service",
    },
    "logcli": {"labels": {"app": "api"}, "line": SAID, "timestamp": STAMP},
    "loki": {"stream": {"app": "api"}, "values": [[NANOS, SAID], [NANOS[:-1] + "1", "x"]]},
    "cloudwatch": {"message": SAID, "timestamp": 1709287200000, "ingestionTime": 1709287200001, "logStreamName": "q"},
    "cloudwatch, delivered": {
        "messageType": "D",
        "logEvents": [{"id": "1", "timestamp": 1709287200000, "message": SAID}],
    },
    "insights": {"results": [[{"field": "@timestamp", "value": STAMP}, {"field": "@message", "value": SAID}]]},
    "gcp": {
        "insertId": "a",
        "logName": "projects/p/logs/l",
        "resource": {"labels": {"pod_name": "p", "container_name": "c"}},
        "textPayload": SAID,
        "timestamp": STAMP,
        "severity": "ERROR",
    },
    "otlp": {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "h"}}]},
                "scopeLogs": [
                    {
                        "scope": {"name": "Api.Auth"},
                        "logRecords": [
                            {
                                "timeUnixNano": NANOS,
                                "severityNumber": 17,
                                "severityText": "Error",
                                "body": {"stringValue": EXPIRED},
                                "attributes": [{"key": "exception.type", "value": {"stringValue": "T"}}],
                                "traceId": "a",
                                "spanId": "b",
                            }
                        ],
                    }
                ],
            }
        ]
    },
    "splunk": {"preview": False, "result": {"_raw": SAID, "_time": STAMP, "host": "h", "source": "s"}},
    "elasticsearch": {"_source": {"@timestamp": STAMP, "message": EXPIRED, "level": "Error", "fields": {"a": 1}}},
    "datadog": {
        "id": "x",
        "type": "log",
        "attributes": {
            "host": "h",
            "service": "s",
            "timestamp": STAMP,
            "status": "error",
            "message": EXPIRED,
            "attributes": {"a": 1},
        },
    },
    "fluent": {"log": SAID, "kubernetes": {"pod_name": "p", "container_name": "c"}, "time": STAMP, "stream": "stdout"},
    "log analytics": {"LogMessage": SAID, "TimeGenerated": STAMP, "PodName": "p"},
    "a table of columns": {"columns": [{"name": "LogEntry"}, {"name": "TimeGenerated"}], "rows": [[SAID, STAMP]]},
    "clef": {
        "@t": STAMP,
        "@mt": "Failed to validate the token.",
        "@l": "Error",
        "@x": THROWN,
        "SourceContext": "Api.Auth",
        "RequestId": "0HN1ABCDE:00000001",
        "EventId": {"Id": 1},
        "StatusCode": 401,
    },
    "serilog": {
        "Timestamp": STAMP,
        "Level": "Error",
        "MessageTemplate": "Failed {Reason} {Reason:l}",
        "Exception": THROWN,
        "Properties": {"Reason": {"x": 1}, "SourceContext": "Api.Auth", "EventId": {"Id": 1}},
        "Renderings": {"Reason": [{"Format": "l", "Rendering": "x"}]},
    },
    "mel": {
        "Timestamp": STAMP,
        "EventId": 1,
        "LogLevel": "Information",
        "Category": "Api.Auth",
        "Message": EXPIRED,
        "Exception": THROWN,
        "State": {"Message": "m", "{OriginalFormat}": "x {A}", "A": "b"},
        "Scopes": [{"Message": "m", "RequestId": "r"}, "RequestId:r"],
    },
    "nlog": {"time": STAMP, "level": "Error", "logger": "Api.Auth", "message": EXPIRED, "exception": THROWN},
    "ecs": {
        "@timestamp": STAMP,
        "log": {"level": "Error", "logger": "Api.Auth"},
        "message": EXPIRED,
        "error": {"type": "T", "message": EXPIRED, "stack_trace": "s"},
        "ecs.version": "1",
    },
    "gelf": {"version": "1.1", "host": "h", "short_message": EXPIRED, "timestamp": 1709287200.5, "level": 3, "_a": "b"},
    "lambda": {"timestamp": STAMP, "level": "Error", "requestId": "r", "message": EXPIRED},
    "application insights": {
        "timestamp": STAMP,
        "ExceptionType": "T",
        "outerMessage": "m",
        "Details": [{"message": EXPIRED, "parsedStack": [{"method": "m"}]}],
        "customDimensions": {"CategoryName": "Api.Auth"},
        "severityLevel": 3,
    },
    "a layout of its own": {
        "when": STAMP,
        "severity": "Error",
        "id": "0HN1ABCDE:00000001",
        "error": {"Message": EXPIRED, "StackTrace": "s", "InnerException": {"Message": "m"}},
    },
}


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where values stand in a value, the outermost left out."""
    inner: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    for name, item in inner:
        yield (*path, name)
        yield from places(item, (*path, name))


def replaced(value: Any, path: tuple[str | int, ...], odd: str) -> str:
    """The JSON text of a value in which another stands at one place."""
    if not path:
        return odd
    items = value.items() if isinstance(value, dict) else enumerate(value)
    written = [
        (name, replaced(item, path[1:], odd) if name == path[0] else json.dumps(item, ensure_ascii=False))
        for name, item in items
    ]
    if isinstance(value, list):
        return "[" + ", ".join(text for _, text in written) + "]"
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in written) + "}"


def odd_records(record: Mapping[str, Any]) -> Iterator[str]:
    """A record for each of its values and each odd one."""
    return (replaced(record, path, odd) for path in places(record) for odd in ODD.values())


def accounted(text: str) -> None:
    """It is read without an exception, and its bytes and lines are used, skipped or of no interest."""
    data = text.encode()
    _, ledger = observe(Part(source="x", data=data), sniff.sniff(data, "x")).close()
    assert ledger.read == Amount(bytes=len(data), lines=data.count(b"\n") + (not data.endswith(b"\n")))
    spent = [ledger.used, *ledger.skipped.values()]
    assert all(a.bytes >= 0 and a.lines >= 0 for a in spent)
    assert sum(a.bytes for a in spent) <= ledger.read.bytes
    assert sum(a.lines for a in spent) <= ledger.read.lines


@pytest.mark.parametrize("name", RECORDS)
def test_an_odd_value_among_usual_records(name: str, tmp_path: Path) -> None:
    """All of them in one log, so that whatever is made of them later holds too."""
    usual = json.dumps(RECORDS[name])
    text = "".join(f"{usual}\n{odd}\n" for odd in odd_records(RECORDS[name]))
    accounted(text)
    path = tmp_path / "app.log"
    path.write_text(text, encoding="utf-8")
    result = pipeline.scan([str(path)], offline=True, jobs=1)
    assert result.inputs[0].error is None
    assert result.to_json().encode()


@pytest.mark.parametrize("name", RECORDS)
def test_an_odd_value_alone(name: str) -> None:
    """Also where the odd record is what tells the log's form, on its own or in a list."""
    for n, odd in enumerate(islice(odd_records(RECORDS[name]), None, None, _STRIDE)):
        accounted(f"[\n{odd}\n]\n" if n % 3 == 0 else f"{odd}\n")


_STRIDE = 7
"""Every so many of them will do: with no divisor in common with their number, each value stands in many places."""


EVENT = (
    '<Event xmlns="x"><System><Provider Name="{0}"/><EventID>{0}</EventID><Level>{0}</Level><TimeCreated SystemTime="{0}"/>'
    "<Computer>{0}</Computer></System><EventData><Data>{1}</Data></EventData></Event>\n"
)
LOG4J = (
    '<log4j:event logger="{0}" level="{0}" timestamp="{0}"><log4j:message>{1}</log4j:message><log4j:properties>'
    '<log4j:data name="{0}" value="{0}"/></log4j:properties></log4j:event>\n'
)
BLOCKS: dict[str, str] = {
    "windows-event": EVENT,
    "log4j-xml": LOG4J,
    "otel-console": "LogRecord.Timestamp: {0}\nLogRecord.EventId: {0}\nLogRecord.Severity: {0}\nLogRecord.TraceId: {0}\n"
    "LogRecord.FormattedMessage: {1}\nLogRecord.Attributes (Key:Value):\n    AuthenticationScheme: {0}\n",
    "windows-event-text": "Log Name: Application\nDate: {0}\nEvent ID: {0}\nLevel: {0}\nComputer: {0}\nDescription:\n{1}\n",
    "logfmt": 'time={0} level={0} logger={0} request_id={0} msg="{1}"\n',
    "csv": 'TimeGenerated,Level,Message\n"{0}","{0}","{1}"\n',
    "syslog": "<{0}>1 {0} {0} api {0} - - {1}\n",
    "cri": "{0} stdout F {1}\n",
    "serilog": '{0} [INF] {1} {{ RequestId: "{0}", SourceContext: {0} }}\n',
}
USUAL: dict[str, Callable[[str], str]] = {"windows-event": escape, "log4j-xml": escape}


@pytest.mark.parametrize("name", BLOCKS)
def test_an_odd_value_in_a_text(name: str) -> None:
    """Of a form that is no JSON; among usual values and alone."""
    shown = USUAL.get(name, str)
    usual = BLOCKS[name].format(STAMP, shown(EXPIRED)) * 3
    for odd in ODD.values():
        record = BLOCKS[name].format(shown(odd.strip('"')), shown(EXPIRED))
        accounted(usual + record + usual)
        accounted(record)
