"""The compiler and what it makes of the templates, once for all tests of a worker."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra import parameters
from tests.infra.compiler import Compiler, Snapshot, running_compiler

_INFRA = Path(__file__).resolve().parents[2] / "infra"

_OLDEST = (0, 45)  # what azd of the summer of 2026 brings

type Deploy = Callable[[Mapping[str, str]], Snapshot]


@pytest.fixture(scope="session")
def compiler() -> Iterator[Compiler]:
    with running_compiler() as running:
        if running.version < _OLDEST:
            pytest.skip(f"Bicep {'.'.join(map(str, running.version))} knows too little of 2026: azd brings a newer one")
        yield running


@pytest.fixture(scope="session")
def template(compiler: Compiler) -> dict[str, Any]:
    """What main.bicep and its modules compile to."""
    compiled, said = compiler.compile(_INFRA / "main.bicep")
    assert said == []
    return compiled


@pytest.fixture(scope="session")
def deploy(compiler: Compiler, template: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Tells what `azd provision` would make with an azd environment."""
    copy = tmp_path_factory.mktemp("deploy") / "infra"
    shutil.copytree(_INFRA, copy, ignore=shutil.ignore_patterns("hooks"))
    taken: dict[frozenset[tuple[str, str]], Snapshot] = {}

    def deploy(environment: Mapping[str, str]) -> Snapshot:
        if before := taken.get(frozenset(environment.items())):
            return before
        resolved = parameters.resolve(_INFRA, template, environment)
        assert resolved.problems == ()
        lines = [f"param {name} = {_in_bicep(value)}" for name, value in resolved.values.items()]
        file = copy / f"{len(taken)}.bicepparam"
        file.write_text("\n".join(["using 'main.bicep'", *lines]), encoding="utf-8")
        snapshot = compiler.snapshot(file)
        taken[frozenset(environment.items())] = snapshot
        return snapshot

    return deploy


def _in_bicep(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${") + "'"
    return str(value).lower()
