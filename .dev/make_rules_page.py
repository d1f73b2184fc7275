"""Writes rules/README.md, a short section for each cause, from the rule files: ``python .dev/make_rules_page.py``."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from authlens.diagnosis import ruleset
from authlens.diagnosis.causes import CAUSES, FAMILIES
from authlens.diagnosis.rule import Rule
from authlens.diagnosis.schema import FIELDS
from authlens.model import Confidence
from authlens.reports.wording import stack, unfenced

PAGE = ROOT / "rules" / "README.md"
PACK = ruleset.load()
REMEDIES = PACK.remedies()
MEANINGS = {field.name: field.meaning for field in FIELDS}
HEAD = """\
# Root causes

One section for each cause that authlens can name: what it is, why a failure is read as it, what to look at to
confirm it, and what to do. This page is made from the rule files by `.dev/make_rules_page.py`; edit those.
`‹name›` stands for a value of the failure at hand.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *contents(), *(line for cause in CAUSES for line in section(cause))]).rstrip() + "\n"


def contents() -> Iterator[str]:
    for family, meaning in FAMILIES.items():
        links = (f"[{cause}](#{anchor(cause)})" for cause in CAUSES if cause.startswith(f"{family}."))
        yield f"- **{family}** · {meaning}: {', '.join(links)}"
    yield ""


def anchor(cause: str) -> str:
    """As the usual viewers of Markdown make it: lower case, without dots."""
    return cause.replace(".", "")


def section(cause: str) -> Iterator[str]:
    rules = sorted((r for r in PACK.rules if r.cause == cause), key=lambda r: r.rank)
    sure = [r for r in rules if r.confidence is not Confidence.POSSIBLE] or rules
    family, name = cause.split(".")
    yield from (f"## {cause}", "")
    yield f"{sentence(CAUSES[cause])} ([rule](./{family}/{name}.yml), [sample](../sample_logs/{cause}.log))"
    yield from ("", "**Why.**", "", *why(sure), "")
    yield from ("**Confirm.**", "", *confirm(sure), "")
    yield from ("**Fix.**", "", *fix(REMEDIES[cause], rules))


def sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def shown(template: str) -> str:
    """With names in place of values, and nothing that Markdown takes for HTML."""
    named = re.sub(r"\{([\w.]+)\}", r"‹\1›", template).replace("{{", "{").replace("}}", "}")
    return re.sub(r"`[^`]*`|<", lambda found: "\\<" if found[0] == "<" else found[0], named)


def why(rules: list[Rule]) -> Iterator[str]:
    """What each rule says, the surest first."""
    said: dict[str, Confidence] = {}
    for level in Confidence:
        for rule in rules:
            if rule.confidence is level:
                said.setdefault(shown(rule.explain), level)
    for text, level in said.items():
        yield f"- *{level.value}:* {text}"


def confirm(rules: list[Rule]) -> Iterator[str]:
    """What the rules look at."""
    names = dict.fromkeys(item.field for rule in rules for item in rule.detection.items if item.field != "says")
    for name in names:
        yield f"- `{name}`: {MEANINGS[name]}"
    if not names:
        yield f"- `says`: {MEANINGS['says']}"


def fix(general: Rule, rules: list[Rule]) -> Iterator[str]:
    for remedy in general.remediation:
        if not remedy.steps[0].startswith("Nothing to do"):
            yield f"- {stack(remedy.stack)}"
            yield from (f"  {n}. {shown(unfenced(step, '`'))}" for n, step in enumerate(remedy.steps, 1))
    links = dict.fromkeys(link for rule in rules for link in rule.references)
    yield from ("", "Read on: " + ", ".join(f"<{link}>" for link in links), "") if links else ("",)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
