"""The Bicep compiler, where there is one: on the PATH, or where azd and the Azure CLI keep theirs.

One process answers everything, by JSON-RPC over its standard streams: a process an answer would take longer than all of
the tests. https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-cli#jsonrpc
"""

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Ids of the subscription that a snapshot is taken for.
TENANT = "22222222-2222-2222-2222-222222222222"
SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
_SECONDS_TO_END = 10


def path_of_compiler() -> str | None:
    """Returns where the compiler is, or None."""
    own = [Path.home() / folder / "bin" for folder in (".azd", ".azure")]
    return shutil.which("bicep", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, own)]))


# For whatever asks the compiler.
needs_compiler = pytest.mark.skipif(
    path_of_compiler() is None, reason="there is no Bicep compiler on the PATH, in ~/.azd/bin or in ~/.azure/bin"
)


@dataclass(frozen=True)
class Snapshot:
    """What a deployment would make, as far as that can be known before."""

    resources: list[dict[str, Any]]
    outputs: dict[str, Any]

    def of(self, resource_type: str, name: str = "") -> list[dict[str, Any]]:
        """Returns the resources of a type, such as "Microsoft.Web/sites"; those whose name ends so, if one is given."""
        return [one for one in self.resources if one["type"] == resource_type and one["name"].endswith(name)]

    def one(self, resource_type: str, name: str = "") -> dict[str, Any]:
        """Returns the only resource of a type, without what its own modules give it to do."""
        (found,) = self.of(resource_type, name)
        return found


class Compiler:
    """A running compiler."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._calls = 0

    @property
    def version(self) -> tuple[int, ...]:
        """Such as (0, 49, 2)."""
        return tuple(int(part) for part in self._call("bicep/version", {})["version"].split("-")[0].split("."))

    def compile(self, file: Path) -> tuple[dict[str, Any], list[str]]:
        """Returns the template that a file and its modules make, and what the compiler and its linter say of them."""
        result = self._call("bicep/compile", {"path": str(file)})
        said = [f"{Path(one['source']).name}: {one['code']}: {one['message']}" for one in result["diagnostics"]]
        return json.loads(result.get("contents") or "{}"), said

    def format(self, file: Path) -> str:
        """Returns how the compiler would write a file."""
        return self._call("bicep/format", {"path": str(file)})["contents"]

    def snapshot(self, parameters: Path) -> Snapshot:
        """Returns what a .bicepparam file deploys."""
        of = {
            "tenantId": TENANT,
            "subscriptionId": SUBSCRIPTION,
            "location": "eastus2",
            "deploymentName": "test",
        }
        result = self._call("bicep/getSnapshot", {"path": str(parameters), "metadata": of})
        snapshot = json.loads(result["snapshot"])
        assert snapshot["diagnostics"] == []
        return Snapshot(snapshot["predictedResources"], snapshot["outputs"])

    def _call(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        self._calls += 1
        message = json.dumps({"jsonrpc": "2.0", "id": self._calls, "method": method, "params": params}).encode()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(message) + message)
        self._process.stdin.flush()
        length = 0
        while (line := self._process.stdout.readline().strip().lower()) or not length:
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            assert self._process.poll() is None, "the compiler has ended"
        answer = json.loads(self._process.stdout.read(length))
        assert "error" not in answer, answer["error"]["message"]
        return answer["result"]


@contextmanager
def running_compiler() -> Generator[Compiler]:
    """Runs the compiler, until the end of the block."""
    compiler = path_of_compiler()
    assert compiler is not None
    # Where the system has no ICU, .NET would not start; and it runs for too short a time to measure itself.
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_TieredPGO": "0"}
    command = [compiler, "jsonrpc", "--stdio"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Compiler(process)
            assert process.stdin
            process.stdin.close()
            process.wait(_SECONDS_TO_END)
        finally:
            process.kill()
