"""What importing the app costs: each module that it adds is paid for at every cold start."""

import subprocess
import sys
from pathlib import Path

_SRC = Path(__file__).resolve().parents[1] / "src"
_SCRIPT = """
import sys
import azure.functions, msgspec
before = set(sys.modules)
import function_app
print(*sorted(set(sys.modules) - before))
"""


def test_importing_the_app_imports_nothing_but_azure_functions_msgspec_and_the_app_itself() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], cwd=_SRC, capture_output=True, text=True, check=True)
    own = {file.stem for file in _SRC.glob("*.py")}
    assert set(done.stdout.split()) - own == set()
