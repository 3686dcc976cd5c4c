"""What goes into the package and what stays out; used by `scantill.spec`.

A change here is proved by `tests/e2e/test_package.py`.
"""

import ast
import pickle
import pickletools
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

Entry = tuple[str, str, str]
"""Of PyInstaller's tables: the name in the package, the file that it comes from, and its kind."""

# Driven by the demo where it is installed; the demo does without.
OPTIONAL = ("playwright",)
# What libraries would like to have and do not need, and what is for developers.
UNUSED = (
    "IPython",
    "PIL",
    "PySide6.QtDBus",
    "PySide6.QtNetwork",
    "_pytest",
    "curses",
    "distutils",
    "greenlet",
    "hypothesis",
    "mypy",
    "numpy",
    "psutil",
    "pygments",
    "pytest",
    "readline",
    "rich",
    "setuptools",
    "tkinter",
    "yaml",
)
LEFT_OUT = [*OPTIONAL, *UNUSED]

_LOCALE_DATA = "babel/locale-data/"
_TRANSLATIONS = "PySide6/Qt/translations/"


def modules(root: Path) -> list[str]:
    """Name every module of the till: some are imported by a name that only running it gives."""
    return sorted(
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for folder in ("app", "ui")
        for path in (root / folder).rglob("*.py")
    )


def check_imports(root: Path) -> None:
    """Raise SystemExit where the till imports something that the package leaves out."""
    for folder in ("app", "ui"):
        for path in sorted((root / folder).rglob("*.py")):
            for name in _imported(ast.parse(path.read_bytes())):
                for unused in UNUSED:
                    if f"{name}.".startswith(f"{unused}."):
                        sys.exit(f"{path}: {name} is left out of the package (contents.UNUSED)")


def is_wanted(entry: Entry) -> bool:
    """Say whether a data file is used: of Qt's translations its own words for widgets."""
    name = Path(entry[0]).as_posix()
    return not name.startswith(_TRANSLATIONS) or name.startswith(f"{_TRANSLATIONS}qtbase_")


def with_small_locale_data(datas: Iterable[Entry], work: Path) -> list[Entry]:
    """Write Babel's locales more densely: all of them are kept whole, in two thirds of the space.

    Babel ships them in the oldest format that every Python reads. Raises SystemExit where what
    was written is not what was read.
    """
    work.mkdir(parents=True, exist_ok=True)
    return [
        (name, _dense(Path(source), work), kind)
        if Path(name).as_posix().startswith(_LOCALE_DATA) and name.endswith(".dat")
        else (name, source, kind)
        for name, source, kind in datas
    ]


def without_debug_symbols(binaries: Iterable[Entry], work: Path) -> list[Entry]:
    """Take the symbols for debuggers out of Python's own libraries, where they were built with any.

    Only these: what comes in wheels is stripped already, and some of it does not survive it twice.
    """
    strip = shutil.which("strip") if sys.platform == "linux" else None
    if strip is None:
        return list(binaries)
    work.mkdir(parents=True, exist_ok=True)
    base = Path(sys.base_prefix).resolve()
    kept = []
    for name, source, kind in binaries:
        path = Path(source).resolve()
        is_pythons = path.is_relative_to(base / "lib") and "site-packages" not in path.parts
        if kind != "SYMLINK" and base != Path("/usr") and is_pythons:
            target = work / path.name
            subprocess.run([strip, "--strip-debug", "-o", target, path], check=True)
            kept.append((name, str(target), kind))
        else:
            kept.append((name, source, kind))
    return kept


def _imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _dense(source: Path, work: Path) -> str:
    data = pickle.loads(source.read_bytes())  # noqa: S301 - Babel's own file, of the locked wheel
    dense = pickletools.optimize(pickle.dumps(data, protocol=5))
    if repr(pickle.loads(dense)) != repr(data):  # noqa: S301 - written one line above
        sys.exit(f"{source.name}: the locale would not be the same")
    target = work / source.name
    target.write_bytes(dense)
    return str(target)
