"""Whatever a log holds, reading it ends, and nothing is raised."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.model import Layout
from authlens.reading import envelopes, timestamps
from authlens.reading.formats import json_text, rendered, sniff
from tests.unit.helpers.growth import is_linear
from tests.unit.helpers.written import hits, read

HEAD = "2026-03-04 11:15:30.123 +01:00 [INF] "
WORDS = (
    b"[", b"{", b'{"', b'"', b"\\", b"<Event", b"<", b">", b"&a;", b"info: ", b"<134>1 ", b"<6>", b"2026-03-04 ", b"=> ", b"[1]", b"  ",
    b"\x1b[", b"^[[", b"a.", b"(", b"|", b"\t", b"INF ", b"IDX10223", b"IDX10223: ", b"\r", b"Exception: ", b"LogRecord.Timestamp:", b"#012", b"RequestId:",
    b"1 <1>1 ", b"\x00", b"\xff", b"0HN2V5AT6MJH7:00000002", b'{"log":"', b"Mar  4 11:15:30 a b: ", b"]: ", b"Failed to validate the token",
)  # fmt: skip
INNER = ("mel-simple", "mel-single", "mel-systemd", "mel-debug", "nlog", "log4net", "azure-appservice", "lambda-text", "katana-trace", "identitymodel-text", "clef", "mel-json-indented", "windows-event", "log4net-xml", "otel-console", "windows-event-text", "paste", "unknown")  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_repeated_without_end_costs_no_more_than_its_length(word: bytes) -> None:
    """No pattern backtracks without bound, whichever format the log is taken for."""

    def all_read(size: int) -> None:
        data = (HEAD.encode() + b"IDX10223: " + word * (size // len(word)) + b"\n") * 2
        sniff.sniff(data, "x")
        for name in INNER:
            read(data, layout=Layout(format=name))

    assert is_linear(all_read, 10_000)


@pytest.mark.parametrize("name", sorted({*envelopes.BY_LINE, "json-wrapped", "docker-json", "fluent", "journald-json", "gcp", "otlp", "loki", "splunk", "datadog", "json-document", "csv", "octets", "reversed"}))  # fmt: skip
def test_an_envelope_that_is_none_is_no_trouble(name: str) -> None:
    """Bytes at random, and the words that envelopes are made of, in any order."""
    rnd = random.Random(name)
    noise = b"".join(rnd.choice(WORDS) + rnd.choice((b"", b"\n", b" ")) for _ in range(3000))
    layout = Layout(format="mel-simple", envelopes=(name,))
    for data in (noise, rnd.randbytes(20_000), noise[::-1]):
        _, ledger = read(data, layout=layout)
        gone = sum(ledger.skipped.values(), ledger.used)
        assert gone.bytes <= len(data)


@settings(max_examples=150, deadline=None)
@given(
    data=st.lists(
        st.sampled_from(WORDS) | st.sampled_from((b"\n", b" ", b":", b"IDX10223: x\n")) | st.binary(max_size=8),
        max_size=60,
    )
)
def test_any_bytes_are_sniffed_and_read(data: list[bytes]) -> None:
    """The ledger never accounts for more than there was."""
    log = b"".join(data)
    _, ledger = read(log)
    gone = sum(ledger.skipped.values(), ledger.used)
    assert gone.bytes <= ledger.read.bytes == len(log)


def test_an_object_nested_too_deeply_gives_its_text() -> None:
    """And the records around it are read."""
    deep = '{"@t":"2026-03-04T10:15:30Z","@mt":"IDX10223: x","a":' + "[" * 50_000 + "]" * 50_000 + "}"
    quiet = '{"@t":"2026-03-04T10:15:30Z","@mt":"IDX10205: y"}'
    first, second, third = hits(f"{quiet}\n{deep}\n{quiet}\n")
    assert "IDX10223: x" in second.text
    assert second.cut
    assert (first.text, third.text) == ("IDX10205: y", "IDX10205: y")


def test_a_document_nested_too_deeply_is_read_as_far_as_it_goes() -> None:
    """No recursion limit is reached."""
    good = json.dumps({"message": "IDX10205: y", "timestamp": 1772619330000, "ingestionTime": 1})
    log = '{"events": [' + good + ', {"message": "IDX10223: x", "a": ' + "[" * 50_000
    assert any("IDX10205: y" in r.text for r in hits(log))


def test_numbers_of_any_length_are_no_trouble() -> None:
    """Python refuses to convert them; the line is text then."""
    (record,) = hits('{"@t":"2026-03-04T10:15:30Z","n":' + "9" * 10_000 + ',"@mt":"IDX10223: x"}\n')
    assert "IDX10223: x" in record.text


def test_many_streams_are_kept_apart_without_slowing_down() -> None:
    """A host whose processes each print one line is no attack."""

    def all_read(size: int) -> None:
        log = "".join(f"Mar 04 10:15:30 web-1 sshd[{n}]: IDX10223: {n}\n" for n in range(size))
        assert len(hits(log)) == size

    assert is_linear(all_read, 750)


def test_braces_without_end_cost_no_more_than_their_length() -> None:
    """Escapes that never end, openings of properties: each is looked at once, or this would take hours."""
    assert json_text.parse('{"a":"b", ' + '\\"' * 500_000 + "[" * 300) is None
    for unit in (" {a: 1}", " {a: ", "}{a: {b: 1}"):
        line = "2026-03-04 11:15:30.123 +01:00 [INF] IDX10223: x RequestId" + unit * 130_000 + "}\n"
        assert hits(line)[0].text.startswith("IDX10223: x")


def test_a_template_fills_no_memory() -> None:
    """A short line may name one long value thousands of times: the holes behind a megabyte stay as they are."""
    text = rendered.filled("{A}" * 4000, {"A": "x" * 12_000})
    assert len(text) < 1_100_000
    assert "x{A}{A}" in text
    assert text.endswith("{A}{A}")


def test_names_are_kept_up_to_a_length() -> None:
    """An id, a logger, a time may be megabytes long; they are remembered, and so they are cut."""
    long = "x" * 5000
    event = {"@t": "2026-03-04T10:15:30Z", "@mt": "IDX10223: x", "RequestId": long, "SourceContext": long, "@tr": long}
    (record,) = hits(json.dumps(event | {"AuthenticationScheme": long, "MachineName": long}) + "\n")
    names = (record.request_id, record.logger, record.trace_id, record.scheme, record.host)
    assert [len(name or "") for name in names] == [512] * 5
    before = timestamps._parsed.cache_info().currsize
    assert {timestamps.parse("2026-03-04T10:15:30Z" + " " * 100 + str(n))[1] for n in range(9)} == {False}
    assert timestamps._parsed.cache_info().currsize <= before + 1
