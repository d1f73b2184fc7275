from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from authlens.config import load
from authlens.errors import FaultsError
from authlens.model import Severity
from authlens.options import OPTIONS, REPORTS, Option, Settings, Shape
from authlens.reports.writers import WRITERS


def loaded(folder: Path, toml: str = "", /, environ: dict[str, str] | None = None, **flags: Any) -> Settings:
    """The options with this ``authlens.toml``, these variables and flags."""
    if toml:
        (folder / "authlens.toml").write_text(toml, encoding="utf-8")
    return load({name.replace("_", "-"): value for name, value in flags.items()}, environ or {}, folder)


def faults(folder: Path, toml: str = "", /, environ: dict[str, str] | None = None, **flags: Any) -> list[str]:
    """What is wrong with them; paths without the folder."""
    with pytest.raises(FaultsError) as raised:
        loaded(folder, toml, environ, **flags)
    assert raised.value.exit_code == 2
    assert raised.value.hint
    return [str(f).replace(f"{folder}/", "") if f.line else f"{f.path}: {f.message}" for f in raised.value.faults]


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """Exit 1 from low on, UTC, the shipped rules, the clock."""
    assert loaded(tmp_path) == Settings()
    assert Settings().fail_on is Severity.LOW
    assert Settings().default_rules


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    """For each option the first that says something decides."""
    toml = 'fail-on = "high"\ntimezone = "+01:00"\nformat = "clef"\n'
    found = loaded(tmp_path, toml, {"AUTHLENS_FAIL_ON": "medium", "AUTHLENS_TIMEZONE": "+02:00"}, fail_on="critical")
    assert found.fail_on is Severity.CRITICAL
    assert found.timezone.utcoffset(None) == timedelta(hours=2)
    assert found.format == "clef"


def test_how_loud_is_decided_by_the_first_that_says_it(tmp_path: Path) -> None:
    """``-q`` beats ``verbose = true`` in the file instead of being added to it."""
    found = loaded(tmp_path, "verbose = true\n", quiet=True)
    assert (found.quiet, found.verbose) == (True, False)


@pytest.mark.parametrize("option", [o for o in OPTIONS.values() if o.name != "config"], ids=lambda o: o.name)
def test_every_option_may_stand_in_the_file_and_in_the_environment(tmp_path: Path, option: Option) -> None:
    """Under its own name, with - or _."""
    values = {"fail-on": "none", "now": "2026-11-24", "timezone": "+02:00", "format": "clef", "jobs": "2"}
    values |= {"since": "7d", "until": "2026-11-24T10:00:00Z", "allow-issuer": "https://a.example"}
    value = values.get(option.name, "report.x")
    (tmp_path / "report.x").write_text("s", encoding="utf-8")
    toml, text = {Shape.FLAG: ("true", "1"), Shape.NUMBER: (value, value)}.get(option.kind.shape, (f'"{value}"', value))
    for name in {option.name, option.name.replace("-", "_")}:
        assert loaded(tmp_path, f"{name} = {toml}\n") != Settings(config=None), name
    (tmp_path / "authlens.toml").unlink()
    given = str(tmp_path / value) if option.name == "secret-file" else text
    assert loaded(tmp_path, "", {option.variable: given}) != Settings()


def test_there_is_a_writer_for_every_report() -> None:
    """An option that writes nothing, or a report that no option asks for, would be a surprise."""
    assert {w.name for w in WRITERS} == set(REPORTS)


def test_lists_are_lists_or_one(tmp_path: Path) -> None:
    """A single file needs no brackets; a variable separates by spaces and quotes what holds one."""
    assert loaded(tmp_path, 'settings = "a.json"\n').settings == (str(tmp_path / "a.json"),)
    assert len(loaded(tmp_path, 'settings = ["a.json", "b.json"]\n').settings) == 2
    found = loaded(tmp_path, "", {"AUTHLENS_JWKS": r"""https://a.example=k.json "my keys.json" C:\keys.json"""})
    assert found.jwks == ("https://a.example=k.json", "my keys.json", r"C:\keys.json")


def test_paths_of_a_file_count_from_its_folder(tmp_path: Path) -> None:
    """A configuration can be used from anywhere; flags count from where the user stands."""
    folder = tmp_path / "ops"
    folder.mkdir()
    file = folder / "authlens.toml"
    file.write_text('jwks = ["https://a.example/=keys.json"]\nhtml = "out.html"\njson = "-"\n', encoding="utf-8")
    found = load({"config": str(file), "bundle": ["b.json"]}, {}, tmp_path)
    assert found.jwks == (f"https://a.example/={folder / 'keys.json'}",)
    assert found.reports == {"html": str(folder / "out.html"), "json": "-"}
    assert found.bundles == ("b.json",)


def test_a_key_file_of_the_configuration_may_hold_an_equals_sign(tmp_path: Path) -> None:
    """It is looked for where it would be read: beside the configuration."""
    (tmp_path / "a=b.json").write_text("{}", "utf-8")
    assert loaded(tmp_path, 'jwks = ["a=b.json", "https://a.example=c.json"]\n').jwks == (
        str(tmp_path / "a=b.json"),
        f"https://a.example={tmp_path / 'c.json'}",
    )


def test_places_that_nothing_can_be_written_to_are_faults(tmp_path: Path) -> None:
    """A name that is too long, and a link that leads to itself, are found before anything is read."""
    loop = tmp_path / "loop"
    try:
        loop.symlink_to(loop)
    except OSError:
        pytest.skip("links need a right here")
    assert len(faults(tmp_path, html=str(loop / "x.html"))) == 1
    (told,) = faults(tmp_path, html=str(tmp_path / ("x" * 300)))
    assert "too long" in told


def test_pyproject_is_read_where_there_is_no_authlens_toml(tmp_path: Path) -> None:
    """Only its own table, and not where the other file is."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.authlens]\nfail-on = "high"\n', "utf-8")
    assert loaded(tmp_path).fail_on is Severity.HIGH
    assert loaded(tmp_path, 'fail-on = "medium"\n').fail_on is Severity.MEDIUM


def test_a_pyproject_without_our_table_is_nothing_unless_named(tmp_path: Path) -> None:
    """Most projects have one."""
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "x"\n', "utf-8")
    assert loaded(tmp_path) == Settings()
    assert faults(tmp_path, config=str(file)) == ["pyproject.toml:1:1: there is no [tool.authlens] table in it."]


def test_all_faults_at_once_each_with_its_place(tmp_path: Path) -> None:
    """Flags by their name, variables by theirs, the file by line and column, texts over several lines passed over."""
    toml = '''fail-on = "hihg"
settings = [
  "a.json",  # offline = ]
]
  jsn = "x"
pseudonym-key = """
offline = 3
"""
offline = "yes"
verbose = 1
[[api]]
scheme = "A"
authority = "https://a.example"
[[api]]
scheme = 5
audiences = ["api://a"]
'''
    assert faults(tmp_path, toml, {"AUTHLENS_QUIET": "perhaps", "AUTHLENS_BUNDLE": '"open'}, now="yesterday") == [
        "AUTHLENS_BUNDLE: No closing quotation.",
        "AUTHLENS_QUIET: “perhaps” is neither true nor false.",
        "authlens.toml:5:3: “jsn” is not an option. Did you mean json?",
        "authlens.toml:9:1: offline: true or false is wanted here, not a text.",
        "authlens.toml:10:1: verbose: true or false is wanted here, not a number.",
        "authlens.toml:15:1: scheme is a text",
        "--now: “yesterday” is no time.",
        "authlens.toml:1:1: “hihg” is no severity. Did you mean high?",
    ]


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ('a = "b', "authlens.toml:1:7: Unterminated string."),
        ("\n[x\n", "authlens.toml:2:3: Expected ']' at the end of a table declaration."),
        ("config = 'x.toml'\n", "authlens.toml:1:1: “config” is not an option."),
        ("api = 3\n", "authlens.toml:1:1: api: write one [[api]] table for each scheme."),
        ("fail-on = 'high'\nfail_on = 'low'\n", "authlens.toml:2:1: “fail_on” stands here twice, with - and with _."),
        ("settings = [1]\n", "authlens.toml:1:1: settings: a text or a list of texts is wanted here, not a list."),
        ("html = 'none/x.html'\n", "authlens.toml:1:1: there is no folder none."),
        ("html = '.'\n", "authlens.toml:1:1: . is a folder."),
        ('secret-file = "a\\u0000b"\n', "authlens.toml:1:1: secret-file: no path and no name holds a NUL character."),
        ('jwks = ["a", "b\\u0000"]\n', "authlens.toml:1:1: jwks: no path and no name holds a NUL character."),
        (
            "timezone = 'Europe/Pariss'\n",
            "authlens.toml:1:1: “Europe/Pariss” is no time zone. Did you mean Europe/Paris?",
        ),
        ("format = 'clff'\n", "authlens.toml:1:1: “clff” is no format. Did you mean clef?"),
        ("x = " + "[" * 5000 + "\n", "authlens.toml:1:1: is nested too deeply."),
    ],
)
def test_faults_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str, fault: str) -> None:
    """One sentence each."""
    monkeypatch.chdir(tmp_path)
    Path("authlens.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(FaultsError) as raised:
        load({}, {}, Path())
    assert [str(f) for f in raised.value.faults] == [fault]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """The line of the first byte that is no UTF-8 is named."""
    (tmp_path / "authlens.toml").write_bytes(b"format = 'clef'\n# caf\xe9\n")
    assert faults(tmp_path) == ["authlens.toml:2:1: is not UTF-8."]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A configuration that was named must be there."""
    assert faults(tmp_path, config="nothing.toml") == ["--config: cannot read nothing.toml: No such file or directory."]


def test_two_reports_cannot_share_one_place() -> None:
    """Neither standard output nor a file."""
    with pytest.raises(FaultsError, match="already"):
        load({"html": "-", "json": "-"}, {}, Path("/nowhere"))
    with pytest.raises(FaultsError, match="already"):
        load({"html": "x", "json": "./x"}, {}, Path("/nowhere"))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24T10:02:00Z", datetime(2026, 11, 24, 10, 2, tzinfo=UTC)),
        ("2026-11-24 10:02", datetime(2026, 11, 24, 8, 2, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 23, 22, 0, tzinfo=UTC)),
        ("2026-11-24T10:02:00-05:00", datetime(2026, 11, 24, 15, 2, tzinfo=UTC)),
    ],
)
def test_the_present_is_in_the_given_zone_unless_it_says_its_own(tmp_path: Path, text: str, time: datetime) -> None:
    """A date is its midnight."""
    assert loaded(tmp_path, now=text, timezone="+02:00").now == time


def test_the_present_in_the_file_may_be_a_toml_time(tmp_path: Path) -> None:
    """With or without quotes."""
    assert loaded(tmp_path, "now = 2026-11-24T10:02:00Z\n").now == datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
    assert loaded(tmp_path, "now = 2026-11-24\n").now == datetime(2026, 11, 24, tzinfo=UTC)


def test_the_present_is_that_of_reproducible_builds_unless_given(tmp_path: Path) -> None:
    """SOURCE_DATE_EPOCH stands below every other source."""
    assert loaded(tmp_path, "", {"SOURCE_DATE_EPOCH": "0"}).now == datetime(1970, 1, 1, tzinfo=UTC)
    assert loaded(tmp_path, "", {"SOURCE_DATE_EPOCH": "x"}, now="2026-11-24").now is not None
    assert faults(tmp_path, "", {"SOURCE_DATE_EPOCH": "x"}) == [
        "SOURCE_DATE_EPOCH: “x” is no number of seconds since 1970."
    ]


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "utc", "Z", "+05:30", "-0330"])
def test_zones(tmp_path: Path, name: str) -> None:
    """Names and offsets."""
    assert loaded(tmp_path, timezone=name).timezone.utcoffset(datetime(2026, 1, 1)) is not None  # noqa: DTZ001 - asks the zone


@pytest.mark.parametrize("name", ["Nowhere", "../../etc/passwd", "Europe", "+25:00"])
def test_what_is_no_zone(tmp_path: Path, name: str) -> None:
    """Paths, folders of the database and impossible offsets are refused."""
    assert "is no time zone" in faults(tmp_path, timezone=name)[0]


@pytest.mark.parametrize(("text", "level"), [("info", Severity.INFORMATIONAL), ("HIGH", Severity.HIGH), ("none", None)])
def test_levels(tmp_path: Path, text: str, level: Severity | None) -> None:
    """Sigma's five, ``info`` for short, and never."""
    assert loaded(tmp_path, fail_on=text).fail_on is level


def test_variables_that_are_no_options_are_told(tmp_path: Path) -> None:
    """A mistyped variable would otherwise be ignored in silence; an empty one is not set."""
    found = loaded(tmp_path, "", {"AUTHLENS_FAILON": "high", "AUTHLENS_QUIET": "", "AUTHLENS_SECRET": "x"})
    assert found.unknown == ("AUTHLENS_FAILON is not an option. Did you mean AUTHLENS_FAIL_ON?",)
    assert not found.quiet


def test_api_tables_are_handed_on_with_their_place(tmp_path: Path) -> None:
    """Each scheme says where it was read."""
    found = loaded(tmp_path, 'offline = true\n[[api]]\nscheme = "A"\nauthority = "https://a.example"\n')
    assert [dict(api) for api in found.apis] == [
        {"scheme": "A", "authority": "https://a.example", "source": f"{tmp_path / 'authlens.toml'}:2"}
    ]


def test_the_pseudonym_key_is_not_shown_by_accident(tmp_path: Path) -> None:
    """It opens every pseudonym."""
    found = loaded(tmp_path, 'pseudonym_key = "k-123"\n')
    assert found.pseudonym_key == "k-123"
    assert "k-123" not in repr(found)


NOW = "2026-11-24T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", "2026-11-24T10:00:00+00:00"),
        ("90 min", "2026-11-24T10:30:00+00:00"),
        ("7d", "2026-11-17T12:00:00+00:00"),
        ("2026-11-24", "2026-11-23T22:00:00+00:00"),
        ("2026-11-24T10:02", "2026-11-24T08:02:00+00:00"),
        ("2026-11-24T10:02:00Z", "2026-11-24T10:02:00+00:00"),
    ],
)
def test_a_period_begins_at_a_time_a_date_or_so_long_ago(tmp_path: Path, text: str, moment: str) -> None:
    """How long ago counts from --now, a time without a zone is in --timezone, a date is its midnight."""
    found = loaded(tmp_path, since=text, now=NOW, timezone="+02:00")
    assert found.since is not None
    assert found.since.isoformat() == moment
    assert loaded(tmp_path, until=text, now=NOW, timezone="+02:00").until == found.since


def test_a_period_is_checked(tmp_path: Path) -> None:
    """What is no time, and an end before the beginning."""
    assert faults(tmp_path, since="soon") == ["--since: “soon” is no time."]
    assert faults(tmp_path, since="2h", until="3h", now=NOW) == ["--since: --since is not before --until."]
    toml = "since = 2026-11-24\nuntil = 2026-11-25T00:00:00Z\n"
    assert loaded(tmp_path, toml).since == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1000000", "٣"])
def test_processes_are_a_number(tmp_path: Path, text: str) -> None:
    """A positive one, in digits that a shell writes."""
    assert faults(tmp_path, jobs=text) == [f"--jobs: “{text}” is no number of processes."]
    assert loaded(tmp_path, "jobs = 3\n").jobs == 3


@pytest.mark.parametrize(
    "name", [o.field for o in OPTIONS.values() if o.flag and o.kind.shape in (Shape.WORD, Shape.NUMBER)]
)
def test_an_empty_flag_is_a_mistake(tmp_path: Path, name: str) -> None:
    """A shell's variable that is not set is not taken for what holds without the flag."""
    flags: dict[str, Any] = {name: ""}
    assert faults(tmp_path, **flags) == [f"--{name.replace('_', '-')}: is empty."]


def test_issuers_that_may_be_asked_are_read_before_anything_else(tmp_path: Path) -> None:
    """All that are none are told at once."""
    wrong = faults(tmp_path, allow_issuer=["https://a.example/*", "a.example", "https://*.example"])
    assert [w.split(" is no")[0] for w in wrong] == [
        "--allow-issuer: “a.example”",
        "--allow-issuer: “https://*.example”",
    ]


def test_the_network_is_on_or_off(tmp_path: Path) -> None:
    """Both at once is a mistake; a flag beats what the file says."""
    assert faults(tmp_path, online=True, offline=True) == ["--online: --offline opens no socket at all."]
    found = loaded(tmp_path, "online = true\n", offline=True)
    assert (found.online, found.offline) == (False, True)


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/authlens"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "/xdg/c"}, "/xdg/c/authlens"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "relative"}, "/home/a/.cache/authlens"),
        ("linux", {}, None),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Caches/authlens"),
    ],
)
def test_documents_are_kept_where_the_platform_keeps_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], folder: str | None
) -> None:
    """Unless another folder is named, or none; offline only one that is named is read."""
    monkeypatch.setattr("sys.platform", platform)
    assert loaded(tmp_path, "", environ).cache == folder
    assert loaded(tmp_path, "", environ, offline=True).cache is None
    assert loaded(tmp_path, "", environ, offline=True, cache="c").cache == "c"
    assert loaded(tmp_path, 'cache = "none"\n', environ).cache is None


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    """As it stands, with its line feed; a flag beats the variable, the variable a file named elsewhere."""
    (tmp_path / "s").write_bytes(b"of the file\n")
    file = str(tmp_path / "s")
    assert loaded(tmp_path, secret_file=file).secret == b"of the file\n"
    assert loaded(tmp_path, "", {"AUTHLENS_SECRET": "é"}).secret == "é".encode()
    assert loaded(tmp_path, "", {"AUTHLENS_SECRET": "x"}, secret_file=file).secret == b"of the file\n"
    assert loaded(tmp_path, 'secret-file = "s"\n', {"AUTHLENS_SECRET": "x"}).secret == b"x"
    found = loaded(tmp_path, 'secret-file = "s"\n')
    assert found.secret == b"of the file\n"
    assert "of the file" not in repr(found)


@pytest.mark.parametrize(("size", "what"), [(None, "cannot read"), (0, "is empty"), (65_537, "is too large")])
def test_a_secret_that_cannot_be_used_is_told(tmp_path: Path, size: int | None, what: str) -> None:
    """Before anything is read; the secret is not repeated."""
    if size is not None:
        (tmp_path / "s").write_bytes(b"q" * size)
    (fault,) = faults(tmp_path, secret_file=str(tmp_path / "s"))
    assert what in fault
    assert "qq" not in fault
