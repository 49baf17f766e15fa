"""The snippet tools without any server: a script on azure-storage-blob with as many callers as the servers have.

What it takes is the least that a tool on this SDK can take: no HTTP before the SDK, no MCP, no second process.
`measurement.LoadGenerator` runs it, on the servers' core, where it shares the time with Azurite as the servers do.
"""

import os
import time

from azure.storage.blob.aio import ContainerClient

from host_tests.benchmarks.calling import Caller, run, serve_loads
from host_tests.benchmarks.calls import CALLER_NUMBER, REQUEST_NUMBER
from host_tests.benchmarks.connection import CallError
from host_tests.benchmarks.measurement import Load


class DirectCaller:
    """Reads or writes one blob after the other."""

    def __init__(self, load: Load, caller: int, container: ContainerClient) -> None:
        self._container = container
        self._method = load.call.method
        blob: str = load.call.params["blob"]
        self._blob = blob.replace(str(CALLER_NUMBER), str(CALLER_NUMBER + caller))
        self._text: str = load.call.params.get("text", "")
        self._expected = load.call.expected

    async def open(self) -> None:
        """Needs nothing: the SDK connects by itself."""

    async def call(self, number: bytes) -> float:
        """Does what the tool would do. Raises CallError if something else was stored."""
        if self._method == "upload_blob":
            blob = self._blob.replace(str(REQUEST_NUMBER), number.decode())
            await self._container.upload_blob(blob, self._text.encode(), overwrite=True)
        else:
            content = await (await self._container.download_blob(self._blob)).readall()
            if content.decode() != self._expected:
                raise CallError(f"another content in {self._blob}")
        return time.perf_counter()

    async def close(self) -> None:
        """Leaves the connections open for the next load."""


async def main() -> None:
    """Does loads with one client for all callers, as a server has one."""
    connection_string = os.environ["AzureWebJobsStorage"]  # noqa: SIM112  (as Azure spells it)
    async with ContainerClient.from_connection_string(connection_string, "snippets") as container:

        def make_caller(load: Load, caller: int) -> Caller:
            return DirectCaller(load, caller, container)

        await serve_loads(make_caller)


if __name__ == "__main__":
    run(main())
