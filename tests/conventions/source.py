"""The files that the rules read, and small questions about their syntax trees."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

# Highest first. An import may only point down, and on one line there is no arrow.
LAYERS = (
    ("config",),
    ("returns", "waitlist"),
    ("bookings",),
    ("payments",),
    ("comments",),
    ("likes", "tagging"),
    ("emailqueue", "webhooks", "quotas"),
    ("preferences", "featureflags", "idempotency"),
    ("sessions_app",),
    ("archive",),
    ("lib",),
)
LEVEL = {name: len(LAYERS) - row for row, names in enumerate(LAYERS) for name in names}
APPS = frozenset(LEVEL) - {"config", "lib"}

NOT_OURS = {"var", "node_modules", "staticfiles", "test-results", "__pycache__", "build", "dist"}
DOTTED_BUT_OURS = {".ci", ".env.example", ".pre-commit-config.yaml", ".gitignore", ".editorconfig"}
TEXT = {".py", ".html", ".txt", ".md", ".toml", ".css", ".js", ".yaml", ".yml", ".cfg", ".ini", ".sh", ".example", ""}


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def parts(self) -> list[str]:
        return self.path.removesuffix(".py").split("/")

    @property
    def app(self) -> str:
        """The folder at the top: an app, `config`, `lib`, `tests`, ..."""
        return self.parts[0] if "/" in self.path else ""

    @property
    def role(self) -> str:
        """Which of an app's files this belongs to: `services` for services.py and for services/refunds.py alike."""
        if self.is_python and len(self.parts) > 1:
            return "commands" if self.parts[1] == "management" else self.parts[1]
        return ""

    @property
    def module(self) -> str:
        return ".".join(self.parts).removesuffix(".__init__")

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_ours(self) -> bool:
        """Python that runs in production: an app, `config` or `lib`, without migrations."""
        return self.is_python and self.app in LEVEL and self.role != "migrations"

    @property
    def is_template(self) -> bool:
        return self.path.endswith(".html")

    def at(self, line: int | ast.AST, sentence: str) -> str:
        number = line if isinstance(line, int) else line.lineno  # type: ignore[attr-defined]
        return f"{self.path}:{number} {sentence}"


Rule = Callable[[Sequence[Source]], list[str]]


@lru_cache(maxsize=1)
def real_tree() -> tuple[Source, ...]:
    """Return every text file of the project."""
    return tuple(_read(ROOT))


def _read(folder: Path) -> Iterator[Source]:
    for path in sorted(folder.iterdir()):
        foreign = path.name in NOT_OURS or (path.name.startswith(".") and path.name not in DOTTED_BUT_OURS)
        if foreign or path.is_symlink():
            continue
        if path.is_dir():
            yield from _read(path)
        elif path.suffix in TEXT:
            yield Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


class Imported(NamedTuple):
    line: int
    module: str
    names: tuple[str, ...]

    @property
    def app(self) -> str:
        return self.module.split(".")[0]

    @property
    def role(self) -> str:
        parts = self.module.split(".")
        return parts[1] if len(parts) > 1 else ""


def imports(source: Source) -> list[Imported]:
    """Return what a file imports; `from bookings import services` counts as the module `bookings.services`."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [Imported(node.lineno, alias.name, (alias.asname or alias.name,)) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(source, node)
            if "." in module or module not in LEVEL:
                found.append(Imported(node.lineno, module, tuple(alias.asname or alias.name for alias in node.names)))
            else:
                found += [
                    Imported(node.lineno, f"{module}.{alias.name}", (alias.asname or alias.name,))
                    for alias in node.names
                ]
    return found


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a name or a chain of attributes, looking through calls; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def called(node: ast.Call) -> str:
    """Return the last word of what is called: `delay` for `tasks.deliver.delay()`."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def top_functions(source: Source) -> list[Function]:
    return [node for node in source.tree.body if isinstance(node, Function)]


def decorators(function: Function) -> set[str]:
    return {dotted(node).rpartition(".")[2] for node in function.decorator_list}


def body(function: Function) -> list[ast.stmt]:
    """Return the statements of a function without its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def statements(function: Function) -> int:
    """Count the statements of a body, at any depth; a call that the formatter spread over lines counts once."""
    return sum(isinstance(node, ast.stmt) for statement in body(function) for node in ast.walk(statement))
