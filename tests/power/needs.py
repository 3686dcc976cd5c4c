"""What these tests need of the system: Linux, and a C compiler for the recorder."""

import sys

import pytest

from tests.conftest import system_check

needs_recorder = pytest.mark.skipif(
    sys.platform != "linux" or bool(system_check.missing("recorder")),
    reason="the recorder needs Linux and a C compiler",
)
