"""The licences of everything in the package, gathered from where it was taken.

A library whose licence cannot be found ends the build.
"""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

_INTRODUCTION = """\
Scantill {version} is under the MIT licence, which is in LICENSE. This package also holds the works
of others, each under its own licence; the texts are in the folder licenses.

Qt and Qt for Python (PySide6, Shiboken) are used under the GNU Lesser General Public License,
version 3. They are unmodified, and are loaded as shared libraries from _internal: you may put
your own builds of the same version in their place. Their sources are at
https://download.qt.io/official_releases/QtForPython/ and https://download.qt.io/official_releases/qt/
What Qt itself contains of others is listed at https://doc.qt.io/qt-6/licenses-used-in-qt.html

"""
_MARKS = ("licen", "copying", "notice", "copyright")
# Their wheels name these licences and do not hold their texts.
_TEXTS_HERE = {
    "pyside6_essentials": ("LGPL-3.0.txt", "GPL-3.0.txt"),
    "shiboken6": ("LGPL-3.0.txt", "GPL-3.0.txt"),
}
# The program that starts the package, and the code by which it finds its modules.
_ALWAYS = ("pyinstaller", "pyinstaller_hooks_contrib")


def write(
    package: Path, root: Path, version: str, *, files: Iterable[Path], libraries: Iterable[Path]
) -> None:
    """Write LICENSE, THIRD-PARTY.txt and licenses/ for a package that was made from these files."""
    folder = package / "licenses"
    shutil.copyfile(root / "LICENSE", package / "LICENSE")
    owners = _owners()
    libraries = set(libraries)
    shipped = {owners[path] for path in {*files, *libraries} if path in owners} | set(_ALWAYS)
    lines = [_described(next(iter(distributions(name=n))), folder, root) for n in sorted(shipped)]
    lines.append(f"Python {sys.version.split()[0]}: PSF-2.0 (licenses/python)")
    _copy([_python_licence()], folder / "python")
    for font in sorted((root / "resources" / "fonts").glob("*/LICENSE*")):
        name = font.parent.name
        lines.append(f"the typeface {name.title()}: OFL-1.1 (licenses/{name})")
        _copy([font], folder / name)
    python = Path(sysconfig.get_path("stdlib")).parent.resolve()
    of_system = [
        path
        for path in libraries
        if path not in owners
        and not (path.parent.resolve() == python or "lib-dynload" in path.parts)
    ]
    lines += _system_libraries(of_system, folder / "system")
    text = _INTRODUCTION.format(version=version) + "".join(f"{line}\n" for line in lines)
    (package / "THIRD-PARTY.txt").write_text(text, encoding="utf-8")


def _owners() -> dict[Path, str]:
    """Tell which installed library each installed file belongs to."""
    return {
        Path(str(distribution.locate_file(file))).absolute(): _name(distribution)
        for distribution in distributions()
        for file in distribution.files or ()
    }


def _name(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"]).lower().replace("-", "_")


def _described(distribution: Distribution, folder: Path, root: Path) -> str:
    """Copy a library's licence and give its line for the list."""
    name = _name(distribution)
    texts = [
        Path(str(distribution.locate_file(file)))
        for file in distribution.files or ()
        if ".dist-info" in file.parts[0] and any(mark in file.name.lower() for mark in _MARKS)
    ]
    texts += [root / "packaging" / "licences" / text for text in _TEXTS_HERE.get(name, ())]
    if not texts:
        sys.exit(f"the package holds {name}, and its licence is not to be found")
    _copy(texts, folder / name)
    metadata = distribution.metadata
    named = (metadata[key] for key in ("License-Expression", "License") if key in metadata)
    words = next(named, "see its text").splitlines()[0]
    return f"{metadata['Name']} {distribution.version}: {words} (licenses/{name})"


def _python_licence() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = (
        Path(sysconfig.get_path("stdlib"), "LICENSE.txt"),
        Path(sys.base_prefix, "LICENSE.txt"),
        Path("/usr/share/doc", version, "copyright"),
    )
    found = next(filter(Path.is_file, places), None)
    return found or sys.exit("the licence of Python is not to be found")


def _system_libraries(paths: list[Path], folder: Path) -> list[str]:
    """Copy what Debian says of each library that was taken from the system; elsewhere name them."""
    lines = []
    for path in sorted(paths, key=lambda path: path.name):
        package = _debian_package(path)
        notice = Path("/usr/share/doc", package, "copyright") if package else None
        if notice is not None and notice.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notice, folder / f"{package}.txt")
            lines.append(f"{path.name}, from Debian's {package} (licenses/system/{package}.txt)")
        else:
            lines.append(f"{path.name}, from the system on which the package was made")
    return lines


def _debian_package(path: Path) -> str:
    if shutil.which("dpkg") is None:
        return ""
    # Debian knows a library under one of two names, /lib or /usr/lib.
    names = {str(path), str(path.resolve())}
    names |= {name.removeprefix("/usr") for name in names}
    asked = subprocess.run(
        ["dpkg", "--search", *sorted(names)],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.partition(":")[0]


def _copy(texts: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        target = folder / text.name
        if target.exists():
            target = folder / f"{text.parent.name}-{text.name}"
        shutil.copyfile(text, target)
