"""The command in its first moment, in which it only imports."""

import subprocess
import sys

import pytest

# Presses Ctrl+C when the command begins to import what it consists of.
_INTERRUPTED = """
import os, signal, sys
from functions_host.__main__ import main

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "functions_host.start":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a program cannot press Ctrl+C for itself there")
def test_ctrl_c_before_anything_is_loaded_is_a_stop_without_a_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=20, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
