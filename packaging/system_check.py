#!/usr/bin/env python3
"""Says what the operating system lacks for Scantill, and the one command that installs it.

Run by `make` before anything else, so it needs nothing but the standard library:

    python packaging/system_check.py set-up  what making the virtual environment needs
    python packaging/system_check.py run     and opening the till, or playing its demo
    python packaging/system_check.py package and making the package
    python packaging/system_check.py bench   and measuring windows on a screen of their own
    python packaging/system_check.py test    and running the whole test suite
    python packaging/system_check.py ci      the same, but a lack is an error

Nothing is printed when everything is there. A lack makes the exit status 1; but in `test` only
what set-up needs does so, because the suite runs what it can and names the rest at its end. With
`--packages` only the missing packages' names are printed, and the exit status is 0.

The test suite loads this file by its path and asks `missing()`.
"""

import argparse
import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

Purpose = Literal[
    "set-up",
    "qt",
    "x11",
    "wayland",
    "package",
    "virtual screen",
    "monitors",
    "browser",
    "network",
    "recorder",
]
Mode = Literal["set-up", "run", "package", "bench", "test", "ci"]


class Part(NamedTuple):
    """Something that pip cannot install, and the Debian package that brings it.

    `name` is a library's soname, the name of a module of Python's own library, or the names that
    a program may have, with `|` between them.
    """

    name: str
    package: str
    purpose: Purpose


class Missing(NamedTuple):
    """A part that is not on this computer."""

    name: str
    package: str
    purpose: Purpose


PARTS = (
    # Debian takes this out of the standard library; in a virtual environment it has done its work.
    Part("ensurepip", f"python3.{sys.version_info.minor}-venv", "set-up"),
    # What Qt's own libraries are linked against, beyond libc and libstdc++.
    Part("libEGL.so.1", "libegl1", "qt"),
    Part("libGL.so.1", "libgl1", "qt"),
    Part("libX11.so.6", "libx11-6", "qt"),
    Part("libdbus-1.so.3", "libdbus-1-3", "qt"),
    Part("libfontconfig.so.1", "libfontconfig1", "qt"),
    Part("libfreetype.so.6", "libfreetype6", "qt"),
    Part("libglib-2.0.so.0", "libglib2.0-0", "qt"),
    Part("libxkbcommon.so.0", "libxkbcommon0", "qt"),
    Part("libzstd.so.1", "libzstd1", "qt"),
    Part("libX11-xcb.so.1", "libx11-xcb1", "x11"),
    Part("libxcb.so.1", "libxcb1", "x11"),
    Part("libxcb-cursor.so.0", "libxcb-cursor0", "x11"),
    Part("libxcb-icccm.so.4", "libxcb-icccm4", "x11"),
    Part("libxcb-image.so.0", "libxcb-image0", "x11"),
    Part("libxcb-keysyms.so.1", "libxcb-keysyms1", "x11"),
    Part("libxcb-randr.so.0", "libxcb-randr0", "x11"),
    Part("libxcb-render.so.0", "libxcb-render0", "x11"),
    Part("libxcb-render-util.so.0", "libxcb-render-util0", "x11"),
    Part("libxcb-shape.so.0", "libxcb-shape0", "x11"),
    Part("libxcb-shm.so.0", "libxcb-shm0", "x11"),
    Part("libxcb-sync.so.1", "libxcb-sync1", "x11"),
    Part("libxcb-util.so.1", "libxcb-util1", "x11"),
    Part("libxcb-xfixes.so.0", "libxcb-xfixes0", "x11"),
    Part("libxcb-xkb.so.1", "libxcb-xkb1", "x11"),
    Part("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "x11"),
    Part("libwayland-client.so.0", "libwayland-client0", "wayland"),
    Part("libwayland-cursor.so.0", "libwayland-cursor0", "wayland"),
    # With these PyInstaller finds out which libraries to take along.
    Part("objdump", "binutils", "package"),
    Part("ldd", "libc-bin", "package"),
    Part("Xvfb", "xvfb", "virtual screen"),
    Part("xauth", "xauth", "virtual screen"),
    # For the Node.js that playwright's package brings.
    Part("libatomic.so.1", "libatomic1", "browser"),
    Part("chromium|chromium-browser|google-chrome", "chromium", "browser"),
    Part("xrandr", "x11-xserver-utils", "monitors"),
    Part("ip", "iproute2", "network"),
    # The compiler with libc's headers, which its own package only recommends.
    Part("cc|gcc", "build-essential", "recorder"),
)
# Where Ubuntu's name differs from Debian's.
UBUNTU_PACKAGES = {"chromium": "chromium-browser"}

_FOR_TESTS: tuple[Purpose, ...] = (
    "virtual screen",
    "monitors",
    "browser",
    "network",
    "recorder",
)

REASONS: dict[Purpose, str] = {
    "set-up": "to make a virtual environment",
    "qt": "to draw anything",
    "x11": "for a window on X11",
    "wayland": "for a window on Wayland",
    "package": "to make the package",
    "virtual screen": "to test real windows without a screen",
    "monitors": "to plug and unplug monitors in tests",
    "browser": "to test with a browser as the customer's phone",
    "network": "to test with a phone on another computer",
    "recorder": "to record what a till writes, for the test of power cuts",
}


def missing(*purposes: Purpose) -> list[Missing]:
    """Name what these purposes need and this computer lacks.

    Empty on systems other than Linux: there Qt brings all it needs. The environment variable
    `SCANTILL_PRETEND_MISSING` (names with commas between) makes parts count as missing, so that
    what happens then can be tried.
    """
    if sys.platform != "linux":
        return []
    pretended = set(os.environ.get("SCANTILL_PRETEND_MISSING", "").split(","))
    return [
        Missing(part.name.split("|")[0], _package_here(part.package), part.purpose)
        for part in PARTS
        if part.purpose in purposes
        and (not pretended.isdisjoint(part.name.split("|")) or not _is_here(part.name))
    ]


def sentence(lacks: Iterable[Missing]) -> str:
    """Put into one line what is missing, what for, and the command that installs it."""
    lacks = list(lacks)
    names: dict[Purpose, list[str]] = {}
    for lack in lacks:
        names.setdefault(lack.purpose, []).append(lack.name)
    what = "; ".join(f"{_in_short(group)} {REASONS[why]}" for why, group in names.items())
    return f"This computer lacks {what}. To install: {install_command(lacks)}"


def install_command(lacks: Iterable[Missing]) -> str:
    """Give the command for these parts on Debian and Ubuntu, without `sudo` for root."""
    packages = " ".join(dict.fromkeys(lack.package for lack in lacks))
    apt = "apt-get" if os.geteuid() == 0 else "sudo apt-get"
    return f"{apt} update && {apt} install -y --no-install-recommends {packages}"


def purposes_of(mode: Mode) -> tuple[Purpose, ...]:
    """Tell what a way of running needs, given the screen that the environment offers."""
    if mode == "set-up":
        return ("set-up",)
    if mode == "package":
        return ("set-up", "qt", "x11", "package")
    if mode == "bench":
        return ("set-up", "qt", "x11", "virtual screen")
    if mode != "run":
        return ("set-up", "qt", "x11", "package", *_FOR_TESTS)
    if os.environ.get("DISPLAY"):
        return ("set-up", "qt", "x11")
    if os.environ.get("WAYLAND_DISPLAY"):
        return ("set-up", "qt", "wayland")
    return ("set-up", "qt")


def main() -> int:
    """Print what is missing, if anything; see the module's docstring for the exit status."""
    parser = argparse.ArgumentParser(description="Name what the operating system lacks.")
    parser.add_argument("mode", choices=["set-up", "run", "package", "bench", "test", "ci"])
    parser.add_argument("--packages", action="store_true", help="only the packages' names")
    arguments = parser.parse_args()
    lacks = missing(*purposes_of(arguments.mode))
    if arguments.packages:
        for package in dict.fromkeys(lack.package for lack in lacks):
            print(package)
        return 0
    if not lacks:
        return 0
    print(sentence(lacks), file=sys.stderr)
    if arguments.mode == "test":
        return int(any(lack.purpose == "set-up" for lack in lacks))
    return 1


def _in_short(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])}, {len(names) - 3} more"


def _is_here(name: str) -> bool:
    if name == "ensurepip":
        in_environment = sys.prefix != sys.base_prefix
        return in_environment or importlib.util.find_spec(name) is not None
    if ".so" not in name:
        return any(shutil.which(program) for program in name.split("|"))
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _package_here(package: str) -> str:
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return package
    on_ubuntu = "ID=ubuntu" in release.splitlines()
    return UBUNTU_PACKAGES.get(package, package) if on_ubuntu else package


if __name__ == "__main__":
    sys.exit(main())
