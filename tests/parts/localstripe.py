"""A real localstripe, in a process and an environment of its own: an offline double of Stripe's.

It is no package of the till's own environment: it comes as source alone, which the lock does not
take, and brings an HTTP library that would find its way into the till's package. The environment is
made once, in `build/`, by the first test that needs it.
"""

import os
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "1.15.10"
_PLACE = Path(__file__).parents[2] / "build" / f"localstripe-{VERSION}"
_PYTHON = Path("Scripts/python.exe" if os.name == "nt" else "bin/python")
# Its own command listens on every interface and keeps its objects in a file that all of them share.
_SERVE = """
import socket
from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app
Store.dump_to_disk = lambda self: None
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
web.run_app(app, sock=listener, print=None)
"""


@contextmanager
def localstripe() -> Iterator[str]:
    """Run it from scratch, and give its origin."""
    process = subprocess.Popen(
        [_interpreter(), "-c", _SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": ""},
        text=True,
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        assert port, "localstripe did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def _interpreter() -> str:
    """Give the Python that has it; what is made halfway is never taken for whole."""
    python = _PLACE / _PYTHON
    if not python.exists():
        _PLACE.parent.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".localstripe-", dir=_PLACE.parent))
        try:
            venv.create(made, with_pip=True)
            _install(made / _PYTHON)
            # Of two test workers the first wins; an environment runs from wherever it lies.
            made.rename(_PLACE)
        except OSError:
            if not python.exists():
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return str(python)


def _install(python: Path) -> None:
    done = subprocess.run(
        [
            *(str(python), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"),
            *("install", f"localstripe=={VERSION}"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, f"localstripe cannot be installed:\n{done.stderr[-2000:]}"
