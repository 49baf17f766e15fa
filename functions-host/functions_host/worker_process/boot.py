"""What the app's interpreter runs first: it finds the rest of this folder without seeing the host's packages.

Arguments: the folder of the worker library, then those of process.main. This file is run by its path, with -P, so that
neither the folder that it is in nor the current one is on sys.path.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

_PACKAGE = "functions_host_worker"  # a name that no app has

if __name__ == "__main__":
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    # Behind the app's packages and before its folder, as the platform lays them: see worker/library.py.
    sys.path.append(sys.argv[1])
    importlib.import_module(f"{_PACKAGE}.process").run(sys.argv[2:])
