"""How long the rules take over many failures, beside DuckDB with the same predicates over the same table.

``python .bench/rules.py [--rows 100000]`` fills a table with the examples of the shipped rules, each with a time and a
distance of clocks of its own, holds every rule against it, and asks DuckDB (``pip install duckdb``, needed for this
benchmark alone) for the same rules as SQL. Prints seconds of the processor's time, and whether both find the same.
"""

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from authlens.diagnosis import engine, evidence, ruleset, schema
from authlens.diagnosis.condition import Algebra
from authlens.diagnosis.detection import Item, walk
from authlens.diagnosis.plain import number_of
from authlens.diagnosis.rule import Rule

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
TYPES = {
    "string": "VARCHAR",
    "strings": "VARCHAR[]",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "DOUBLE",
}
"""Times are seconds since 1970, as rules compare them."""
KINDS = {each.name: each.type for each in schema.FIELDS}


def table(rules: Iterable[Rule], rows: int) -> list[dict[str, Any]]:
    """The examples of the rules again and again, as ten thousands of users would write them."""
    examples = [dict(row) for rule in rules for row in (*rule.tests.match, *rule.tests.no_match)]
    return [
        {**examples[n % len(examples)], "time": START + timedelta(seconds=n), "host": f"api-{n % 7}"}
        | ({"clock.distance_s": n} if "clock.distance_s" in examples[n % len(examples)] else {})
        for n in range(rows)
    ]


# --------------------------------------------------------------------------- as SQL


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def compared(item: Item, operand: Any, value: str, *, number: bool) -> str:
    """What the item asks of one value, given as SQL."""
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "equals": "="}
    if isinstance(operand, bool):
        return f"{value} = {operand}"
    if not isinstance(operand, str):
        return f"{value} {signs[item.relation]} {number_of(operand)}" if number else "false"
    if number:
        return "false"
    if item.relation == "re":
        return f"regexp_matches({value}, {quoted(operand)})"
    text, asked = (value, quoted(operand)) if item.cased else (f"lower({value})", quoted(operand.lower()))
    names = {"contains": "contains", "startswith": "starts_with", "endswith": "ends_with"}
    return f"{names[item.relation]}({text}, {asked})" if item.relation in names else f"{text} = {asked}"


def predicate(item: Item) -> str:
    """An item as SQL; a missing value is nobody's equal."""
    column, kind = f'"{item.field}"', KINDS[item.field]
    if item.relation == "exists":
        return f"({column} IS {'NOT ' if item.operands[0] else ''}NULL) = {not item.negated}"
    value = "each" if kind == "strings" else column
    if item.reference:
        asked = [f'lower({value}) = lower("{other}")' for other in item.operands]
    else:
        number = kind in {"integer", "number", "time"}
        asked = [compared(item, operand, value, number=number) for operand in item.operands if operand is not None]
    one = (" AND " if item.every else " OR ").join(f"({each})" for each in asked) or "false"
    if kind == "strings":
        count = f"len(list_filter({column}, lambda each: {one}))"
        one = f"{count} = len({column})" if item.every else f"{count} > 0"
    one = f"CASE WHEN {column} IS NULL THEN {None in item.operands} ELSE {one} END"
    return f"coalesce({one}, false) = {not item.negated}"


SQL: Algebra[str] = Algebra(
    both=lambda parts: "(" + " AND ".join(parts) + ")",
    either=lambda parts: "(" + " OR ".join(parts) + ")",
    opposite=lambda part: f"(NOT {part})",
)


def query(rules: Iterable[Rule]) -> str:
    """One query that counts the rows of every rule."""
    counts = [f"count(*) FILTER (WHERE {walk(rule.detection, predicate, SQL)})" for rule in rules]
    return f"SELECT {', '.join(counts)} FROM evidence"


def cell(value: object) -> object:
    """A value of the evidence as JSON has it."""
    return number_of(value) if isinstance(value, datetime) else value


def filled(rows: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """A database of one thread that holds the table."""
    base = duckdb.connect(config={"threads": 1})
    base.execute("CREATE TABLE evidence (" + ", ".join(f'"{name}" {TYPES[kind]}' for name, kind in KINDS.items()) + ")")
    lines = "\n".join(json.dumps({name: cell(value) for name, value in row.items()}) for row in rows)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(lines)
        file.flush()
        columns = ", ".join(f"{quoted(name)}: {quoted(TYPES[kind])}" for name, kind in KINDS.items())
        base.execute(f"INSERT INTO evidence SELECT * FROM read_json('{file.name}', columns={{{columns}}})")
    return base


# --------------------------------------------------------------------------- figures


def main() -> None:
    """Loads, matches, asks, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    gc.set_threshold(200_000)  # as the command line does
    began = time.process_time()
    pack = ruleset.load([], examples=False)
    loaded = time.process_time() - began
    rows = table(ruleset.load([]).rules, parser.parse_args().rows)
    frame = evidence.frame(KINDS, rows)
    began = time.process_time()
    matches = engine.match(pack, frame)
    matched = time.process_time() - began
    found = dict.fromkeys((rule.id for rule in pack.rules), 0)
    for concluders in matches:
        for one in concluders:
            found[one.id] += 1
    base, asked = filled(rows), query(pack.rules)
    began = time.process_time()
    counts = base.execute(asked).fetchone() or ()
    answered = time.process_time() - began
    per = 60 / len(pack.rules)
    print(f"rules   {len(pack.rules)} load in {loaded * 1000:.0f} ms (wanted: 100)")
    print(f"engine  {len(rows)} failures: {matched:.2f} s, for 60 of the rules {matched * per:.2f} s (wanted: 1.5)")
    other = [rule.id for rule, count in zip(pack.rules, counts, strict=True) if found[rule.id] != count]
    same = f"OTHER MATCHES of {', '.join(other)}" if other else "the same matches"
    print(f"duckdb  the same in {answered:.2f} s, {answered / matched:.2f} times as long; {same}")


if __name__ == "__main__":
    main()
