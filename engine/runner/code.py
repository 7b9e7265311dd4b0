"""A stage's code, found by reading it: the modules it imports, the statements they run, the settings they read.

Nobody keeps a list. A module counts where it is imported, also inside a function, but not for type checkers only; a
statement where its name stands in such a module; a setting where one reads `config.<section>.<name>` or hands on
`config.<section>`; a file of another kind where it lies in such a module's folder.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from engine import warehouse
from engine.config import SECTIONS
from engine.stages import Stage

ENGINE = Path(__file__).resolve().parents[1]
_SETTINGS = {section: {setting.name for setting in fields(kind)} for section, kind in SECTIONS.items()}
_DATABASE = "engine.warehouse"  # writes what a stage gives it
RULES = "engine/trust/people.py"  # makes the temporary tables that say who may be shown
_MADE = "[a-z0-9_]+"  # what may stand in a statement's name where an f-string has an expression


@dataclass(frozen=True)
class Code:
    """What a stage's results depend on besides its tables.

    Args:
        files: names (`engine/graph/arrays.py`, `sql/graph/edges.sql`).
        settings: names (`run.seed`), or those of whole sections (`graph`).
    """

    files: frozenset[str]
    settings: frozenset[str]


@dataclass(frozen=True)
class _Module:
    imports: frozenset[str]
    statements: frozenset[str]
    settings: frozenset[str]


def readable() -> bool:
    """Whether the sources can be read; not where only compiled files were installed."""
    return (ENGINE / "stages.py").is_file()


def of(stage: Stage, *, rules: bool) -> Code:
    """The code of a stage as it lies on disk now; rules: the stage asks who may be shown."""
    modules: dict[str, _Module] = {}
    todo = [f"engine.pipeline.{stage.name}", _DATABASE, *(["engine.trust.people"] if rules else [])]
    statements = _statements()
    while todo:
        name = todo.pop()
        if name not in modules:
            path = _file(name)
            modules[name] = _module(name, hashed(path), statements)
            todo += modules[name].imports
    files = {_name(_file(module)) for module in modules} | {
        f"sql/{s}.sql" for m in modules.values() for s in m.statements
    }
    for folder in {module.split(".")[1] for module in modules if module.count(".") > 1}:
        files |= {_name(path) for path in (ENGINE / folder).rglob("*") if _is_data(path)}
    return Code(frozenset(files), frozenset().union(*(module.settings for module in modules.values())))


def hashes(files: Collection[str]) -> dict[str, str]:
    """A hash of the content of each file that `Code` names, in order; empty where there is no such file any more."""
    return {name: hashed(_place(name)) for name in sorted(files)}


def hashed(path: Path) -> str:
    """A hash of a file's content, read again when its size or time changed; empty = it cannot be read."""
    try:
        found = path.stat()
        return _hashed(path, found.st_size, found.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(4096)
def _hashed(path: Path, _size: int, _time: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _place(name: str) -> Path:
    folder, _, rest = name.partition("/")
    return (warehouse.sql_folder() if folder == "sql" else ENGINE) / rest


def _name(path: Path) -> str:
    return f"engine/{path.relative_to(ENGINE).as_posix()}"


def _file(module: str) -> Path:
    """Where a module lies, if there is one of that name."""
    path = ENGINE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _is_module(name: str) -> bool:
    return name.startswith("engine.") and _file(name).is_file()


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix != ".py" and path.parent.name != "__pycache__"


def _statements() -> frozenset[str]:
    folder = warehouse.sql_folder()
    return frozenset(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.sql"))


@lru_cache(1024)
def _module(name: str, _content: str, statements: frozenset[str]) -> _Module:
    imports: set[str] = set()
    named: set[str] = set()
    settings: set[str] = set()
    for node in _executed(ast.parse(_file(name).read_bytes())):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names if _is_module(alias.name)}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {module for module in inside if _is_module(module)}
            imports |= modules | ({str(node.module)} if modules < inside and _is_module(str(node.module)) else set())
        elif isinstance(node, ast.Constant) and node.value in statements:
            named.add(str(node.value))
        elif isinstance(node, ast.JoinedStr):
            named |= _fitting(node, statements)
        elif isinstance(node, ast.Attribute):
            settings |= _settings(node)
    return _Module(frozenset(imports), frozenset(named), frozenset(settings))


def _executed(module: ast.AST) -> Iterator[ast.AST]:
    """The parts of a module but for what only type checkers look at, and the section in `config.<section>.<name>`."""
    waiting = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        elif not (isinstance(node, ast.Attribute) and "." in "".join(_settings(node))):
            waiting.extend(ast.iter_child_nodes(node))


def _settings(node: ast.Attribute) -> set[str]:
    """The setting or the section that an expression such as `context.config.run.seed` reads, if it reads one."""
    inner = node.value
    if isinstance(inner, ast.Attribute) and _is_config(inner.value) and node.attr in _SETTINGS.get(inner.attr, ()):
        return {f"{inner.attr}.{node.attr}"}
    return {node.attr} if node.attr in _SETTINGS and _is_config(inner) else set()


def _is_config(node: ast.AST) -> bool:
    return "config" in (getattr(node, "id", ""), getattr(node, "attr", ""))


def _fitting(text: ast.JoinedStr, statements: frozenset[str]) -> set[str]:
    """The statements whose names an f-string can make; it must begin with their folder."""
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else _MADE for part in text.values]
    if not parts or "/" not in parts[0]:
        return set()
    pattern = re.compile("".join(parts))
    return {name for name in statements if pattern.fullmatch(name)}
