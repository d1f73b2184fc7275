"""What the README shows, this run has seen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from authlens import cli
from authlens.diagnosis.causes import CAUSES
from tests import readme

TEXT = readme.README.read_text(encoding="utf-8")
BLOCKS = readme.blocks(TEXT)
CONSOLE = [b for b in BLOCKS if b.kind == "console"]


@pytest.mark.parametrize("block", CONSOLE, ids=lambda b: f"line{b.line}")
def test_every_console_block_prints_what_it_shows(block: readme.Block, tmp_path: Path) -> None:
    """The commands of one block, run in order in one folder, print exactly the block's text."""
    folder = readme.workplace(tmp_path / "repo")
    for example in readme.examples(block):
        shown = "\n".join(line.rstrip() for line in example.output.splitlines()).strip("\n")
        assert readme.run(example.command, folder) == shown, f"README.md:{example.line}: {example.command}"


def test_every_block_is_run_somewhere() -> None:
    """Console blocks are run above, the two marked bash blocks by .ci/run; others are configuration or figures."""
    marked = re.findall(r"<!-- the (?:first|test) command -->\n```bash\n", TEXT)
    assert len(marked) == sum(b.kind == "bash" for b in BLOCKS) == 2
    ci = (readme.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "the first command" in ci
    assert "the test command" in ci
    assert {b.kind for b in BLOCKS} <= {"bash", "console", "toml", "yaml", "python", "text"}


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "python"], ids=lambda b: f"line{b.line}")
def test_python_blocks_run(block: readme.Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's examples run in a folder that holds the samples."""
    monkeypatch.chdir(readme.workplace(tmp_path / "repo"))
    exec(compile(block.body, f"README.md:{block.line}", "exec"), {})  # the README's own code


def test_the_answer_stands_within_the_first_25_lines() -> None:
    """A stranger sees a true diagnosis before scrolling."""
    head = "\n".join(TEXT.splitlines()[:25])
    assert "sig.opaque-access-token" in head


def test_every_link_into_the_repository_leads_somewhere() -> None:
    """Paths that the README names exist."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", TEXT)
    assert targets
    assert [t for t in targets if not (readme.ROOT / t).exists()] == []


def commands(command: object, name: str = "authlens") -> Iterator[tuple[str, TyperCommand]]:
    """Every command and subcommand with its full name."""
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            yield from commands(inner, f"{name} {part}")
    elif isinstance(command, TyperCommand):
        yield name, command


COMMANDS = dict(commands(typer.main.get_command(cli.app)))


def test_every_command_is_documented() -> None:
    """A command that the page does not name is not found."""
    assert [name for name in COMMANDS if name not in TEXT] == []


def test_every_option_on_the_page_exists() -> None:
    """A renamed option must not live on in prose."""
    known = {option for command in COMMANDS.values() for param in command.params for option in param.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT))
    assert named - known - {"--help", "--wheel"} == set()  # the second is build's


def test_every_file_in_the_figure_exists() -> None:
    """The road of a record is told with the names that the files have."""
    figure = next(block.body for block in BLOCKS if block.kind == "text" and "──►" in block.body)
    named = set(re.findall(r"(?<![\w/.])(?:[a-z_]+/)*[a-z_]+(?:\.py|/)(?=[\s,])", figure))
    assert len(named) >= 12
    assert [n for n in sorted(named) if not any((readme.ROOT / at / n).exists() for at in ("authlens", "."))] == []


def test_the_number_of_causes_is_right() -> None:
    """The page counts what the vocabulary holds."""
    assert f"[{len(CAUSES)} root causes](rules/README.md)" in TEXT
