"""Who may import whom: arrows go down a floor, siblings do not import each other, and some libraries have one door."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "authlens"

FLOORS: tuple[tuple[str, int], ...] = (
    # The longest prefix counts.
    ("authlens", 8),
    ("authlens.__main__", 8),
    ("authlens._version", 0),
    ("authlens.cli", 7),
    ("authlens.config", 6),
    ("authlens.inspection", 6),
    ("authlens.pipeline", 6),
    ("authlens.knowledge", 5),
    ("authlens.reports", 5),
    ("authlens.diagnosis", 4),
    ("authlens.observe", 4),
    ("authlens.failures", 4),
    ("authlens.sightings", 3),
    ("authlens.exposed", 1),
    ("authlens.parts", 5),
    ("authlens.rotation", 4),
    ("authlens.trust", 3),
    ("authlens.trust.checks", 2),
    ("authlens.trust.keys", 2),
    ("authlens.trust.addresses", 2),
    ("authlens.reading", 2),
    ("authlens.messages", 2),
    ("authlens.tokens", 2),
    ("authlens.segments", 1),
    ("authlens.catalogue", 1),
    ("authlens.vendors", 1),
    ("authlens.redact", 1),
    ("authlens.options", 1),
    ("authlens.urls", 0),
    ("authlens.errors", 0),
    ("authlens.model", 0),
)

DOORS: dict[str, tuple[str, ...]] = {
    # An outside library, and the only places that may know it.
    "jinja2": ("authlens.reports.html",),
    "jwt": ("authlens.trust.checks.signature", "authlens.trust.keys"),
    "pandas": ("authlens.diagnosis", "authlens.pipeline"),
    "re2": (
        "authlens.exposed",
        "authlens.reading.needles",
        "authlens.diagnosis.detection",
        "authlens.diagnosis.engine",
        "authlens.diagnosis.ruleset",
    ),
    "requests": ("authlens.trust.fetch",),
    "rich": ("authlens.reports.terminal", "authlens.cli"),
    "typer": ("authlens.cli",),
    "yaml": ("authlens.diagnosis.ruleset",),
    "zstandard": ("authlens.reading.sources",),
}


def _modules() -> dict[str, Path]:
    out = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        out[name] = path
    return out


def _imports(path: Path) -> list[str]:
    """Every module that a file imports, inside functions too; those for type checking only are types, not arrows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    out = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            out += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # ``from folder import file`` is an arrow to the file; ``from file import name`` one to the file, too.
            out += [_file(f"{node.module}.{alias.name}") or node.module for alias in node.names]
    return out


def _file(module: str) -> str | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return module if path.with_suffix(".py").exists() or (path / "__init__.py").exists() else None


def _floor(module: str) -> int:
    fits = [(len(prefix), floor) for prefix, floor in FLOORS if module == prefix or module.startswith(prefix + ".")]
    return max(fits)[1]


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_every_arrow_goes_down() -> None:
    """A module imports lower floors only; on its own floor none but the files of its own folder."""
    modules = _modules()
    wrong = []
    for name, path in modules.items():
        for target in set(_imports(path)) & set(modules) - {name, "authlens"}:
            down = _floor(target) < _floor(name)
            own = _package(target) == _package(name) and target != _package(name)
            if not (down or own):
                wrong.append(f"{name} -> {target}")
    assert not wrong


def test_no_circle() -> None:
    """No module reaches itself through its imports."""
    modules = _modules()
    graph = {name: set(_imports(path)) & set(modules) - {name, "authlens"} for name, path in modules.items()}
    left = dict(graph)
    while ready := [name for name, targets in left.items() if not targets & set(left)]:
        for name in ready:
            del left[name]
    assert not left


def test_each_outside_library_has_one_door() -> None:
    """A library that could be replaced is known in one place."""
    wrong = [
        f"{name} imports {target}"
        for name, path in _modules().items()
        for target in _imports(path)
        for library, doors in DOORS.items()
        if target.split(".")[0] == library and not name.startswith(doors)
    ]
    assert not wrong


def test_only_the_command_line_prints_or_exits() -> None:
    """No room writes to a stream of the process, reads its environment or ends it; cli.py does."""
    wrong = []
    for name, path in _modules().items():
        if _package(name) == "authlens.cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node) if isinstance(node, (ast.Call, ast.Attribute)) else ""
            if text.startswith(("print(", "sys.exit(", "sys.stdout", "sys.stderr")):
                wrong.append(f"{name}: {text[:60]}")
    assert not wrong


def test_pandas_is_imported_only_where_it_is_used() -> None:
    """Half a second of import is paid by those who diagnose, not by ``--version``: never at module level."""
    wrong = []
    for name, path in _modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
            )
            wrong += [name for n in names if n.split(".")[0] == "pandas"]
    assert not wrong


def test_addresses_are_taken_apart_in_one_place() -> None:
    """The standard library raises on some texts that look like addresses; only ``urls`` knows how to live with that."""
    wrong = []
    for name, path in _modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            if name != "authlens.urls" and {"urlsplit", "urlparse", "urljoin", "urllib.parse"}.intersection(names):
                wrong.append(name)
    assert not wrong
