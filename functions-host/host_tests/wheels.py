"""Packages of one line, for requirements files of tests: no index is asked for them."""

import zipfile
from pathlib import Path

LINUX_TOO_NEW = "cp313-cp313-manylinux_2_35_x86_64"
"""A tag that this machine takes, and the Linux that Azure builds on does not."""


def wheel(folder: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any", source: str = "") -> None:
    """Writes the wheel of a package `name` whose module says its own version, or is `source`."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    pure = "true" if tag.endswith("none-any") else "false"
    metadata = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{name}.py": source or f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        for file, content in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, content)
