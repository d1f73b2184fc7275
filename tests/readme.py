"""The README's blocks, as programs: read, run, and written back by ``.dev/refresh_readme.py``."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
NOW = "1795521600"
"""The present in which the examples run: 2026-11-24T12:00:00Z, some hours after the samples."""

_FENCE = re.compile(r"^```(?P<kind>\w+)(?: (?P<path>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block."""

    kind: str
    body: str
    line: int
    path: str | None = None
    """The file that the block shows; the examples find it in their folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One command of a ``console`` block and what it prints."""

    command: str
    output: str
    line: int


def blocks(text: str) -> list[Block]:
    """All fenced blocks, in order."""
    return [
        Block(kind=m["kind"], body=m["body"], line=text.count("\n", 0, m.start()) + 2, path=m["path"])
        for m in _FENCE.finditer(text)
    ]


def examples(block: Block) -> list[Example]:
    """The commands of a ``console`` block; a line that ends with a backslash goes on."""
    out: list[Example] = []
    lines = block.body.splitlines()
    at = 0
    while at < len(lines):
        start = at
        command = [lines[at].removeprefix("$ ")]
        while command[-1].endswith("\\"):
            at += 1
            command.append(lines[at].removeprefix("> "))
        at += 1
        output = []
        while at < len(lines) and not lines[at].startswith("$ "):
            output.append(lines[at])
            at += 1
        out.append(Example(command="\n".join(command), output="\n".join(output), line=block.line + start))
    return out


def workplace(folder: Path) -> Path:
    """A folder with what the examples read, and an ``authlens`` on its path."""
    for name in ("sample_logs", "rules"):
        shutil.copytree(ROOT / name, folder / name)
    for block in blocks(README.read_text(encoding="utf-8")):
        if block.path is not None:
            (folder / block.path).parent.mkdir(exist_ok=True)
            (folder / block.path).write_text(block.body, encoding="utf-8")
    program = folder / "bin" / "authlens"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m authlens "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


def run(command: str, folder: Path) -> str:
    """What a command prints on both streams, run by a shell in the workplace."""
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AUTHLENS_", "FORCE_COLOR", "COV_"))},
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "SOURCE_DATE_EPOCH": NOW,
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")
