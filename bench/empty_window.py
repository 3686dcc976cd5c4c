"""The least that a window can be: PySide6 and nothing in it. The till's figures stand beside it."""

import json
import signal
import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from bench.stalls import Stalls
from ui.timings import Timings


def main() -> int:
    """Show the window until the process is ended.

    With `--stalls` say how late its loop was, once the standard input is closed.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    application = QApplication(["empty"])
    window = QMainWindow()
    window.setCentralWidget(QWidget())
    window.resize(1280, 800)
    timings = Timings.of(window)
    window.show()
    if timings is not None:
        timings.note_started()
    if "--stalls" in sys.argv:
        stalls = Stalls()
        closed = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        closed.activated.connect(application.quit)
        application.exec()
        print(json.dumps(stalls.values_ms), flush=True)
        return 0
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
