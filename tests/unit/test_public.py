"""The names that other programs import: what they are, and what a type checker of theirs knows of them."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import assert_type

import pandas as pd
import pytest

import authlens
from authlens.messages import Match
from authlens.model import Check, Failure, Verdict
from authlens.pipeline import ScanResult

REFUSED = (
    "IDX10223: Lifetime validation failed. The token is expired. "
    "ValidTo (UTC): '1/1/2026 10:00:00 AM', Current time (UTC): '1/1/2026 11:00:00 AM'."
)
SAID = f"Bearer was not authenticated. Failure message: {REFUSED}"


def test_the_names_are_those_that_the_documentation_shows() -> None:
    """A type checker finds them too, for the package says that it is typed."""
    assert authlens.__all__ == ["__version__", "codes", "scan", "validate"]
    assert all(hasattr(authlens, name) for name in authlens.__all__)
    assert files(authlens).joinpath("py.typed").is_file()


def test_another_name_is_told_as_python_tells_it() -> None:
    """Looking names up lazily does not make every name one."""
    with pytest.raises(AttributeError, match="module 'authlens' has no attribute 'scam'"):
        getattr(authlens, "scam")  # noqa: B009 - mypy knows that it is not there


def test_a_token_is_validated_to_a_verdict() -> None:
    """Valid or not, the code that would be reported, and every check."""
    verdict = authlens.validate("a.b.c", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert_type(verdict, Verdict)
    assert_type(verdict.checks, tuple[Check, ...])
    assert (verdict.valid, type(verdict.code), type(verdict.checks[0])) == (False, str, Check)


def test_a_message_is_matched_to_its_code() -> None:
    """None where it is none of the library's."""
    matched = authlens.codes.match(REFUSED)
    assert_type(matched, Match | None)
    assert matched is not None
    assert (matched.code, matched.informational, len(matched.values)) == ("IDX10223", False, 2)
    assert authlens.codes.match("Now listening on: http://localhost:5000") is None


def test_logs_are_scanned_to_a_result(tmp_path: Path) -> None:
    """Its failures, the document and the table."""
    log = tmp_path / "app.log"
    log.write_text(f"info: Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler[7]\n      {SAID}\n", "utf-8")
    result = authlens.scan([log], offline=True)
    assert_type(result, ScanResult)
    assert_type(result.failures, tuple[Failure, ...])
    assert_type(result.to_frame(), pd.DataFrame)
    assert [failure.code for failure in result.failures] == ["IDX10223"]
    assert list(result.to_frame()["code"]) == ["IDX10223"]
    assert json.loads(result.to_json())["schema"] == "authlens.scan/1"
