"""What ``authlens codes`` shows to a person."""

from __future__ import annotations

import pytest

from authlens import cli
from authlens.catalogue.codes import Entry, lookup
from authlens.diagnosis.causes import CAUSES
from authlens.reports import codes as report


def entry(code: str) -> Entry:
    found = lookup(code)
    assert found is not None
    return found


@pytest.mark.parametrize("width", [70, 80, 110])
@pytest.mark.parametrize("code", ["IDX10503", "IDX10214", "IDW10201", "ID2090", "Jwt10305", "IDX10242"])
def test_no_line_is_wider_than_the_terminal(code: str, width: int) -> None:
    """Words are broken over lines, but for what is longer than a line by itself."""
    lines = list(report.explained([entry(code)], width))
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith(f"{code} · ")


def test_causes_are_told_in_words() -> None:
    """An id alone says little at night: each stands beside what it is, with the command that tells which it was."""
    shown = " ".join(" ".join(report.explained([entry("IDX10503")], 110)).split())
    for cause in entry("IDX10503").causes:
        assert f"{cause} {CAUSES[cause]}" in shown
    assert "authlens scan LOG" in shown


def test_values_have_names_and_texts_alike_are_one() -> None:
    """A text shows what stands in its gaps; what differs in white space only is shown once, for all its versions."""
    lines = list(report.explained([entry("IDX10503")], 110))
    shown = " ".join(" ".join(lines).split())
    assert "The token's kid is: '‹kid›'" in shown
    assert "{0}" not in shown
    assert sum(line.startswith("7.2.0–8.23.0 ") for line in lines) == 1
    assert not any(line.startswith("8.3.0–") for line in lines)


def test_another_meaning_stands_beside_its_text() -> None:
    """What a number meant earlier, or means where values are withheld."""
    shown = " ".join(" ".join(report.explained([entry("IDX10214")], 110)).split())
    assert "means The same refusal; the values are withheld" in shown


def test_a_pasted_message_tells_its_versions(capsys: pytest.CaptureFixture[str]) -> None:
    """Which library can have written it follows from its words."""
    assert cli.run(["codes", "IDX10503: Signature validation failed. Token does not have a kid. Keys tried: 'a'."]) == 0
    assert "given text      can be of 6.8.0–7.1.2" in capsys.readouterr().out


def test_several_codes_are_explained_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    """As they were given; one that is not known refuses all, and says which."""
    assert cli.run(["codes", "IDX10503", "https://aka.ms/IDX10501"]) == 0
    shown = capsys.readouterr().out
    assert 0 <= shown.index("IDX10503 · ") < shown.index("IDX10501 · ")
    assert cli.run(["codes", "IDX10503", "IDX10599"]) == 2
    said = capsys.readouterr().err
    assert "does not hold IDX10599" in said
    assert "Written alike: " in said


def test_words_that_are_nowhere_are_told_how_to_search(capsys: pytest.CaptureFixture[str]) -> None:
    """What to type instead."""
    assert cli.run(["codes", "xyzzy"]) == 2
    assert "authlens codes audience" in capsys.readouterr().err
