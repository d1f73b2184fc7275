"""Writes tests/golden/<cause>.json from today's output: ``python .dev/refresh_goldens.py [CAUSE…]``, then read the diff."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import samples


def main() -> None:
    samples.GOLDENS.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or samples.names()
    for name in wanted:
        (samples.GOLDENS / f"{name}.json").write_text(samples.golden(name), encoding="utf-8", newline="\n")
    if not sys.argv[1:]:
        for old in samples.GOLDENS.glob("*.json"):
            if old.stem not in wanted:
                old.unlink()


main()
