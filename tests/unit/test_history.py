"""The cache: what is kept of answers, and what a broken disk does to it."""

from __future__ import annotations

import json
import multiprocessing
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authlens.model import Document
from authlens.trust.bundles import judge, keys_in
from authlens.trust.history import LONGEST, MOST_ANSWERS, SHORTEST, USUAL, History

URL = "https://idp.example.com/keys"
START = datetime(2026, 1, 1, tzinfo=UTC)


def _answer(kid: str, day: int = 0, url: str = URL) -> Document:
    body = {"keys": [{"kty": "oct", "kid": kid, "k": "made-up-secret"}]}
    return judge(url, body, source="network", status=200, as_of=START + timedelta(days=day))


def _kids(history: History, url: str = URL) -> list[str]:
    return [str(key.kid) for kept in history.all(url) for key in keys_in(kept.document)]


def test_answers_are_kept_with_their_times(tmp_path: Path) -> None:
    """One that says the same moves on, one that differs is another."""
    history = History(tmp_path / "new" / "folder")
    for day, kid in enumerate(("a", "a", "b", "a")):
        history.keep(_answer(kid, day))
    times = [((k.first - START).days, ((k.document.as_of or START) - START).days) for k in history.all(URL)]
    assert (_kids(history), times) == (["a", "b", "a"], [(0, 1), (2, 2), (3, 3)])
    newest = history.newest(URL)
    assert newest is not None
    assert (newest.document.source, newest.document.as_of) == ("cache", START + timedelta(days=3))


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    """A key set that publishes private members is an exposure; the cache is not another one."""
    History(tmp_path).keep(_answer("a"))
    assert all(b"made-up" not in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    "document",
    [
        judge(URL, "<html>", source="network", status=200, as_of=START),
        judge(URL, "{}", source="network", status=404, as_of=START),
        judge(URL, {"keys": []}, source="network", status=200, as_of=START),
        judge(URL, {"keys": [{}]}, source="network", status=200, as_of=None),
    ],
)
def test_only_good_answers_are_kept(tmp_path: Path, document: Document) -> None:
    """The last good one must not be lost to a bad one."""
    history = History(tmp_path)
    history.keep(document)
    assert history.all(URL) == ()


def test_the_history_of_an_address_is_bounded(tmp_path: Path) -> None:
    """The newest stay."""
    history = History(tmp_path)
    for day in range(MOST_ANSWERS + 3):
        history.keep(_answer(f"k{day}", day))
    kids = _kids(history)
    assert (len(kids), kids[0], kids[-1]) == (MOST_ANSWERS, "k3", f"k{MOST_ANSWERS + 2}")


def test_the_number_of_addresses_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not asked for longest goes."""
    monkeypatch.setattr("authlens.trust.history.MOST_ADDRESSES", 3)
    history = History(tmp_path)
    for number in range(6):
        history.keep(_answer("a", url=f"{URL}/{number}"))
    assert len(list(tmp_path.iterdir())) == 3
    assert history.newest(f"{URL}/5") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such permissions")
def test_nobody_else_may_look(tmp_path: Path) -> None:
    """Which issuers were asked is the user's own business."""
    History(tmp_path).keep(_answer("a"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema": "other/1"}', b"\xff\xfe", b"[" * 50_000])
def test_a_damaged_file_is_not_there(tmp_path: Path, damage: bytes) -> None:
    """The others are."""
    history = History(tmp_path)
    history.keep(_answer("a", 0))
    history.keep(_answer("b", 1))
    next(iter(sorted(tmp_path.rglob("*.json")))).write_bytes(damage)
    assert _kids(history) == ["b"]


def test_an_answer_of_another_address_is_not_believed(tmp_path: Path) -> None:
    """A file that was moved there says whose it is."""
    history = History(tmp_path)
    history.keep(_answer("a"))
    (path,) = tmp_path.rglob("*.json")
    entry = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**entry, "url": "https://evil.example/keys"}), "utf-8")
    assert history.all(URL) == ()


def test_half_written_files_are_never_seen(tmp_path: Path) -> None:
    """A machine that stops leaves a temporary file, which is no answer."""
    history = History(tmp_path)
    history.keep(_answer("a"))
    (path,) = tmp_path.rglob("*.json")
    (path.parent / ".half.tmp").write_text('{"schema"', "utf-8")
    assert _kids(history) == ["a"]


def test_a_disk_that_cannot_be_written_is_a_note(tmp_path: Path) -> None:
    """Not an error: the scan has its answer."""
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    history = History(blocked)
    history.keep(_answer("a"))
    assert history.fault is not None
    assert history.fault.startswith(f"{blocked}: the cache cannot be written")
    assert history.all(URL) == ()


@pytest.mark.parametrize(("asked", "kept"), [(timedelta(0), SHORTEST), (timedelta(days=30), LONGEST), (USUAL, USUAL)])
def test_how_long_an_answer_serves(tmp_path: Path, asked: timedelta, kept: timedelta) -> None:
    """As the server permits, within bounds; an answer from the future does not."""
    history = History(tmp_path)
    history.keep(_answer("a"), max_age=asked)
    newest = history.newest(URL)
    assert newest is not None
    assert newest.fresh(START + kept - timedelta(seconds=1))
    assert not newest.fresh(START + kept)
    assert not newest.fresh(START - timedelta(seconds=1))


def _write_many(folder: str, name: str) -> None:
    history = History(folder)
    for number in range(20):
        history.keep(_answer(f"{name}{number}", number))


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each answer is a file of its own."""
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_write_many, args=(str(tmp_path), name)) for name in "ab"]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    assert sorted(_kids(History(tmp_path))) == sorted(f"{name}{n}" for name in "ab" for n in range(20))
