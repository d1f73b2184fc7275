"""Times are read as loggers print them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from authlens.reading import timestamps

MORNING = datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)
KNOWN = {
    "2026-03-04T10:15:30Z": MORNING,
    "2026-03-04T10:15:30.1234567Z": MORNING.replace(microsecond=123456),
    "2026-03-04T10:15:30.123456789Z": MORNING.replace(microsecond=123456),
    "2026-03-04 11:15:30.123 +01:00": MORNING.replace(microsecond=123000),
    "2026-03-04T11:15:30+0100": MORNING,
    "2026-03-04 11:15:30.5 CET": MORNING.replace(microsecond=500000),
    "20260304T101530Z": MORNING,
    "Wed 2026-03-04 10:15:30 UTC": MORNING,
    "Wed, 04 Mar 2026 10:15:30 GMT": MORNING,
    "04/Mar/2026:10:15:30 +0000": MORNING,
    "1772619330": MORNING,
    "1772619330.5": MORNING.replace(microsecond=500000),
    "1772619330123": MORNING.replace(microsecond=123000),
    "1772619330123456789": MORNING.replace(microsecond=123456),
}
ASSUMED = {
    "2026-03-04 10:15:30,123": MORNING.replace(microsecond=123000),
    "2026/03/04 10:15:30": MORNING,
    "3/4/2026 10:15:30 AM": MORNING,
    "3/4/2026, 10:15:30.500 AM": MORNING.replace(microsecond=500000),
    "04.03.2026 10:15:30": MORNING,
    "04 Mar 2026 10:15:30,000": MORNING,
    "Mar 4, 2026 @ 10:15:30.000": MORNING,
    "03/04/26 10:15:30": MORNING,
    "3/4/2026 12:15:30 AM": MORNING.replace(hour=0),
    "3/4/2026 12:15:30 PM": MORNING.replace(hour=12),
}


@pytest.mark.parametrize("text", KNOWN)
def test_a_time_with_a_zone_needs_no_assumption(text: str) -> None:
    """It is given in UTC, whatever zone it was printed in."""
    assert timestamps.parse(text, timezone(timedelta(hours=9))) == (KNOWN[text], False)


@pytest.mark.parametrize("text", ASSUMED)
def test_a_time_without_one_is_taken_in_the_zone_given(text: str) -> None:
    """And says that it was assumed."""
    assert timestamps.parse(text, UTC) == (ASSUMED[text], True)
    assert timestamps.parse(text, timezone(timedelta(hours=-2)))[0] == ASSUMED[text] + timedelta(hours=2)


def test_the_order_of_day_and_month_is_told() -> None:
    """A number above twelve is a day; else the caller knows; dots are European."""
    assert timestamps.parse("04/03/2026 10:15:30", UTC, day_first=True)[0] == MORNING
    assert timestamps.parse("14/03/2026 10:15:30", UTC)[0] == MORNING.replace(day=14)
    assert timestamps.parse("03/14/2026 10:15:30", UTC, day_first=True)[0] == MORNING.replace(day=14)


@pytest.mark.parametrize(
    "text",
    ["", "x", "11:15:30", "Mar  4 11:15:30", "2026-13-45 99:99:99", "99/99/2026 10:00:00", "0000-00-00 00:00:00", "9999-12-31T23:59:59-23:59", "1" * 400],
)  # fmt: skip
def test_what_has_no_date_or_is_none_has_no_time(text: str) -> None:
    """Nothing is guessed and nothing raised."""
    assert timestamps.parse(text, UTC) == (None, False)


@pytest.mark.parametrize("value", [0, -1, 10**30, 1.5, float(10**300)])
def test_a_number_that_is_no_time_is_none(value: float) -> None:
    """Counts and durations are not dates of 1970."""
    assert timestamps.from_number(value) is None
