"""The groups within the lines that there are: the worst told longest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from authlens.reports import wording
from authlens.reports.lines import fit
from authlens.reports.terminal.group import Told, brief, full, refused, short, single, spaced
from authlens.reports.terminal.line import Line
from authlens.reports.wording import count


def within(told: Sequence[Told], width: int, most: int) -> list[Line]:
    """The causes, worst first, each told as fully as the room allows; the worst longest."""
    if not told:
        return []
    if 2 * len(told) > most:
        return _listed(told, width, most)
    forms: Sequence[Callable[[Told, int], list[Line]]] = (spaced, full, brief, short)
    chosen = [0] * len(told)
    blocks = [forms[0](one, width) for one in told]
    while sum(map(len, blocks)) > most:
        level = min(chosen)
        weakest = max(i for i in range(len(told)) if chosen[i] == level)
        chosen[weakest] += 1
        blocks[weakest] = forms[chosen[weakest]](told[weakest], width)
    return [line for block in blocks for line in block]


def _listed(told: Sequence[Told], width: int, most: int) -> list[Line]:
    """The worst, and a line for each further cause, whatever the number of its groups."""
    alike: dict[tuple[str, str], list[Told]] = {}
    for one in told[1:]:
        alike.setdefault((one.group["severity"], wording.headline(one.group)), []).append(one)
    order = list(dict.fromkeys(severity for severity, _ in alike))
    listed = sorted(alike.items(), key=lambda entry: (order.index(entry[0][0]), -refused(entry[1])))
    worst = brief(told[0], width)
    lines = [single(same, width) for _, same in listed]
    room = most - len(worst)
    if len(lines) <= room:
        return [*worst, *lines]
    rest = [one for _, same in listed[room - 1 :] for one in same]
    more = f"and {count(len(rest), 'more group')} with {count(refused(rest), 'failure')}"
    return [*worst, *lines[: room - 1], ((fit(f"{more}: -v tells them all", width), "quiet"),)]
