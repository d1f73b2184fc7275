"""Who may import whom: arrows go down a floor, siblings do not import each other, and some libraries have one door."""

import ast
import fnmatch
import functools
import re
import sys
import tomllib
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "authlens"

FLOORS: tuple[tuple[str, int], ...] = (
    # The longest prefix counts.
    ("authlens", 9),
    ("authlens.__main__", 9),
    ("authlens._version", 0),
    ("authlens.cli", 8),
    ("authlens.config", 7),
    ("authlens.inspection", 7),
    ("authlens.pipeline", 7),
    ("authlens.gathering", 6),
    ("authlens.knowledge", 5),
    ("authlens.reports", 5),
    ("authlens.diagnosis", 4),
    ("authlens.observe", 4),
    ("authlens.failures", 4),
    ("authlens.sightings", 3),
    ("authlens.accepted", 1),
    ("authlens.besides", 5),
    ("authlens.zones", 5),
    ("authlens.exposed", 1),
    ("authlens.parts", 5),
    ("authlens.rotation", 4),
    ("authlens.trust", 3),
    ("authlens.trust.checks", 2),
    ("authlens.trust.certificates", 2),
    ("authlens.trust.keys", 2),
    ("authlens.trust.addresses", 2),
    ("authlens.reading", 2),
    ("authlens.messages", 2),
    ("authlens.tokens", 2),
    ("authlens.processes", 0),
    ("authlens.segments", 1),
    ("authlens.catalogue", 1),
    ("authlens.vendors", 1),
    ("authlens.redact", 1),
    ("authlens.options", 1),
    ("authlens.texts", 0),
    ("authlens.durations", 0),
    ("authlens.timings", 0),
    ("authlens.urls", 0),
    ("authlens.errors", 0),
    ("authlens.model", 0),
)

DOORS: dict[str, tuple[str, ...]] = {
    # An outside library, and the only modules that may know it; ``.*`` stands for the files of a folder.
    "ahocorasick_rs": ("authlens.texts",),
    "cryptography": ("authlens.trust.certificates", "authlens.trust.keys"),
    "jinja2": ("authlens.reports.html",),
    "jwt": ("authlens.trust.checks.signature",),
    "markupsafe": ("authlens.reports.html.markup",),
    "numpy": ("authlens.diagnosis.engine", "authlens.parts.pool", "authlens.reading.runs"),
    "pandas": ("authlens.diagnosis.evidence", "authlens.pipeline"),
    "re2": (
        "authlens.accepted",
        "authlens.diagnosis.detection",
        "authlens.diagnosis.ruleset_searches",
        "authlens.exposed",
    ),
    "requests": ("authlens.trust.fetch_http",),
    "rich": ("authlens.cli.scan", "authlens.reports.terminal"),
    "typer": ("authlens.cli", "authlens.cli.*"),
    "urllib3": ("authlens.trust.fetch_http",),
    "yaml": ("authlens.diagnosis.ruleset_yaml",),
    "zstandard": ("authlens.reading.unpacking",),
}

DISTRIBUTIONS = {"ahocorasick_rs": "ahocorasick-rs", "jwt": "pyjwt", "re2": "google-re2", "yaml": "pyyaml"}
"""Where a library is installed under another name."""


def _modules() -> dict[str, Path]:
    out = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        out[name] = path
    return out


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, inside functions too; those for type checking only are types, not arrows."""
    typing_only = {
        id(inner)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    out: list[str] = []
    for node in ast.walk(_tree(path)):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            out += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # ``from folder import file`` is an arrow to the file; ``from file import name`` one to the file, too.
            out += [_file(f"{node.module}.{alias.name}") or node.module for alias in node.names]
    return tuple(out)


def _file(module: str) -> str | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return module if path.with_suffix(".py").exists() or (path / "__init__.py").exists() else None


def _floor(module: str) -> int:
    fits = [(len(prefix), floor) for prefix, floor in FLOORS if _within(module, prefix)]
    return max(fits)[1]


def _within(module: str, prefix: str) -> bool:
    """A folder's floor is that of its files; the package itself is a face, and no floor for what is new in it."""
    return module == prefix or (prefix != "authlens" and module.startswith(f"{prefix}."))


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_every_arrow_goes_down() -> None:
    """A module imports lower floors only; on its own floor none but the files of its own folder."""
    modules = _modules()
    wrong = []
    for name, path in modules.items():
        for target in set(_imports(path)) & set(modules) - {name}:
            down = _floor(target) < _floor(name)
            own = _package(target) == _package(name) and target != _package(name)
            if not (down or own):
                wrong.append(f"{name} -> {target}")
    assert not wrong


def test_no_circle() -> None:
    """No module reaches itself through its imports."""
    modules = _modules()
    graph = {name: set(_imports(path)) & set(modules) - {name} for name, path in modules.items()}
    left = dict(graph)
    while ready := [name for name, targets in left.items() if not targets & set(left)]:
        for name in ready:
            del left[name]
    assert not left


def test_each_outside_library_has_one_door() -> None:
    """A library that could be replaced is known in one place; one without a door is known nowhere."""
    wrong = [
        f"{name} imports {target}"
        for name, path in _modules().items()
        for target in _imports(path)
        if (library := target.split(".")[0]) not in {*sys.stdlib_module_names, "authlens"}
        and not any(fnmatch.fnmatchcase(name, door) for door in DOORS.get(library, ()))
    ]
    assert not wrong


def test_every_door_is_used() -> None:
    """A module that is named as a door and needs none is a door left open."""
    modules = _modules()
    users = {
        (library, name)
        for name, path in modules.items()
        for library in {target.split(".")[0] for target in _imports(path)} & set(DOORS)
    }
    assert [
        (library, door)
        for library, doors in DOORS.items()
        for door in doors
        if not any(library == used and fnmatch.fnmatchcase(name, door) for used, name in users)
    ] == []


def test_what_is_imported_is_declared() -> None:
    """No library is there only because another one brings it, and none is installed that nothing uses."""
    declared = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[^\w.-]", each, maxsplit=1)[0].lower().replace("_", "-") for each in declared}
    assert names == {DISTRIBUTIONS.get(library, library) for library in DOORS}


def test_every_module_has_a_floor() -> None:
    """What is new is put on a floor on purpose; what is gone leaves none behind."""
    modules = _modules()
    assert [name for name in modules if not any(_within(name, prefix) for prefix, _ in FLOORS)] == []
    assert [prefix for prefix, _ in FLOORS if prefix not in modules] == []


def _is_command_line(module: str) -> bool:
    return _package(module) == "authlens.cli"


def test_only_the_command_line_prints_or_exits() -> None:
    """No room writes to a stream of the process or ends it; the command line does."""
    wrong = []
    for name, path in _modules().items():
        for node in () if _is_command_line(name) else ast.walk(_tree(path)):
            text = ast.unparse(node) if isinstance(node, (ast.Call, ast.Attribute)) else ""
            if text.startswith(("print(", "sys.exit(", "sys.stdout", "sys.stderr")):
                wrong.append(f"{name}: {text[:60]}")
    assert not wrong


def test_only_the_command_line_reads_the_environment() -> None:
    """It hands it to ``config`` as a value, so that a run is what its arguments say."""
    wrong = []
    for name, path in _modules().items():
        for node in () if _is_command_line(name) else ast.walk(_tree(path)):
            read = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            taken = [a.name for a in node.names] if isinstance(node, ast.ImportFrom) and node.module == "os" else []
            if {read, *(f"os.{each}" for each in taken)} & {"os.environ", "os.environb", "os.getenv", "os.getenvb"}:
                wrong.append(name)
    assert not wrong


def test_pandas_is_imported_only_where_it_is_used() -> None:
    """Half a second of import is paid by those who diagnose, not by ``--version``: never at module level."""
    wrong = []
    for name, path in _modules().items():
        for node in _tree(path).body:
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
            )
            wrong += [name for n in names if n.split(".")[0] == "pandas"]
    assert not wrong


def test_addresses_are_taken_apart_in_one_place() -> None:
    """The standard library raises on some texts that look like addresses; only ``urls`` knows how to live with that."""
    wrong = []
    for name, path in _modules().items():
        for node in ast.walk(_tree(path)):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            if name != "authlens.urls" and {"urlsplit", "urlparse", "urljoin", "urllib.parse"}.intersection(names):
                wrong.append(name)
    assert not wrong
