"""What the tests import is compiled once, and not at each run, where PYTHONDONTWRITEBYTECODE is set.

It is in the images of many containers, and what uv installs is not compiled either: that took each run twelve seconds.
Nothing is written beside anybody's sources. The host does the same at its start, and is not imported here: the template
knows it by its command alone.
"""

import os
import sys

if sys.dont_write_bytecode and sys.pycache_prefix is None:
    sys.pycache_prefix = os.path.join(sys.prefix, "compiled")
    sys.dont_write_bytecode = False
