"""The commands `functions-host` and `uv run start`, and `python -m functions_host`."""

import signal
import sys


def main() -> None:
    """Runs the command. Ctrl+C stops it in good order from its first moment on, in which it only imports."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # until the start listens for it
    from functions_host.cli import main as run

    run()


if __name__ == "__main__":
    main()
