"""The command in its first moment: what it imports, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from functions_host.cli import EXIT_PERSON, main

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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prot", "1"], "Unrecognized arguments: --prot 1.\nDid you mean --port? --help lists them all.\n"),
        (["--xyz"], "Unrecognized arguments: --xyz.\n--help lists all options.\n"),
        (
            ["--port", "http"],
            "Argument -p/--port: a port is a number from 0 to 65535, not 'http'.\n--help lists all options.\n",
        ),
    ],
)
def test_an_option_that_is_wrong_is_one_sentence_and_what_to_do(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == EXIT_PERSON
    assert capsys.readouterr() == ("", said)
