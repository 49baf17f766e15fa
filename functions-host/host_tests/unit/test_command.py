"""The command in its first moment, in which it only imports."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_what_it_imports_is_compiled_once_even_where_python_is_told_to_keep_nothing(tmp_path: Path) -> None:
    script = "import sys; sys.prefix = sys.argv.pop(1); from functions_host.__main__ import main; main()"
    command = [sys.executable, "-c", script, str(tmp_path), "--help"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    subprocess.run(
        command, check=True, capture_output=True, timeout=30, env=environment | {"PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert list((tmp_path / "compiled").glob("**/functions_host/cli.*.pyc"))
