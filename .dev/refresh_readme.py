"""Writes into README.md what its console blocks print today: ``python .dev/refresh_readme.py``, then read the diff."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import readme


def main() -> None:
    text = readme.README.read_text(encoding="utf-8")
    for block in readme.blocks(text):
        if block.kind != "console":
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = readme.workplace(Path(folder, "repo"))
            lines = []
            for example in readme.examples(block):
                first, *rest = example.command.split("\n")
                lines += [
                    f"$ {first}",
                    *(f"> {line}" for line in rest),
                    *readme.run(example.command, place).splitlines(),
                ]
        text = text.replace(block.body, "\n".join(lines) + "\n", 1)
    readme.README.write_text(text, encoding="utf-8")


main()
