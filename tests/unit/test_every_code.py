"""Every code that reports a failure leads somewhere: to a cause, to causes that stay open, or to where one should look."""

import functools
from collections.abc import Iterator
from dataclasses import replace

from authlens import messages
from authlens.catalogue.codes import lookup
from authlens.catalogue.templates import SLOT, Template, data, templates
from authlens.diagnosis import ruleset
from authlens.diagnosis.diagnose import diagnose
from authlens.model import Diagnosis, Failure
from tests.unit.helpers.refusals import failure, table

VALUES = {"iss": "https://sso.example.com/", "kid": "k1", "aud": "orders"}
OF_PROGRAMS = """
    IDX10613 IDX10620 IDX10623 IDX10624 IDX10625 IDX10627 IDX10628 IDX10629 IDX10637 IDX10655 IDX10656 IDX10664
    IDX10670 IDX10679 IDX10680 IDX10698 IDX10704 IDX10705 IDX10706 IDX10707 IDX10712 IDX10716 IDX10717 IDX10724
    IDX10730 IDX10733 IDX10735 IDX10736 IDX10737
"""
"""They report how a program calls the library or writes tokens, which is the cause of no refusal that has a name."""


def refused(template: Template) -> Failure:
    """A failure that says what the template says, with some value in each place."""
    kinds = iter(template.kinds)
    text = SLOT.sub(lambda _: VALUES.get(next(kinds, "-"), "x"), template.text)
    one = failure(template.code, text)
    found = messages.read(text)
    statement = replace(one.statement, messages=found or one.statement.messages, text=text)
    fields = found[0].fields if found else one.fields
    return one._replace(said=replace(one.said, statement=statement, fields=fields))


def texts() -> Iterator[Template]:
    """All that report a failure, in whatever version."""
    for code in data("entries.json"):
        entry = lookup(code)
        if entry is not None and not entry.informational:
            yield from (template for template in templates(code) if not template.quiet)


@functools.cache
def told() -> tuple[tuple[str, Diagnosis], ...]:
    """Of every text its code and what is said of it."""
    failures = [refused(template) for template in texts()]
    findings = diagnose(table(failures), ruleset.load([]))
    return tuple((str(one.code), finding.diagnosis) for one, finding in zip(failures, findings, strict=True))


def test_what_no_rule_knows_says_where_to_look() -> None:
    """An answer that names nothing and asks for nothing helps nobody."""
    silent = {code for code, said in told() if said.cause == "undetermined" and "Look first at" not in said.explanation}
    assert silent == set()


def test_cryptography_has_a_rule() -> None:
    """Of the codes about keys and algorithms only those lead to no cause that speak of the program itself."""
    crypto = [(code, said) for code, said in told() if "IDX10600" <= code < "IDX10740" and len(code) == len("IDX10600")]
    nameless = {code for code, said in crypto if said.cause == "undetermined" and not said.alternatives}
    assert nameless == set(OF_PROGRAMS.split())
