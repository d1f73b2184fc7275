"""The text of a rule file as nodes with places; hostile text is refused, quickly and without a crash."""

from datetime import UTC, datetime
from typing import Any

import pytest

from authlens.diagnosis.ruleset import check
from authlens.diagnosis.ruleset_yaml import MAX_BYTES, Items, Node, Notes, Scalar, Table, did_you_mean, documents
from tests.unit.helpers.growth import TIMES, is_linear


def data(node: Node) -> Any:
    """A node as plain data."""
    if isinstance(node, Table):
        return {key: data(value) for key, (_, value) in node.pairs.items()}
    return [data(each) for each in node.nodes] if isinstance(node, Items) else node.value


def read(text: str | bytes) -> tuple[list[Any], list[str]]:
    notes = Notes("x.yml")
    found = documents(text if isinstance(text, bytes) else text.encode(), notes)
    return [data(node) for node in found], [str(fault) for fault in notes.faults]


def test_values_have_yamls_types_and_keys_are_text() -> None:
    """YAML 1.1, as Sigma's own readers take it; ``on`` and ``1`` as keys stay words."""
    text = "{a: 1, b: 1.5, c: true, d: null, e: '1', f: 2024-05-31T12:00:00Z, on: x, 1: [~, no, 0x10]}"
    (found,), faults = read(text)
    assert faults == []
    assert found == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": datetime(2024, 5, 31, 12, tzinfo=UTC),
        "on": "x",
        "1": [None, False, 16],
    }


def test_places_count_from_one() -> None:
    """Of keys and of values, after a byte order mark and in later documents too."""
    notes = Notes("x.yml")
    first, second = documents("\ufeffa: 1\n---\n# comment\nb:\n  - 'c d'\n".encode(), notes)
    assert isinstance(first, Table)
    assert isinstance(second, Table)
    key, value = second.pairs["b"]
    assert (key.place.line, key.place.column) == (4, 1)
    assert isinstance(value, Items)
    (item,) = value.nodes
    assert isinstance(item, Scalar)
    assert (item.place.line, item.place.column) == (5, 5)
    assert (item.at(2).line, item.at(2).column) == (5, 8)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [", "x.yml:2:1: not YAML"),
        ("a: \x07", "x.yml:1:4: not YAML"),
        (b"a: 1\nb: \xff\n", "x.yml:2:1: the file is not UTF-8"),
        (b"a: \xed\xa0\x80", "x.yml:1:1: the file is not UTF-8"),
        ('a: "\\ud800"', "x.yml:1:7: not YAML"),
        ("a: 1\na: 2\n", "x.yml:2:1: the key 'a' stands here twice"),
        ("{a: 1, 'a': 2}", "x.yml:1:8: the key 'a' stands here twice"),
        ("a: &x [1]\nb: *x\n", "x.yml:1:4: anchors and aliases are not supported"),
        ("&x {a: *x}", "x.yml:1:1: anchors and aliases are not supported"),
        ("a: !!python/name:os.system ''", "x.yml:1:4: tags are not supported"),
        ("a: !custom 1", "x.yml:1:4: tags are not supported"),
        ("!!map {a: 1}", "x.yml:1:1: tags are not supported"),
        ("? [a, b]\n: 1\n", "x.yml:1:3: a key must be a plain word"),
        ("a: 2024-13-45", "x.yml:1:4: not a value"),
        ("a: " + "9" * 5000, "x.yml:1:4: not a value"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_place(text: str | bytes, fault: str) -> None:
    """Syntax, encoding, repeated keys, and everything by which a few lines can stand for something else."""
    _, faults = read(text)
    assert [each[: len(fault)] for each in faults] == [fault]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000 + "x",
        "? " * 100_000 + "x",
        "".join(" " * depth + "a:\n" for depth in range(1000)),
        "- x\n" * 200_000,
        "".join(f"k{number}: x\n" for number in range(60_000)),
        "a: " + "1:" * 200_000 + "1",
        "a: " + "x" * MAX_BYTES,
        'a: "' + "\\x41" * 200_000,
        "a: |\n" + " line\n" * 100_000,
        "--- a\n" * 100_000,
        "\n" * 1_000_000,
        "".join(f"detection{number}: {{a|b|c|d|e|f|g: [*x]}}\n" for number in range(1000)),
        "a: {" + "kid|" + "|".join(["contains"] * 200_000) + ": x}",
        "title: x\ndetection: {" + ", ".join(f"s{n}: {{kidd: x}}" for n in range(9000)) + "}",
        "title: x\ndetection: {s: {code|re: ["
        + ", ".join(f'"(a{{1,500}}){{1,{n % 9 + 1}}}{n}"' for n in range(9000))
        + "]}}",
        "title: x\ndetection: {s: {"
        + ", ".join(f"code|neq{'|all' * (n % 2)}: x{n}" for n in range(9000))
        + "}, condition: s}",
        "title: x\ntests: {match: [" + ", ".join(["{kid: a}"] * 9000) + "]}",
        "explain: '" + "{" * 500_000 + "'",
    ],
    ids=lambda text: f"{text[:12]!r} {len(text)}",
)
def test_a_hostile_file_is_refused(tmp_path: Any, text: str) -> None:
    """Bombs, depth, length and number: few faults, in time that keeps pace with the text, never a crash."""
    path = tmp_path / "x.yml"

    def checked(size: int) -> None:
        path.write_text(text[:size], encoding="utf-8")
        faults = check([path], default=False).faults
        assert faults or text.isspace()
        assert len(faults) <= 100

    checked(len(text))
    assert is_linear(checked, (len(text) - 1) // TIMES)  # without its end, so that both are read as far


def test_a_suggestion_is_near() -> None:
    """One word, two that are as near, or none."""
    assert did_you_mean("kidd", ["kid", "hidden", "alg"]) == "did you mean kid?"
    assert (
        did_you_mean("valid_isuers", ["valid_issuers", "valid_issuer"]) == "did you mean valid_issuers or valid_issuer?"
    )
    assert did_you_mean("zzz", ["kid"]) == ""
