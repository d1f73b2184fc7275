from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from authlens.model import InputReport, Remediation, Result, Severity
from authlens.reports import terminal, wording
from authlens.reports.document import Document
from tests.unit.helpers import results
from tests.unit.helpers.shared import changed


def shown(result: Result, *, columns: int = 80, verbose: bool = False, colour: bool = False) -> str:
    """What is printed."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    terminal.show(Document(result), console, verbose=verbose)
    return out.getvalue()


def many(number: int) -> Result:
    """A result of so many causes."""
    found = [
        changed(f, title=f"Cause {i} that has a rather long name, so that its line is full to the brim of the terminal")
        for i, f in enumerate(results.okta() * number)
    ][:number]
    found = [replace(f, id=f"id{i}") for i, f in enumerate(found)]
    groups = tuple(results.group([f], id=f"g{i}") for i, f in enumerate(found))
    return replace(results.typical(), findings=tuple(found), groups=groups)


@pytest.mark.parametrize("name", ["typical", "hostile", "healthy"])
@pytest.mark.parametrize("columns", [120, 80, 60, 40])
def test_the_summary_fits(name: str, columns: int) -> None:
    """At most 25 lines, none wider than the terminal, no escape sequence without colour."""
    lines = shown(getattr(results, name)(), columns=columns).splitlines()
    assert len(lines) <= terminal.MOST_LINES
    assert max(map(len, lines)) <= columns
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("number", [1, 5, 12, 25, 400])
def test_many_causes_fit_too(number: int) -> None:
    """Causes that find no room are counted."""
    lines = shown(many(number)).splitlines()
    assert len(lines) <= terminal.MOST_LINES
    assert sum(line.startswith("HIGH") for line in lines) == number or "more groups with" in "\n".join(lines)


def test_it_answers_first() -> None:
    """How many, how bad, since when, where to look, what to do, what fails next, what would decide."""
    text = shown(results.typical(), columns=100)
    lines = text.splitlines()
    assert lines[1] == "49 tokens refused: 40 critical, 3 high, 6 medium; 4 causes"
    assert text.index("CRITICAL") < text.index("HIGH") < text.index("MEDIUM")
    for part in (
        "40 refused 09:22:11–09:49:29, stopped · app.log:1404 · Keycloak",
        "do    Restart the API to load the current keys now.",
        "then  fails with IDX10214, aud.other-api",
        "or    aud.other-api, aud.id-token-as-access-token",
        "live-token: user-2",
        "--allow-issuer",
    ):
        assert part in text


def test_the_last_line_is_the_ledger() -> None:
    """Bytes, lines, records and what they were, what was skipped, where authentication is not visible."""
    text = " ".join(shown(results.typical()).split())
    assert text.endswith(
        "Read 5.0 MiB, 61,244 lines, 2 files: 160 records = 49 failures + 96 repeats + 4 informational + 11 other; "
        "4.9 MiB without a match; 12 bytes skipped: undecodable. No authentication visible in worker.log."
    )


def test_colour_adds_no_word() -> None:
    """With colour the same lines are printed."""
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", shown(results.typical(), colour=True))
    assert coloured == shown(results.typical())
    assert "\x1b[" in shown(results.typical(), colour=True)


def test_no_failure_is_no_proof_where_authentication_is_not_visible() -> None:
    """The summary says so, and which log level would show it."""
    assert "proves nothing" in " ".join(shown(results.healthy(auth_seen=False)).split())
    assert "Microsoft.AspNetCore.Authentication to Information" in " ".join(
        shown(results.healthy(auth_seen=False)).split()
    )
    assert "proves nothing" not in " ".join(shown(results.healthy()).split())


def test_an_unread_log_is_no_healthy_log() -> None:
    """Where nothing was read, nothing was found is not the answer."""
    text = shown(Result(version="0.1.0", now=results.NOW))
    assert "No refused token" not in text
    assert "Nothing was read" in text


def test_a_story_stands_in_for_the_title() -> None:
    """Where the explanation tells how often and since when, it is the answer, and the count is not said twice."""
    story = "The API holds old keys of https://sso.example.net: 40 requests refused since 09:22:11 UTC."
    found = [changed(f, explanation=story) for f in results.rotated()]
    text = shown(replace(results.typical(), findings=tuple(found), groups=(results.group(found),)))
    assert text.splitlines()[3].startswith("CRITICAL  The API holds old keys of https://sso.example.net: 40 requests")
    assert "40 refused" not in text


def test_verbose_tells_everything() -> None:
    """Every step, every alternative with what decides it, every row of evidence, every input."""
    text = " ".join(shown(results.typical(), verbose=True).split())
    for part in (
        "2. Set `Audience` to its audience.",
        "aud.id-token-as-access-token: the client may send its ID token. Decided by: give one such token",
        "issuer expected https://dev-606497.oktapreview.com/oauth2/default, found",
        "app.log: docker-json/serilog-text",
        "worker.log: unknown",
    ):
        assert part in text


def test_a_narrow_encoding_shows_the_same_lines() -> None:
    """Where the terminal knows ASCII only, its own characters stand in, one for one."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict", write_through=True)
    console = Console(file=out, width=80, color_system=None, highlight=False, markup=False, emoji=False)
    terminal.show(Document(results.typical()), console)
    assert isinstance(out.buffer, io.BytesIO)
    lines = out.buffer.getvalue().decode("ascii").splitlines()
    assert [len(line) for line in lines] == [len(line) for line in shown(results.typical()).splitlines()]


def test_an_interrupted_scan_says_so() -> None:
    """Half an answer is never taken for a whole one."""
    assert "Interrupted" in shown(replace(results.typical(), interrupted=True))


@pytest.mark.parametrize("verbose", [False, True])
def test_a_hostile_log_steers_no_terminal(verbose: bool) -> None:
    """Escapes, bells, direction marks and line separators are written out."""
    text = shown(results.hostile(), verbose=verbose)
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert not any(c in text for c in "\x7f\x85\u200b\u202e\u2028\u2066")


def test_one_severity_needs_no_numbers() -> None:
    """They would repeat what stands before them."""
    result = results.healthy()
    found = results.finding(results.failure(1), "sig.wrong-key", Severity.HIGH, title="A wrong key")
    lines = shown(replace(result, findings=(found,), groups=(results.group([found]),))).splitlines()
    assert lines[1] == "1 token refused, 1 cause: high"


def test_what_no_rule_knows_is_shown() -> None:
    """With what the log says of it, in one line, so that an operator has more than a name."""
    failed = results.failure(1, statement=results.statement("IDX99999: it went\n wrong \x1b[31m"))
    found = results.finding(failed, "undetermined", Severity.MEDIUM, title="No rule knows this failure")
    text = shown(replace(results.healthy(), findings=(found,), groups=(results.group([found]),)))
    assert "  says  IDX99999: it went wrong \\x1b[31m" in text


def test_nothing_to_do_is_not_told() -> None:
    """A stack that needs no repair takes no line; where none does, that is said."""
    idle = Remediation(stack="aspnetcore", steps=("Nothing to do: the tokens are fine.",))
    busy = Remediation(stack="identity-provider", steps=("Publish the key.",))
    (found, *_) = results.okta()
    for verbose in (False, True):
        one = replace(results.group([found]), remediation=(idle, busy))
        text = shown(replace(results.typical(), findings=(found,), groups=(one,)), verbose=verbose)
        assert "Publish" in text
        assert "Nothing to do" not in text
    alone = replace(results.group([found]), remediation=(idle,))
    assert "Nothing to do" in shown(replace(results.typical(), findings=(found,), groups=(alone,)))


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["-"], "standard input"),
        (["logs/app.log"], "logs/app.log"),
        (["a.log", "b.log", "c.log"], "a.log, b.log and 1 more"),
        ([f"/var/log/{'long-' * 6}{i}.log" for i in range(3)], f"{'long-' * 6}0.log and 2 more"),
        ([f"/var/log/{'long-' * 14}{i}.log" for i in range(3)], "3 files"),
    ],
)
def test_the_first_line_names_what_was_read(paths: list[str], told: str) -> None:
    """As fully as the width allows; a name is never cut into another one."""
    result = replace(results.healthy(), inputs=tuple(InputReport(path=path, layout=None) for path in paths))
    first = shown(result).splitlines()[0]
    assert first == f"authlens {result.version} · {told}"


def test_settings_given_as_a_log_are_recognised() -> None:
    """No refused token in an appsettings.json proves nothing: it is told what to type instead."""
    read = replace(results.healthy(auth_seen=False).inputs[0], path="conf/appsettings.Production.json")
    text = shown(replace(results.healthy(auth_seen=False), inputs=(read,)))
    assert "give it with --settings" in " ".join(text.split())


# --------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (1536, "1.5 KiB"), (2**40, "1.0 TiB")]
)
def test_sizes(number: int, text: str) -> None:
    """Binary units, one decimal."""
    assert wording.size(number) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (1, 1000, "< 1 %"), (999, 1000, "> 99 %"), (1, 1, "100 %"), (1, 3, "33 %")],
)
def test_shares_never_round_to_nothing_or_all(part: int, whole: int, text: str) -> None:
    """One failure in a thousand is not 0 %."""
    assert wording.share(part, whole) == text


def test_letters_with_marks_stay_and_towers_of_marks_do_not() -> None:
    """Scripts that need combining characters can be read; a hundred on one letter cannot cover the line above."""
    assert wording.visible("a\u0301 n\u0303") == "a\u0301 n\u0303"
    assert wording.visible("a" + "\u0301" * 100).count("\u0301") == 3


def test_where_there_is_no_room_groups_of_one_cause_share_a_line() -> None:
    """The worst is still told with what to do; then each cause with its groups, the commonest first."""
    found = [changed(f, id=f"id{i}", title=f"Cause {i % 3}") for i, f in enumerate(results.okta() * 9)]
    groups = tuple(results.group([f], id=f"g{i}") for i, f in enumerate([*found[:20], found[1]]))
    lines = shown(replace(results.typical(), findings=tuple(found), groups=groups)).splitlines()
    assert any(line.startswith("  do    ") for line in lines)
    listed = [(line.split(" × ")[0], line.split(" · ")[-1]) for line in lines if " × " in line]
    assert listed == [("HIGH  8", "8 groups"), ("HIGH  6", "6 groups"), ("HIGH  6", "6 groups")]
