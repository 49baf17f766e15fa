"""The Azurite that all share: `uv run start` finds it there and starts none."""

import contextlib
import sys
import threading
from pathlib import Path

from host_tests.servers import running_azurite

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), running_azurite(int(sys.argv[1]), Path(sys.argv[2])):
        threading.Event().wait()
