"""The traceback of a function that raised, from the person's own lines on."""

import os
import re
from pathlib import Path

_HEADER = re.compile(r"( *[|+] )?(Exception Group )?Traceback \(most recent call last\):$")


def from_own_lines(stack: str, app_directory: Path) -> str:
    """Returns a traceback without the frames above the first one in the app's folder.

    These are the worker library's and ours, the same for every call. The platform logs them; we leave them out for
    reading. What stays: frames of libraries that the app calls, and a traceback in which no frame is the app's.
    """
    kept: list[str] = []
    above: list[str] | None = None  # frames that go if one of the app's follows
    margin = 0
    for line in stack.split("\n"):
        text = line[margin:]  # inside an exception group, behind its bar
        if above is not None and text.startswith(f'  File "{app_directory}{os.sep}'):
            above = None
        elif above is not None and not text.startswith("  "):
            kept += above
            above = None
        if above is not None:
            above.append(line)
            continue
        kept.append(line)
        if header := _HEADER.match(line):
            above, margin = [], len(header[1] or "")
    return "\n".join(kept + (above or []))
