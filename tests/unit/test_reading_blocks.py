"""Records that tools print as blocks of named values, and events whose time has a name of their own."""

import json
from datetime import UTC, datetime

import pytest

from tests.unit.helpers.written import EVENT_1, EVENT_7, EXCEPTION, HANDLER, hits

TIME = datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)
BODY = f"Category: {HANDLER}\nEventId: 7\n\n{EVENT_7}"


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("Log Name:      Application\nDate:          {}\nEvent ID:      7\nComputer:      W\nDescription:\n", "3/4/2026 10:15:30 AM"),
        ("Protokollname: Application\nQuelle:        .NET Runtime\nDatum:         {}\nEreignis-ID:   7\nComputer:      W\nBeschreibung:\n", "04.03.2026 10:15:30"),
        ("Nom du journal :Application\nDate :          {}\nID de l\u2019événement :7\nOrdinateur :    W\nDescription :\n", "04/03/2026 10:15:30"),
        ("Nombre de registro:Application\nFecha:         {}\nId. del evento:7\nEquipo:        W\nDescripción:\n", "04/03/2026 10:15:30"),
        ("Nome do Log:   Application\nData:          {}\nIdentificação do Evento:7\nComputador:    W\nDescrição:\n", "04/03/2026 10:15:30"),
    ],
)  # fmt: skip
def test_event_viewer_speaks_the_language_of_the_machine(head: str, date: str) -> None:
    """The same values stand behind other words; only English puts the month first."""
    (record,) = hits(head.format(date) + BODY + "\n")
    assert (record.time, record.event_id, record.host, record.logger) == (TIME, 7, "W", HANDLER)
    assert record.text == EVENT_7


def test_each_copied_event_is_a_record() -> None:
    """What a description says is no value of the event, whatever it is called."""
    event = f"Protokollname: Application\nDatum: 04.03.2026 10:15:30\nBeschreibung:\n{EVENT_1}\n{EXCEPTION}\nDatum: 01.01.2020 00:00:00\n\n"
    for record in hits(event * 3):
        assert record.time == TIME
        assert record.text.startswith(f"{EVENT_1}\n{EXCEPTION}")


def test_powershell_lists_an_event_with_its_message_indented() -> None:
    """Further lines of the message stand below the first; they belong to it."""
    message = BODY.replace("\n", "\r\n               ")
    listed = f"\r\nTimeCreated  : 3/4/2026 10:15:30 AM\r\nProviderName : .NET Runtime\r\nId           : 1000\r\nMessage      : {message}\r\n"
    for record in hits(listed * 2):
        assert (record.time, record.event_id, record.logger, record.text) == (TIME, 7, HANDLER, EVENT_7)


def test_the_heading_of_a_table_of_events_is_no_event() -> None:
    """``Get-WinEvent`` without a list prints the names once, side by side."""
    (record,) = hits(f"TimeCreated                     Id LevelDisplayName Message\n{EVENT_7}\n")
    assert record.time is None


def test_the_collectors_debug_exporter_prints_typed_values() -> None:
    """The exception is an attribute over several lines; the types around values are no part of them."""
    log = "".join(
        f"LogRecord #{n}\nObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC\nTimestamp: 2026-03-04 10:15:30 +0000 UTC\nSeverityText: Information\n"
        f"SeverityNumber: Info(9)\nBody: Str({EVENT_1})\nAttributes:\n     -> exception.stacktrace: Str({EXCEPTION})\n     -> RequestId: Str(0HN1:{n})\n"
        "Trace ID: \nSpan ID: \nFlags: 0\n"
        for n in range(2)
    )
    first, second = hits(log)
    assert (first.text, first.time, first.level) == (f"{EVENT_1}\n{EXCEPTION}", TIME, "information")
    assert (first.request_id, second.request_id) == ("0HN1:0", "0HN1:1")


@pytest.mark.parametrize(
    "members",
    [
        {"TimeCreated": "/Date(1772619330000)/"},
        {"TimeStamp": "2026-03-04T10:15:30"},
        {"context": {"data": {"eventTime": "2026-03-04T10:15:30Z"}, "device": {"expires": "2020-01-01T00:00:00Z"}}},
        {"event": {"created_at": "2020-01-01T00:00:00Z", "log_timestamp_utc": 1772619330}},
    ],
)
def test_an_event_tells_its_time_under_a_name_of_its_own(members: dict[str, object]) -> None:
    """Also deeper in the object, where the name tells that it is the event's; other dates are not."""
    first, second = hits(
        json.dumps({"message": EVENT_7, **members}) + "\n" + json.dumps({"message": EVENT_7, **members})
    )
    assert first.time == second.time == TIME


def test_the_name_of_a_windows_level_goes_before_its_number() -> None:
    """Windows counts levels the other way."""
    (record,) = hits(
        json.dumps(
            {"TimeCreated": "2026-03-04T10:15:30Z", "Level": 4, "LevelDisplayName": "Information", "Message": EVENT_7}
        )
    )
    assert record.level == "information"


def test_an_xml_document_may_be_one_event() -> None:
    """ELMAH keeps each error in a document; two of them in one list are two."""
    said = EXCEPTION.replace("<", "&lt;").replace("'", "&apos;").replace("\n", "&#xA;")
    one = f'<error host="W" type="A.BException" message="x" detail="{said}" time="2026-03-04T10:15:30Z"><item name="URL"/></error>'
    (record,) = hits(one)
    assert record.time == TIME
    assert EXCEPTION in record.text
    assert [r.time for r in hits(f"<ErrorLog>{one}{one}</ErrorLog>")] == [TIME, TIME]


def test_events_that_are_exported_with_the_newest_first_are_turned() -> None:
    """Whatever follows a refusal in time stands before it in such a file, and tells of it all the same."""
    log = [
        {"@t": f"2026-03-04T10:15:{second:02}Z", "@m": EVENT_7 if second % 2 else EVENT_1, "SourceContext": HANDLER}
        for second in range(10)
    ]
    seconds = [r.time.second for r in hits("".join(json.dumps(event) + "\n" for event in reversed(log))) if r.time]
    assert seconds == sorted(seconds)
    assert len(seconds) > 4
