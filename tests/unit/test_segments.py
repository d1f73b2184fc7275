"""JSON objects and base64url as tokens hold them: what can be read is read, and the rest is told."""

from collections.abc import Callable

import pytest

from authlens.segments import MAX_DEPTH, Members, read_json_object, read_members


def nested(levels: int) -> str:
    """An object with so many levels, itself the first of them."""
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + ',"b":1}'


def by_members(text: str) -> Members:
    """The object read member by member, as it stands in a longer text."""
    return read_members(text, 0)


@pytest.mark.parametrize("read", [read_json_object, by_members])
def test_as_many_levels_are_read_as_the_library_reads(read: Callable[[str], Members]) -> None:
    """System.Text.Json refuses the next one; the members beside it are there all the same."""
    assert read(nested(MAX_DEPTH)).defects == ()
    too_deep = read(nested(MAX_DEPTH + 1))
    assert too_deep.defects == ("nests deeper than 64 levels",)
    assert too_deep.values == {"b": 1}
    assert too_deep.whole


@pytest.mark.parametrize("read", [read_json_object, by_members])
@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1,"b":{"c":1,"c":2},"a":2}'])
def test_a_member_that_stands_twice_is_told(read: Callable[[str], Members], text: str) -> None:
    """The last one counts, as for System.Text.Json, but two readers may see two different objects."""
    found = read(text)
    assert found.values["a"] == 2
    assert found.defects == ("has a member twice",)


def test_the_same_member_of_two_objects_stands_once_in_each() -> None:
    """Only within one object is it a defect."""
    assert by_members('{"a":{"b":1},"c":{"b":2}}').defects == ()


@pytest.mark.parametrize(
    ("text", "values", "defect"),
    [
        ('{"a":1,"b":"x', {"a": 1}, "is JSON that breaks off"),
        ('{"a":1,b:2}', {"a": 1}, "is not valid JSON"),
        ('{"a":1} x', {"a": 1}, "has text behind the JSON object"),
        ('{"a":"x\ny"}', {"a": "x\ny"}, "holds characters that JSON escapes"),
        ("[1]", {}, "is no JSON object"),
    ],
)
def test_what_is_wrong_is_told_beside_what_can_be_read(text: str, values: dict[str, object], defect: str) -> None:
    """The members before the fault are known."""
    found = read_json_object(text)
    assert found.values == values
    assert found.defects == (defect,)
