"""Cuts the two reference catalogues down to what build_catalogue.py uses: compact_reference.py CATALOG SHIPPED."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent / "catalogue"


def label(ref: str) -> str:
    """``~5.1.5 (branch rel/5.1.5)`` -> ``5.1.5``; HEAD is what became 8.2.0."""
    return "8.2.0" if ref == "HEAD" else re.sub(r"^[~v]+| \(.*", "", ref)


def span(first: str, last: str) -> list[str]:
    return [label(first), label(last)]


def entry(e: dict) -> dict:
    out = {
        "code": e["code"],
        "assembly": e["assembly"],
        "templates": [
            {"text": t["template"], "ranges": [span(*r) for r in t["ranges"]], "assemblies": t["assemblies"]}
            for t in e["templates"]
            if not t["commented_out"]
        ],
        "types": [[*span(h["first"], h["last"]), h["types"]] for h in e["exception_type_history"]],
        "args": [
            [*span(h["first"], h["last"]), [short(a) for a in h["args"]], h["args_pii"]] for h in e["args_history"]
        ],
        "levels": {label(ref): levels for ref, levels in e["log_only_levels_by_ref"].items()},
        "renumbered_from": e.get("renumbered_in_5_2_from", []),
        "renumbered_to": e.get("renumbered_in_5_2_to", []),
        "internal": bool(e.get("internal_model_only_at_HEAD")),
    }
    return {name: value for name, value in out.items() if value or name in ("code", "templates")}


def short(argument: str) -> str:
    """The expression without the wrapper that marks it as no personal data."""
    inner = re.sub(r"^LogHelper\.Mark\w+\((.*?)(?:, [\w.]+)?\)$", r"\1", argument)
    return inner[:60]


def write(name: str, rows: list[dict]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    (HERE / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    catalog, shipped = (json.loads(Path(p).read_text(encoding="utf-8")) for p in sys.argv[1:3])
    write("history.json", [entry(e) for e in catalog if e["status"] != "unreleased-history-only"])
    write("shipped.json", shipped)


main()
