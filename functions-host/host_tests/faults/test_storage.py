"""The storage is killed, hangs, is slow, breaks off and answers with errors while snippets are saved."""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tests.faults.ledger import Ledger, writing
from host_tests.faults.processes import azurite_of, azurite_on
from host_tests.faults.storage_proxy import Move, Rule, Stage, StorageProxy, StorageRequest, go_on, storage_proxy
from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, azurite_connection_string, free_port, running_azurite, running_server
from host_tests.wire.raw_http import call, post

_STAGES: tuple[Stage, ...] = ("half", "sent", "asked", "answered")


@dataclass
class _Behind:
    """A server whose storage is behind a proxy."""

    server: Server
    storage: str
    proxy: StorageProxy
    release: Callable[[], None]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Behind]:
    port, data = free_port(), tmp_path_factory.mktemp("data")
    with running_azurite(port, data / "azurite"), storage_proxy(port) as (proxy, release):
        storage = azurite_connection_string(proxy.port)
        with running_server(SAMPLES, storage=storage, data=data / "unused") as server:
            yield _Behind(server, azurite_connection_string(port), proxy, release)


@shows("storage.killed")
def test_an_azurite_killed_in_mid_write_keeps_all_that_it_acknowledged(
    tmp_path: Path, fault_rounds: int, ledger: Ledger
) -> None:
    port = free_port()
    storage = azurite_connection_string(port)
    with ExitStack() as stack:
        azurite = stack.enter_context(ExitStack())
        azurite.enter_context(running_azurite(port, tmp_path / "azurite"))
        proxy, _ = stack.enter_context(storage_proxy(port))
        server = stack.enter_context(
            running_server(SAMPLES, storage=azurite_connection_string(proxy.port), data=tmp_path / "unused")
        )
        for number in range(fault_rounds):
            with writing(server.target, ledger):
                ledger.wait_for_more(5)
                killed = threading.Event()
                proxy.rule = _kills(azurite_on(port), _STAGES[number % 4], 1 + number % 7, killed)
                assert killed.wait(30)
                ledger.wait_for_more_failed(1)
                azurite.close()
                proxy.rule = go_on
                azurite.enter_context(running_azurite(port, tmp_path / "azurite"))
                ledger.wait_for_more(5)
            ledger.check(storage, server.target)


@shows("storage.killed")
def test_an_azurite_that_the_host_has_started_is_started_again_when_it_is_killed(
    tmp_path: Path, fault_rounds: int, ledger: Ledger
) -> None:
    storage = azurite_connection_string(free_port())
    with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
        for number in range(fault_rounds):
            with writing(server.target, ledger):
                ledger.wait_for_more(1 + number % 7)
                os.kill(azurite_of(server), signal.SIGKILL)
                server.wait_for("Azurite ended (exit code -9). Starting it again.")
                ledger.wait_for_more(5)
            ledger.check(storage, server.target)


def _kills(process_id: int, stage: Stage, writes: int, killed: threading.Event) -> Rule:
    """Returns a rule that kills the storage when so many more writes have come to a stage."""
    seen = itertools.count(1)

    def rule(at: Stage, request: StorageRequest) -> Move:
        if at == stage and request.writes and next(seen) == writes:
            os.kill(process_id, signal.SIGKILL)
            killed.set()
        return "go on"

    return rule


@shows("storage.unreachable")
@pytest.mark.parametrize("status", [500, 503])
def test_a_storage_that_answers_with_errors_fails_calls_and_loses_nothing(
    behind: _Behind, status: int, fault_rounds: int, ledger: Ledger
) -> None:
    for number in range(fault_rounds):
        with writing(behind.server.target, ledger):
            ledger.wait_for_more(3)
            behind.proxy.rule = lambda stage, _: status if stage == "asked" else "go on"
            ledger.wait_for_more_failed(2 + number % 5)
            assert _says_hello(behind.server)
            behind.proxy.rule = go_on
            ledger.wait_for_more(3)
        ledger.check(behind.storage, behind.server.target)


@shows("storage.unreachable")
@pytest.mark.parametrize("stage", _STAGES)
def test_a_storage_that_breaks_off_fails_calls_and_loses_nothing(
    behind: _Behind, stage: Stage, fault_rounds: int, ledger: Ledger
) -> None:
    for number in range(fault_rounds):
        with writing(behind.server.target, ledger):
            ledger.wait_for_more(3)
            # Each third request is too few to fail a call: it is tried three times. All of them fail each.
            behind.proxy.rule = lambda at, request: "cut" if at == stage and request.number % 3 == 0 else "go on"
            ledger.wait_for_more(3 + number % 5)
            behind.proxy.rule = lambda at, request: "cut" if at == stage and request.writes else "go on"
            ledger.wait_for_more_failed(2)
            behind.proxy.rule = go_on
            ledger.wait_for_more(3)
        ledger.check(behind.storage, behind.server.target)


@shows("storage.slow")
@pytest.mark.parametrize("stage", _STAGES)
def test_a_storage_that_hangs_delays_only_what_needs_it_and_what_it_does_then_is_kept(
    behind: _Behind, stage: Stage, fault_rounds: int, ledger: Ledger
) -> None:
    for number in range(fault_rounds):
        with writing(behind.server.target, ledger):
            ledger.wait_for_more(3)
            held = threading.Semaphore(0)

            def hold(at: Stage, request: StorageRequest, held: threading.Semaphore = held) -> Move:
                if at != stage or not request.writes:
                    return "go on"
                held.release()
                return "hold"

            behind.proxy.rule = hold
            for _ in range(1 + number % 4):
                assert held.acquire(timeout=30)
            assert _says_hello(behind.server)
            behind.release()
            ledger.wait_for_more(3)
        ledger.check(behind.storage, behind.server.target)


def _says_hello(server: Server) -> bool:
    result = post(server.target, call("hello")).event["result"]
    return result["content"][0]["text"] == "Hello I am MCPTool!"
