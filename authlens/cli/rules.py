"""``authlens rules``: what is wrong with rules, what they do, and why they did it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authlens.cli import options, scan
from authlens.cli.said import DONE, FOUND, UNUSABLE, USAGE, say, show, width
from authlens.errors import UsageError
from authlens.options import Basis, Settings, names

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.diagnosis.evidence import EvidenceTable
    from authlens.diagnosis.rule import Ruleset
    from authlens.model import Finding, Result

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Checks, tries, explains and lists rules and what they may ask."
)

_Packs = Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Rule files or folders.")]
_Alone = Annotated[bool, typer.Option("--no-default-rules", help="Without the rules that are shipped.")]


@app.command("check", cls=options.Command)
def _check(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Finds all faults of rule files; exit 2 if there are any."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    found = ruleset.check([Path(p) for p in paths or ()], default=not no_default_rules)
    show(report.checked(found))
    return USAGE if found.faults else DONE


@app.command("test", cls=options.Command)
def _test(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Tries the examples that rules carry; exit 1 if one fails."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    results = ruleset.run_tests(ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules))
    show(report.tested(results))
    return DONE if all(result.passed for result in results) else FOUND


@app.command("list", cls=options.Command)
def _list(paths: _Packs = None, *, no_default_rules: _Alone = False, as_json: options.AsJson = False) -> int:
    """Lists rules by cause, the one that wins first."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    pack = ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules)
    if as_json:
        sys.stdout.write(report.listed_json(pack))
    else:
        show(report.listed(pack, width()))
    return DONE


@app.command("fields", cls=options.Command)
def _fields(*, as_json: options.AsJson = False) -> int:
    """Lists what a rule may ask about."""
    from authlens.reports import rules as report  # noqa: PLC0415 - only this command needs it

    if as_json:
        sys.stdout.write(report.fields_json())
    else:
        show(report.fields(width()))
    return DONE


@app.command("explain", cls=options.Command)
@options.takes((*names(Basis), "timezone", "format", "show-values", "config"))
def _explain(
    chosen: Settings,
    identity: Annotated[str, typer.Argument(metavar="ID", help="Of a failure, as --json tells it.")],
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="The logs of that scan; its other options likewise.")
    ] = None,
    *,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="Only this rule: its id, its name or its cause.")
    ] = None,
    as_json: options.AsJson = False,
) -> int:
    """Tells why each rule did or did not match a failure."""
    read = scan.inputs(paths or [])
    from authlens import pipeline  # noqa: PLC0415 - a wrong option is known before anything is loaded
    from authlens.reports import explain as report  # noqa: PLC0415 - only this command needs it
    from authlens.reports.document import Document  # noqa: PLC0415 - see above

    seen: list[tuple[EvidenceTable, Ruleset]] = []
    result = pipeline.run(read, chosen, stdin=sys.stdin.buffer, witness=lambda *both: seen.append(both))
    table, pack = seen[0]
    at = _which(identity, result)
    if rule is not None and not pack.find(rule):
        raise UsageError(f"--rule {rule[:60]}: there is no such rule.", hint="authlens rules list shows them.")
    parts = Document(result, pseudonym_key=chosen.pseudonym_key, show_values=chosen.show_values)
    finding = result.findings[at]
    held = report.held(pack, table.rows[at], finding, rule)
    if as_json:
        sys.stdout.write(report.to_json(parts, finding, held))
    else:
        show(report.lines(parts, finding, held, width()))
    say(*(f"authlens: {text}" for text in result.unusable))
    return UNUSABLE if result.unusable else DONE


def _which(identity: str, result: Result) -> int:
    """The place of the failure of that id, or of the first one of that group."""
    failures = next((group.failures[:1] for group in result.groups if group.id == identity), (identity,))
    found = [at for at, finding in enumerate(result.findings) if finding.id in failures]
    if not found:
        near: list[Finding] = [f for f in result.findings if f.id.startswith(identity) and len(identity) >= 4]
        found = [result.findings.index(near[0])] if len(near) == 1 else []
    if found:
        return found[0]
    raise UsageError(
        f"there is no failure {identity[:40]} in what was read.",
        hint="authlens scan … --jsonl - tells their ids; logs and options have to be the same as in that scan.",
    )
