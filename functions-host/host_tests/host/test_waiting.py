"""Calls that wait: for a storage that is still starting, and so long that clients give up."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count

import anyio
import pytest
from functions_host.host.host import Running
from functions_host.host.slow_calls import PATIENCE_SECONDS, watch_slow_calls
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, raw, trigger
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio

_BLOB = raw("blob", name="file", path="notes/a.txt", connection="NOWHERE")


async def _until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110  (what is waited for knows nothing of us)
            await asyncio.sleep(0)


@asynccontextmanager
async def _watched(
    host: Host, told: list[str], executing: Callable[[], Mapping[str, Running]], seconds: float
) -> AsyncGenerator[Callable[[str], Awaitable[None]]]:
    """Gives what begins calls, which are under way until the end; meanwhile they are watched."""
    for name in ("first", "second"):
        host.worker.add(name, lambda _: Value("string", ""))
    await host.start()
    released = host.worker.released = asyncio.Event()
    calls: list[asyncio.Task[object]] = []

    async def begin(tool: str) -> None:
        calls.append(asyncio.create_task(host.result("tools/call", {"name": tool})))
        await _until(lambda: len(host.host.executing) == len(calls))

    watching = asyncio.create_task(watch_slow_calls(executing, told.append, seconds, look_seconds=0))
    try:
        yield begin
    finally:
        watching.cancel()
        released.set()
        await asyncio.gather(*calls)


@shows("diagnosis.slow")
async def test_a_call_that_outlasts_the_patience_of_many_clients_is_told_of_once(host: Host) -> None:
    told: list[str] = []
    async with _watched(host, told, lambda: host.host.executing, 0) as begin:
        await begin("first")
        await _until(lambda: told)
        await begin("second")
        await _until(lambda: len(told) > 1)
    first, second = told
    assert first.startswith("'Functions.first' has been running for 0 s (Id=")
    assert "many clients give up by now. Return sooner, and let a second tool ask for the result." in first
    assert second.startswith("'Functions.second' ")


@shows("diagnosis.slow")
async def test_a_call_of_less_than_thirty_seconds_is_not_told_of(host: Host) -> None:
    told: list[str] = []
    looks = count()

    def executing() -> Mapping[str, Running]:
        next(looks)
        return host.host.executing

    async with _watched(host, told, executing, PATIENCE_SECONDS) as begin:
        await begin("first")
        before = next(looks)
        await _until(lambda: next(looks) > before + 20)  # half of them are ours
    assert (told, PATIENCE_SECONDS) == ([], 30)


@shows("start.early")
async def test_while_the_storage_starts_only_what_needs_it_waits(host: Host) -> None:
    host.worker.add("plain", lambda _: Value("string", "answered"))
    host.worker.add("stored", lambda _: Value("string", ""), trigger("stored"), _BLOB)
    await host.start()
    host.host.storage_listens = asyncio.Event()
    stored = asyncio.create_task(host.result("tools/call", {"name": "stored"}))
    await _until(lambda: host.host.executing)
    answer = await host.result("tools/call", {"name": "plain"})
    assert answer["content"][0]["text"] == "answered"
    assert not stored.done()
    host.host.storage_listens.set()
    assert (await stored)["isError"] is True, "NOWHERE is no storage"
