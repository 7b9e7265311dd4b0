"""The house rules of engine/README.md, held against the files themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {
    "pyproject.toml", "engine", "cli", "tests", "sql", "README.md",
    "Makefile", "constraints.txt", "LICENSE", ".gitignore", ".ci", "docs",
    "CONTRIBUTING.md", "CHANGELOG.md", ".pre-commit-config.yaml",
}  # fmt: skip
# From the ground up: what stands in a line imports what stands in lines above it, and its own folder, nothing else.
LAYERS = [
    {"errors", "identifiers", "progress", "version", "offline", "documents", "databases", "config", "config_file",
     "contracts", "tables", "stages", "segments", "clock", "compiled", "processes", "formulas", "rates", "figures",
     "glossary", "pictures", "attributes", "sexes"},
    {"warehouse"},
    {"trust"},
    {"sources"},
    {"forms"},
    {"plaintable"},
    {"charts", "learning"},
    {"logs", "intake", "graph", "handsets", "offers", "policy", "faces", "ads", "experiment", "report", "synth"},
    {"drafts", "workspace"},
    {"pipeline"},
    {"runner"},
    {"export"},
    {"usecases"},
    {"serve"},
    {"__init__"},
]  # fmt: skip
# Call records and the other tables come in by one mapping and one reader.
TOGETHER = {"logs", "intake"}
# What `engine.warehouse` gives to all, engines not among it.
PUBLIC = {
    f"engine.warehouse.{name}"
    for name in (
        "Sql", "Warehouse", "in_memory", "is_encrypted", "joined", "literal", "open_", "quote", "remove_draft", "sql",
        "sql_folder", "sql_text",
    )
}  # fmt: skip
HEAVY = {
    "torch", "torchvision", "facenet_pytorch", "igraph", "sklearn", "sklift", "statsmodels", "vl_convert", "scipy",
    "numba", "cv2", "PIL", "pandas", "polars", "pyarrow", "networkx", "duckdb", "phonenumbers", "jinja2", "numpy",
    "pyspark", "sqlglot", "starlette", "uvicorn",
}  # fmt: skip
LINES, LINES_OF_TESTS = 400, 500
SOURCES = sorted(p for folder in ("engine", "cli", "tests", "sql") for p in (ROOT / folder).rglob("*.py"))
ENGINE = [p for p in SOURCES if p.is_relative_to(ROOT / "engine")]
SQL = sorted((ROOT / "sql").rglob("*.sql"))


def tracked() -> list[str]:
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip("not a git checkout")
    return git.stdout.splitlines()


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    """Dotted names a file imports; top_only: when it is itself imported (not inside functions or TYPE_CHECKING)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@cache
def modules() -> dict[str, set[str]]:
    """Every module of engine and cli with those it imports, wherever in it that stands."""
    files = [p for p in SOURCES if p.relative_to(ROOT).parts[0] in ("engine", "cli")]
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in files}
    found = {}
    for name, path in names.items():
        used: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                used |= inside & names.keys() | ({node.module} if inside - names.keys() else set())
        found[name] = used & names.keys()
    return found


def part(module: str) -> str:
    """The part of the engine a module belongs to; the public face is `__init__`."""
    return module.split(".")[1] if "." in module else "__init__"


def place(path: Path) -> str:
    """The part of the engine a file belongs to: a folder or a module's name."""
    return path.relative_to(ROOT / "engine").parts[0].removesuffix(".py")


def typed_only(path: Path) -> set[str]:
    """Names imported for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    found.add(inner.module)
                    found |= {f"{inner.module}.{name.name}" for name in inner.names}
                elif isinstance(inner, ast.Import):
                    found |= {name.name for name in inner.names}
    return found


def test_nothing_else_at_the_top_level():
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


def test_no_source_file_is_long():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in [*SOURCES, *SQL]}
    long = {name: n for name, n in lengths.items() if n > (LINES_OF_TESTS if name.startswith("tests/") else LINES)}
    assert long == {}


def test_engine_knows_nothing_of_the_command_line():
    for path in ENGINE:
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & {"typer", "cli", "rich"}, path


def test_engine_prints_nothing():
    for path in ENGINE:
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        assert not [c.lineno for c in calls if getattr(c.func, "id", "") == "print"], path


def test_everything_in_the_engine_stands_in_one_layer():
    places = [place for layer in LAYERS for place in layer]
    assert sorted(places) == sorted({place(path) for path in ENGINE})


def test_nothing_looks_up():
    height = {place: level for level, layer in enumerate(LAYERS) for place in layer}
    for module, used in modules().items():
        own = part(module)
        for other in used if module.startswith("engine") else ():
            to = part(other)
            beside = own == to or height[own] == height[to] == 0 or {own, to} == TOGETHER
            assert beside or height[to] < height[own], f"{module} imports {other}"


def test_no_module_comes_to_itself_by_its_imports():
    """Circles hide in imports inside functions and for type checkers; they count as well."""
    try:
        TopologicalSorter(modules()).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_nobody_knows_an_engine():
    """Whoever needs a database asks `engine.warehouse` for one, and puts nothing into SQL by himself."""
    for path in ENGINE:
        if place(path) == "warehouse":
            continue
        known = {n for n in imports(path) if n.split(".")[0] in ("duckdb", "pyspark")}
        known |= {n for n in imports(path) if n.startswith("engine.warehouse.")} - PUBLIC
        assert not known, f"{path} imports an engine"
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        assert not [n.lineno for n in tree if isinstance(n, ast.Attribute) and n.attr == "connection"], path
    assert not [str(p) for p in ENGINE if "noqa: S608" in p.read_text("utf-8")]


def test_heavy_libraries_are_imported_late():
    for path in [*ENGINE, *sorted((ROOT / "cli").rglob("*.py"))]:
        top = {name.split(".")[0] for name in imports(path, top_only=True)}
        assert not top & HEAVY, path


def test_help_loads_no_heavy_library():
    script = "import sys; sys.argv=['kindred','--help']\nfrom cli.main import app\n" + (
        f"try: app()\nexcept SystemExit: pass\nprint(sorted(set(sys.modules) & {HEAVY!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_statement_says_what_it_gives():
    assert SQL
    for path in SQL:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("--"), path
        code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
        assert ";" not in code.strip().rstrip(";"), f"{path} holds more than one statement"


def test_every_command_has_an_example():
    from cli.main import app

    groups = [app]
    for group in groups:  # grows while it is read: groups within groups, at any depth
        groups.extend(within.typer_instance for within in group.registered_groups)
    for group in groups:
        for command in group.registered_commands:
            assert "Example:" in (command.callback.__doc__ or ""), command.callback


# The last version with a hole that can be reached by what Kindred does with the package, or nearly.
HOLES = {
    "torch": ("2.12.1", "GHSA-rrmf-rvhw-rf47 (TorchScript), CVE-2026-4538, CVE-2026-24747 (weights_only)"),
    "pyarrow": ("23.0.0", "CVE-2026-25087"),
    "pillow": ("12.3.0", "PYSEC-2026-2253 to 2257 and 3451 to 3453 (12.2.0); scanners name 12.3.0 too"),
    "jinja2": ("3.1.5", "CVE-2025-27516"),
    "pillow-heif": ("1.2.1", "CVE-2026-28231"),
    "pyspark": ("4.0.0", "CVE-2025-54920"),
}


def test_no_floor_allows_a_version_with_a_known_hole():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(t for extra in project["optional-dependencies"].values() for t in extra)]
    floors = {wanted.name: wanted.specifier for wanted in map(Requirement, texts)}
    assert not [f"{name} {last}: {what}" for name, (last, what) in HOLES.items() if floors[name].contains(last)]


def test_everything_installed_is_pinned_and_fits():
    """What an audit can tell without a network: each package that Kindred needs, and what those need, has the version
    that constraints.txt names and that its users ask for. (`pip-audit -r constraints.txt` asks for known holes.)"""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    pinned = {canonicalize_name(r.name): r for r in lines if not r.marker or r.marker.evaluate()}
    todo = [(Requirement(text), "") for text in project["dependencies"] + project["optional-dependencies"]["dev"]]
    problems, seen = [], set()
    while todo:
        wanted, extra = todo.pop()
        name = canonicalize_name(wanted.name)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            problems.append(f"{name} is not installed")
            continue
        own = name == canonicalize_name(project["name"])  # extras may name each other
        if not own and (name not in pinned or not pinned[name].specifier.contains(version, prereleases=True)):
            problems.append(f"{name} {version} is not the one in constraints.txt")
        if not wanted.specifier.contains(version, prereleases=True):
            problems.append(f"{name} {version} is not {wanted.specifier}")
        for part in {"", *wanted.extras}:
            if (name, part) not in seen:
                seen.add((name, part))
                todo += [(Requirement(text), part) for text in metadata.requires(name) or []]
    assert not problems, problems
