"""What Azure installs beside the app: each distribution, its size, and why it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_MIB = 2**20


@dataclass(frozen=True)
class Dependency:
    """One distribution as it is installed here."""

    name: str
    version: str
    mib: float
    reason: str


def dependencies(requirements: Path) -> list[Dependency]:
    """Returns what a requirements file brings: what it names, with the reasons it gives, and then what those need."""
    reasons: dict[str, list[str]] = {}
    waiting: list[Requirement] = []
    for requirement, reason in _named(requirements.read_text(encoding="utf-8")):
        reasons[canonicalize_name(requirement.name)] = [reason]
        waiting.append(requirement)
    named, seen = set(reasons), set[str]()
    while waiting:
        requirement = waiting.pop(0)
        for needed in _needed_by(requirement):
            name = canonicalize_name(needed.name)
            if name not in named and requirement.name not in reasons.setdefault(name, []):
                reasons[name].append(requirement.name)
            if str(needed) not in seen:
                seen.add(str(needed))
                waiting.append(needed)
    return [
        _dependency(name, ", ".join(why) if name in named else f"needed by {', '.join(why)}")
        for name, why in reasons.items()
    ]


def listing(found: list[Dependency]) -> str:
    """Returns them as text, the largest first."""
    lines = [
        f"{each.name + ' ' + each.version:<28} {each.mib:6.1f} MiB  {each.reason}"
        for each in sorted(found, key=lambda each: -each.mib)
    ]
    total = f"Deployed with the app: {sum(each.mib for each in found):.1f} MiB in {len(found)} distributions"
    return "\n".join([total, *lines])


def _named(text: str) -> Iterator[tuple[Requirement, str]]:
    for line in text.splitlines():
        requirement, _, reason = line.partition("#")
        if requirement.strip():
            yield Requirement(requirement.strip()), reason.strip()


def _needed_by(requirement: Requirement) -> Iterator[Requirement]:
    for text in distribution(requirement.name).requires or []:
        needed = Requirement(text)
        extras = requirement.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield needed


def _dependency(name: str, reason: str) -> Dependency:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return Dependency(name, "not installed here", 0, reason)
    files = [Path(str(found.locate_file(each))) for each in found.files or []]
    size = sum(file.stat().st_size for file in files if file.is_file())
    return Dependency(name, found.version, size / _MIB, reason)
