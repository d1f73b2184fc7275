"""Builds authlens/catalogue/data/*.json from .dev/catalogue/: python .dev/build_catalogue.py [--check].

Sources: ``history.json`` and ``shipped.json`` (texts, versions, exception types and arguments of the libraries, as
their public history and their binaries have them), ``fields.yml`` (what a placeholder says), ``extra.yml`` (texts
that neither has), ``meanings.yml`` (what a code means, by hand), ``families.yml`` (what is said of codes that nobody
has described) and ``hosts.yml`` (texts without a code).
``--check`` writes nothing and fails where the data in the package is not what the sources give.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Row = dict[str, Any]
"""What a source says of a text or a code."""
HERE = Path(__file__).parent / "catalogue"
DATA = Path(__file__).parent.parent / "authlens" / "catalogue" / "data"
SLOT = re.compile(r"\{(\d+)(?:[,:][^{}]*)?\}")
HEAD = "8.2.0"
"""The last version of the history; later texts are known from shipped binaries only."""
SHIPPED = ("5.7.2", "7.7.3", "8.16.0", "8.19.2", "8.23.0")
BETWEEN = ("8.3.0", "8.15.0", "8.17.0", "8.20.0")
"""Releases between two binaries looked at: what is in one and not in the other changed somewhere there."""
NEWEST = "8.23.0"
VISIBILITY = {"NonPII": "N", "PII": "P", "SecurityArtifact": "A", "UnsafeSecurityArtifact": "U", "no-filter": "F"}
UNCOVERED = ("Saml", "Xml", "SignedHttpRequest", "WsFederation")
"""Assemblies that the shipped binaries do not cover: their texts are taken to live on."""
QUIET = {"Verbose", "Informational", "Warning"}
STEP = re.compile(
    r"\w+: (Creating|Deserializing|Decoding|Validating(?!.*failed)|Obtaining|Retrieving|Building|Serializing|Generating|Adding"
    r"|Reading|Comparing|Initializing)\b|\w+: .*(succeeded|Validated)\."
)
"""Texts that tell of a step; exception types are known by code only, and some codes had two texts at once."""


def version(label: str) -> tuple[int, ...]:
    """Sorts ``7.0.0-preview2`` before ``7.0.0`` and ``5.7.x`` behind every 5.7."""
    number, _, preview = label.partition("-preview")
    parts = [999 if p == "x" else int(p) for p in number.split(".")]
    return (*parts, -1 if "-preview" in label else 0, int(preview or 0))


def load(name: str) -> Any:
    text = (HERE / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


class Releases:
    """The known releases in order of version; a range is a pair of positions."""

    def __init__(self, history: list[Row]) -> None:
        labels = {label for e in history for t in e.get("templates", ()) for r in t["ranges"] for label in r}
        labels |= {label for e in history for h in (*e.get("types", ()), *e.get("args", ())) for label in h[:2]}
        self.history = labels
        self.names = sorted(labels | set(SHIPPED) | set(BETWEEN), key=version)
        self.at = {name: i for i, name in enumerate(self.names)}

    def span(self, first: str, last: str, until: str | None = None) -> list[int]:
        """``until``: how far beyond the history's end (or in between) the text is known to live."""
        i, j = self.at[first], self.at[last]
        if last == HEAD:
            return [i, self.at[until or NEWEST]]
        while j + 1 < len(self.names) and self.names[j + 1] == "7.7.3":
            j += 1
        return [i, j]


def until(template: Row, seen: dict[str, list[str]]) -> str:
    """The last release in which a text that is in the history's last version can be met."""
    if all(a.rsplit(".", 1)[-1] in UNCOVERED for a in template["assemblies"]):
        return NEWEST
    versions = seen.get(template["text"], [])
    if "8.23.0" in versions:
        return NEWEST
    if "8.19.2" in versions:
        return "8.20.0"
    return "8.17.0" if "8.16.0" in versions else "8.15.0"


def shipped_span(versions: list[str]) -> list[str]:
    """First and last release that can have a text known from binaries only."""
    ordered = sorted(versions, key=version)
    first = {"8.16.0": "8.3.0", "8.19.2": "8.17.0", "8.23.0": "8.20.0"}.get(ordered[0], ordered[0])
    last = {"8.16.0": "8.17.0", "8.19.2": "8.20.0"}.get(ordered[-1], ordered[-1])
    return [first, last]


def overlap(a: list[int], b: list[int]) -> list[int] | None:
    first, last = max(a[0], b[0]), min(a[1], b[1])
    return [first, last] if first <= last else None


def within(ranges: list[list[int]], rows: list[list[Any]]) -> Iterator[list[Any]]:
    """The rows (first, last, what) as far as they lie in the ranges."""
    for first, last, what in rows:
        for r in ranges:
            common = overlap(r, [first, last])
            if common:
                yield [*common, what]


class Fields:
    """What the placeholders of a template fill."""

    def __init__(self, rules: Row) -> None:
        self.rows = [
            (re.compile(r.get("codes", "")), re.compile(r["before"], re.DOTALL), r["is"]) for r in rules["placeholders"]
        ]
        self.says = [(re.compile(r.get("codes", "")), re.compile(r["text"]), r["fields"]) for r in rules["says"]]

    def of(self, code: str, template: str) -> dict[str, str]:
        out: dict[str, str] = {}
        for m in SLOT.finditer(template):
            name = self.one(code, template[: m.start()])
            if name != "-":
                out.setdefault(m.group(1), name)
        return out

    def one(self, code: str, before: str) -> str:
        for codes, pattern, name in self.rows:
            if codes.match(code) and pattern.search(before):
                return str(name)
        return "-"

    def constants(self, code: str, template: str) -> dict[str, object]:
        out: dict[str, object] = {}
        for codes, pattern, fields in self.says:
            if codes.match(code) and pattern.search(template):
                out |= fields
        return out


def weight(template: str) -> int:
    return len(SLOT.sub("", template))


def quiet(text: str, entry: Row, ranges: list[list[int]], types: list[Any], releases: Releases, hand: Row) -> bool:
    """No version in the ranges throws this text: it only tells what went on."""
    if "informational" in hand:
        return bool(hand["informational"])
    if STEP.match(text):
        return True
    if types:
        return False
    levels = entry.get("levels", {})
    here = {
        x for label, names in levels.items() if any(r[0] <= releases.at[label] <= r[1] for r in ranges) for x in names
    }
    return bool(here) and here <= QUIET


def spread(rows: dict[str, Row]) -> None:
    """A text of which no use was found is quiet where another text of its code that begins alike is."""
    quiet_starts = {text[:30] for text, row in rows.items() if row.get("quiet")}
    for text, row in rows.items():
        if text[:30] in quiet_starts and not row.get("types"):
            row["quiet"] = True


def template_row(
    code: str, text: str, ranges: list[list[int]], entry: Row, releases: Releases, fields: Fields, hand: Row
) -> Row:
    numbers = sorted({int(n) for n in SLOT.findall(text)})
    types = list(within(ranges, [[*releases.span(*h[:2]), h[2]] for h in entry.get("types", ())]))
    args = [
        [*releases.span(h[0], h[1]), [VISIBILITY[p] for p in h[3]]]
        for h in entry.get("args", ())
        if len(h[3]) == len(numbers)
    ]
    row = {
        "text": text,
        "ranges": ranges,
        "quiet": quiet(text, entry, ranges, types, releases, hand),
        "fields": fields.of(code, text),
        "says": fields.constants(code, text),
        "shown": [[a, b, "".join(v)] for a, b, v in within(ranges, args)] if numbers else [],
        "types": [[a, b, v] for a, b, v in types],
    }
    return {name: value for name, value in row.items() if value or name in ("text", "ranges")}


def templates(
    history: list[Any], shipped: list[Any], extra: list[Any], hand: Row, releases: Releases
) -> dict[str, list[Row]]:
    fields = Fields(load("fields.yml"))
    seen = {e["template"]: e["seen_in"] for e in shipped}
    by_code: dict[str, dict[str, Row]] = {}
    for e in history:
        for t in e.get("templates", ()):
            ranges = [releases.span(r[0], r[1], until=until(t, seen)) for r in t["ranges"]]
            row = template_row(e["code"], t["text"], ranges, e, releases, fields, hand.get(e["code"], {}))
            by_code.setdefault(e["code"], {})[t["text"]] = row
    entries = {e["code"]: e for e in history}
    for e in shipped:
        code, text = e["code"], e["template"]
        if text in by_code.setdefault(code, {}):
            continue
        ours = not code.startswith("IDW")
        ranges = [releases.span(*shipped_span(e["seen_in"]))] if ours else []
        row = template_row(
            code, text, ranges, entries.get(code, {}) if ours else {}, releases, fields, hand.get(code, {})
        )
        if not ours:
            row["versions"] = ["1.0.0", "4.18.0"]
        by_code[code][text] = row
    for e in extra:
        row = template_row(e["code"], e["text"], [], {}, releases, fields, hand.get(e["code"], {}))
        by_code.setdefault(e["code"], {})[e["text"]] = row | {"versions": e["versions"]}
    ordered = {}
    for code in sorted(by_code):
        spread(by_code[code])
        rows = sorted(
            by_code[code].values(), key=lambda r: (-weight(r["text"]), [-r0[1] for r0 in r["ranges"]], r["text"])
        )
        ordered[code] = rows
    return ordered


# --------------------------------------------------------------------------- what a code means


def assembly_of(code: str, entry: Row, seen: dict[str, list[str]]) -> str:
    if code.startswith("IDW"):
        return "Microsoft.Identity.Web"
    known = entry.get("assembly") or next(iter(seen.get(code, ())), "")
    return "Microsoft.IdentityModel" if known == "common" else known


def in_words(code: str, newest: Row, args: list[str]) -> str:
    """The library's own sentence with names for its placeholders, for codes without a meaning by hand."""
    fields = newest.get("fields", {})
    numbers = sorted(set(SLOT.findall(newest["text"])), key=int)
    passed = dict(zip(numbers, map(spoken, args), strict=True)) if len(args) == len(numbers) else {}
    body = newest["text"].removeprefix(code).lstrip(": ")
    named = SLOT.sub(lambda m: f"‹{fields.get(m[1], passed.get(m[1]) or 'value').replace('_', ' ')}›", body)
    return re.sub(r"\s+", " ", named).strip()


def spoken(expression: str) -> str:
    """What a C# expression is called; nothing for one that is more than a name."""
    bare = re.sub(r"^nameof\((.*)\)$|\s*\?\?.*$|\.(ToString|GetType|Count)\(\)|\.Name$", r"\1", expression.strip())
    return bare if re.fullmatch(r"[A-Za-z_][\w.]{1,40}", bare) else ""


SILENT = {
    "proves": "What its own text says, no more.",
    "does_not_prove": "That anything was refused.",
    "look_first": "nothing: the record tells of a step, not of a refusal",
}
OTHER = {
    "proves": "That the step which its text names failed.",
    "does_not_prove": "Why: the token, the settings and the program can each be the reason.",
    "look_first": "the exception's stack trace, which names the step that failed",
}


def family_of(text: str, families: list[Row], *, silent: bool) -> Row:
    """What is said of a code that nobody has described."""
    return SILENT if silent else next((f for f in families if re.search(f["text"], text)), OTHER)


def entry_of(
    code: str, rows: list[Row], history: Row, seen: dict[str, list[str]], hand: Row, families: list[Any]
) -> Row:
    newest: Row = {"text": "", "ranges": []}
    if rows:
        newest = max(rows, key=lambda r: [r0[1] for r0 in r["ranges"]] or [0])
    silent = bool(hand.get("informational")) or (bool(rows) and all(r.get("quiet") for r in rows))
    family = family_of(newest["text"] or hand.get("meaning", ""), families, silent=silent)
    args = args_of(history)
    out = {
        "assembly": hand.get("assembly") or assembly_of(code, history, seen),
        "severity": hand.get("severity") or ("informational" if silent else "medium"),
        "quiet": silent,
        "meaning": hand.get("meaning") or in_words(code, newest, args),
        "earlier": hand.get("earlier", []),
        "proves": hand.get("proves") or family["proves"],
        "does_not_prove": hand.get("does_not_prove") or family["does_not_prove"],
        "causes": hand.get("causes", family.get("causes", [])),
        "look_first": hand.get("look_first") or [family["look_first"]],
        "levels": sorted({x for names in history.get("levels", {}).values() for x in names}),
        "renumbered_from": history.get("renumbered_from", []),
        "renumbered_to": history.get("renumbered_to", []),
        "internal": history.get("internal", False),
        "args": args,
        "by_hand": bool(hand.get("meaning")),
    }
    return {name: value for name, value in out.items() if value not in ([], False, "")}


def args_of(history: Row) -> list[str]:
    """The expressions that the newest version passes."""
    rows = history.get("args", [])
    return max(rows, key=lambda h: version(h[1]))[2] if rows else []


def entries(rows: dict[str, list[Row]], history: list[Any], shipped: list[Any], hand: Row) -> dict[str, Row]:
    known = {e["code"]: e for e in history}
    seen: dict[str, list[str]] = {}
    for e in shipped:
        seen.setdefault(e["code"], e["assemblies"])
    codes = sorted({*rows, *hand})
    families = load("families.yml")
    return {c: entry_of(c, rows.get(c, []), known.get(c, {}), seen, hand.get(c, {}), families) for c in codes}


# --------------------------------------------------------------------------- writing


def text_of(value: object, width: int = 1) -> str:
    """JSON with one line a member, so that a change of the sources shows as a readable difference."""
    if isinstance(value, dict) and width:
        inner = ",\n".join(f"{json.dumps(k, ensure_ascii=False)}:{text_of(v, width - 1)}" for k, v in value.items())
        return "{\n" + inner + "\n}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def outputs() -> dict[str, str]:
    history, shipped, extra, hand = load("history.json"), load("shipped.json"), load("extra.yml"), load("meanings.yml")
    releases = Releases(history)
    rows = templates(history, shipped, extra, hand, releases)
    catalogue = {"releases": releases.names, "codes": rows}
    return {
        "templates.json": text_of(catalogue, 2) + "\n",
        "entries.json": text_of(entries(rows, history, shipped, hand)) + "\n",
        "hosts.json": text_of(load("hosts.yml")) + "\n",
    }


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = 0
    for name, text in outputs().items():
        path = DATA / name
        same = path.exists() and path.read_text(encoding="utf-8") == text
        if not check and not same:
            path.write_text(text, encoding="utf-8")
        if check and not same:
            print(f"{path.name} is not what the sources give: run .dev/build_catalogue.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
