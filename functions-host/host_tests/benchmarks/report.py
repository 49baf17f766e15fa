"""Everything that was measured, and on what, as JSON for a program."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from host_tests.benchmarks.dependencies import Dependency
from host_tests.benchmarks.samples import Row, Sample
from host_tests.benchmarks.targets import Verdict


def write_json(
    path: Path,
    cores: str,
    rows: Sequence[Row],
    samples: Sequence[Sample],
    verdicts: Sequence[Verdict],
    deployed: Sequence[Dependency],
) -> None:
    """Writes the file, and its folder if there is none."""
    machine = {"platform": platform.platform(), "python": platform.python_version(), "cores": cores}
    names = ("fastmcp", "mcp", "starlette", "uvicorn", "azure-storage-blob", "azure-functions")
    report = {
        "machine": machine,
        "versions": {name: version(name) for name in names},
        "targets": verdicts,
        "rows": rows,
        "deployed": deployed,
        "samples": samples,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
