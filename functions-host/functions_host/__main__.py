"""The commands `functions-host` and `uv run start`, and `python -m functions_host`."""

import os
import signal
import sys


def main() -> None:
    """Runs the command. Ctrl+C stops it in good order from its first moment on, in which it only imports."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # until the start listens for it
    _keep_compiled()
    from functions_host.cli import main as run

    run()


def _keep_compiled() -> None:
    """Has Python keep what it compiles where PYTHONDONTWRITEBYTECODE is set, as in the images of many containers.

    uv leaves what it installs as it is, so each start would compile all of it again, which takes longer than all the
    rest. It is kept in the host's own environment, and nothing is written beside anybody's sources.
    """
    if sys.dont_write_bytecode and sys.pycache_prefix is None:
        sys.pycache_prefix = os.path.join(sys.prefix, "compiled")
        sys.dont_write_bytecode = False


if __name__ == "__main__":
    main()
