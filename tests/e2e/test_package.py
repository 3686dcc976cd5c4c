"""The package, used as on a computer without Python: an empty PATH, another folder."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PySide6.QtGui import QImage

from tests.conftest import system_check
from tests.e2e.test_demo import XVFB, needs_virtual_screen

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MAKING_S, RUNNING_S = 540, 100

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    # One worker makes it, for all of them.
    pytest.mark.xdist_group("package"),
    pytest.mark.timeout(MAKING_S + RUNNING_S),
    pytest.mark.skipif(
        bool(system_check.missing("package")), reason="what PyInstaller needs is not installed"
    ),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the package in one folder and put it into another, with a name that is not plain."""
    made = tmp_path_factory.mktemp("made")
    places = (f"--dist={made / 'dist'}", f"--work={made / 'work'}")
    done = subprocess.run(
        [sys.executable, "packaging/make_package.py", "--build-only", *places],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MAKING_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    place = tmp_path_factory.mktemp("elsewhere") / "Käse & Brot 1" / "scantill"
    place.parent.mkdir()
    shutil.move(made / "dist" / "scantill", place)
    shutil.rmtree(made)
    return place


def bare(home: Path) -> dict[str, str]:
    """Give an environment in which nothing can be found: no Python, no browser."""
    (home / "empty").mkdir(parents=True, exist_ok=True)
    return {
        "PATH": str(home / "empty"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
    }


def call(package: Path, home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [package / "scantill", *words],
        cwd=home,
        env=bare(home),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=RUNNING_S,
        check=False,
    )


@contextmanager
def running(package: Path, home: Path, *words: str | Path) -> Iterator[dict[str, str]]:
    """Run a command until its addresses are said, and end it as a system's manager would."""
    command = [package / "scantill", *words]
    with subprocess.Popen(
        command, cwd=home, env=bare(home), stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout is not None
            said: dict[str, str] = {}
            while not {"accounts", "books"} & said.keys():
                name, value = process.stdout.readline().split(maxsplit=1)
                said[name] = value.strip()
            yield said
        finally:
            process.terminate()
            status = process.wait(30)
    assert status == 0


def speak_german(root: Path) -> Path:
    root.mkdir()
    (root / "scantill.toml").write_text('[window]\nlocale = "de"\n', encoding="utf-8")
    return root


def above_the_status(pictures: Path, name: str) -> QImage:
    """Give one of the demo's pictures without the strip that tells how the till stands just now."""
    (path,) = pictures.glob(f"??-{name}.png")
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    return image.copy(0, 0, image.width(), image.height() - 40)


def test_the_demo_passes_with_no_python_on_the_path(package: Path, tmp_path: Path) -> None:
    done = call(package, tmp_path, "demo", "--out", tmp_path / "pictures")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "The customer is an HTTP client that posts the page's form." in done.stdout
    assert "PAID on both screens" in done.stdout and "learned by webhook" in done.stdout
    assert "Done: every step happened." in done.stdout


@needs_virtual_screen
def test_the_demo_passes_on_a_real_x_server(package: Path, tmp_path: Path) -> None:
    environment = bare(tmp_path)
    del environment["QT_QPA_PLATFORM"]
    screen = (str(XVFB), "-a", "-s", "-screen 0 1280x800x24")
    done = subprocess.run(
        [*screen, package / "scantill", "demo", "--out", tmp_path / "pictures"],
        cwd=tmp_path,
        # xvfb-run is a script of many small programs.
        env={**environment, "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=RUNNING_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is no screen" not in done.stdout
    assert "Done: every step happened." in done.stdout


def test_another_end_of_a_payment_passes(package: Path, tmp_path: Path) -> None:
    done = call(package, tmp_path, "demo", "--end", "challenge", "--out", tmp_path / "pictures")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The customer did not confirm with the bank." in done.stdout


def test_the_german_till_looks_as_it_does_from_its_source(package: Path, tmp_path: Path) -> None:
    own, source = speak_german(tmp_path / "own"), speak_german(tmp_path / "source")
    done = call(package, tmp_path, "demo", "--data-dir", own, "--out", own / "pictures")
    assert done.returncode == 0, done.stdout + done.stderr
    options = ("--data-dir", source, "--out", source / "pictures")
    subprocess.run(
        [sys.executable, "-m", "ui.cli", "demo", *options],
        cwd=ROOT,
        env={**bare(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=RUNNING_S,
        check=True,
    )
    for name in ("sell-cart", "display-idle", "display-cart"):
        here = above_the_status(own / "pictures", name)
        there = above_the_status(source / "pictures", name)
        assert not here.isNull() and here == there, f"{name} looks otherwise than from the source"


def test_commands_without_a_window_run(package: Path, tmp_path: Path) -> None:
    assert call(package, tmp_path, "--version").stdout == f"scantill {PROJECT['version']}\n"
    assert call(package, tmp_path, "--help").stdout.startswith("usage: scantill")
    checked = call(package, tmp_path, "catalog", "check", ROOT / "catalog.toml")
    assert checked.returncode == 0 and ": good." in checked.stdout


def test_serve_and_sandbox_open_their_doors_and_leave_clean_books(
    package: Path, tmp_path: Path
) -> None:
    root = tmp_path / "till"
    with running(package, tmp_path, "sandbox", "--data-dir", tmp_path / "own") as sandbox:
        origin = sandbox["sandbox"]
        options = ("--data-dir", root, "--sandbox", origin)
        with running(package, tmp_path, "serve", *options) as served:
            health = httpx.get(f"{served['private']}/health", trust_env=False)
            assert health.json() == {"status": "ok"}
        verified = call(package, tmp_path, "verify", *options)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.splitlines()[-1] == "clean"


def test_resources_are_whole_and_the_roots_of_trust_are_there(package: Path) -> None:
    inside = package / "_internal"
    for path in (ROOT / "resources").rglob("*"):
        if path.is_file():
            assert (inside / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert "BEGIN CERTIFICATE" in (inside / "certifi" / "cacert.pem").read_text("utf-8")


def test_licences_of_everything_lie_beside_the_program(package: Path) -> None:
    assert (package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    listed = (package / "THIRD-PARTY.txt").read_text("utf-8")
    named = [re.split(r"[<>=;,\[ ]", line)[0] for line in PROJECT["dependencies"]]
    for name in [*named, "shiboken6", "Python", "the typeface Inter", "pyinstaller"]:
        wanted = name.replace("-", "[-_]")
        assert re.search(rf"^{wanted} ?[\d:]", listed, re.MULTILINE | re.IGNORECASE), name
    folders = set(re.findall(r"\((licenses/[^)]+)\)", listed))
    assert len(folders) > 20
    for folder in folders:
        texts = [package / folder] if folder.endswith(".txt") else [*(package / folder).iterdir()]
        assert sum(text.stat().st_size for text in texts) > 500, folder
    assert "GNU LESSER" in (package / "licenses/pyside6_essentials/LGPL-3.0.txt").read_text("utf-8")


def test_nothing_in_it_names_the_folder_in_which_it_was_made(package: Path) -> None:
    places = [os.fsencode(place) for place in (ROOT, sys.prefix, package.parents[3])]
    assert b"name = " in (package / "_internal" / "catalog.toml").read_bytes()
    for path in package.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(place in content for place in places), path
            assert path.stat().st_mode & 0o022 == 0, path
    readers = importlib.import_module("PyInstaller.archive.readers")
    modules = readers.CArchiveReader(str(package / "scantill")).open_embedded_archive("PYZ.pyz")
    assert {"app.settle", "app.api.door", "ui.window", "stripe"} <= modules.toc.keys()
    for name in modules.toc:
        content = modules.extract(name, raw=True) or b""
        assert not any(place in content for place in places), name
