"""How many environments there are, for how long, and what they leave behind: nothing."""

import asyncio
import io
import sys
import threading
import time
from pathlib import Path
from typing import Literal

import anyio
import pytest
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.pool.environment import CallLimits, Environment
from functions_host.pool.kernel import KernelError, kernel_context
from functions_host.pool.limits import Limits
from functions_host.pool.pool import PoolOptions, SessionPool
from functions_host.pool.sandbox import Sandbox
from functions_host.python_environment import PythonEnvironment

from host_tests.pool.clients import (
    RUN_PYTHON,
    left_in_memory,
    new_id,
    open_files,
    own_processes,
    processes_of,
    running_pool,
    until,
)

pytestmark = pytest.mark.anyio

_FOLDERS_OF_ONE = 2  # its own and its /tmp

type Isolation = Literal["auto", "none"]

either_isolation = pytest.mark.parametrize("isolation", ["auto", "none"])
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


async def test_an_identifier_that_was_never_launched_is_a_new_environment() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        assert (await pool.python("my-own-(id)-<1>|", "1"))["executionResult"] == 1


async def test_launching_takes_no_place() -> None:
    async with running_pool(PoolOptions(port=0, max_concurrent_sessions=1)) as pool:
        identifiers = [await pool.launch() for _ in range(10)]
        assert len(set(identifiers)) == 10
        assert len(pool.pool.environments) == 0


async def test_one_environment_too_many_is_refused_as_the_platform_refuses_and_the_others_go_on() -> None:
    async with running_pool(PoolOptions(port=0, max_concurrent_sessions=2)) as pool:
        one, two = new_id(), new_id()
        await pool.python(one, "x = 1")
        await pool.python(two, "x = 2")
        refused = await pool.call(RUN_PYTHON, environmentId=new_id(), pythonCode="1")
        assert refused.status_code == 429
        assert refused.json() == {
            "code": "SessionsCountExceedsLimit",
            "message": "The request sessions count is '1'. There are already '2' active sessions and the maximum "
            "active sessions count is '2'.",
        }
        assert (await pool.python(two, "x"))["executionResult"] == 2


async def test_an_environment_is_destroyed_after_its_cool_down_and_a_new_one_takes_its_name() -> None:
    async with running_pool(PoolOptions(port=0, max_concurrent_sessions=1, cool_down_seconds=0.2)) as pool:
        environment = new_id()
        await pool.python(environment, "x = 1; open('a.txt', 'w').close()")
        await until(lambda: len(pool.pool.environments) == 0)
        assert "NameError" in (await pool.python(environment, "x"))["stderr"]
        await until(lambda: len(pool.pool.environments) == 0)
        assert (await pool.python(environment, "import os; os.path.exists('a.txt')"))["executionResult"] is False


async def test_a_call_that_outlasts_the_cool_down_is_not_cut_off_and_each_call_begins_it_anew() -> None:
    async with running_pool(PoolOptions(port=0, cool_down_seconds=0.5)) as pool:
        environment = new_id()
        fields = await pool.python(environment, "import time; time.sleep(1); x = 1; x")
        assert fields["executionResult"] == 1
        ends = time.monotonic() + 0.7
        while time.monotonic() < ends:
            assert (await pool.python(environment, "x"))["executionResult"] == 1


async def test_calls_of_one_environment_wait_for_each_other_and_others_do_not() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        slow, fast = new_id(), new_id()
        await pool.python(fast, "1")
        ended: list[str] = []

        async def call(name: str, environment: str, code: str) -> None:
            fields = await pool.python(environment, code)
            assert not fields["stderr"]
            ended.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(call("slow", slow, "import time; log = ['began']; time.sleep(1); log.append('ended')"))
            await until(lambda: len(pool.pool.environments) == 2)
            group.create_task(call("next", slow, "assert log == ['began', 'ended']"))
            group.create_task(call("other", fast, "1"))
        assert ended[0] == "other"


async def test_first_calls_at_the_same_time_share_one_environment() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        environment = new_id()
        results = await asyncio.gather(*(pool.python(environment, "import os; os.getpid()") for _ in range(4)))
        assert len({fields["executionResult"] for fields in results}) == 1
        assert len(pool.pool.environments) == 1


async def test_a_new_environment_answers_within_half_a_second_when_a_spare_is_ready() -> None:
    async with running_pool(PoolOptions(port=0), spare=True) as pool:
        await until(lambda: pool.pool.environments.has_spare)
        began = time.perf_counter()
        assert (await pool.python(new_id(), "print(1)"))["stdout"] == "1\n"
        assert time.perf_counter() - began < 0.5


@needs_proc
@either_isolation
async def test_six_environments_in_a_row_leave_no_process_no_folder_and_nothing_in_memory(
    isolation: Isolation,
) -> None:
    options = PoolOptions(port=0, max_concurrent_sessions=1, cool_down_seconds=0, isolation=isolation)
    async with running_pool(options, Console(io.StringIO()), spare=True) as pool:
        environments = pool.pool.environments

        def is_empty() -> bool:
            folders = len(list(environments.folder.iterdir()))
            return len(environments) == 0 and environments.has_spare and folders == _FOLDERS_OF_ONE

        async def use() -> None:
            environment = new_id()
            fields = await pool.python(environment, "open('file', 'w').close(); print(1)")
            assert fields["stdout"] == "1\n", fields
            await until(is_empty)

        await use()
        processes, files, threads = len(own_processes()), open_files(), threading.active_count()
        with anyio.fail_after(50):
            for _ in range(6):
                await use()
        await until(lambda: len(own_processes()) <= processes)
        assert len(left_in_memory()) == 2  # the spare and its kernel
        # The watch over limits and a kernel that is just starting have some more open now and then, and asyncio takes a
        # few threads for what blocks when it first needs them; a leak would be 6.
        await until(lambda: open_files() <= files + 5)
        assert threading.active_count() <= threads + 5


@needs_proc
@either_isolation
async def test_a_pool_that_stops_in_the_midst_of_calls_leaves_nothing(isolation: Isolation) -> None:
    before = own_processes()
    async with running_pool(PoolOptions(port=0, isolation=isolation)) as pool:
        folder = pool.pool.environments.folder
        one, two = new_id(), new_id()
        await pool.python(one, "import subprocess; child = subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        async with asyncio.TaskGroup() as group:
            calls = [
                group.create_task(pool.call(RUN_PYTHON, environmentId=each, pythonCode="while True: pass"))
                for each in (one, two)
            ]
            await until(lambda: len(pool.pool.environments) == 2)
            with anyio.fail_after(10):
                await pool.pool.stop()
        assert {call.result().status_code for call in calls} == {503}
    await until(lambda: own_processes() <= before)
    assert not processes_of(folder)
    assert not folder.exists()
    assert not left_in_memory()


async def test_files_that_code_has_locked_away_are_removed_too() -> None:
    async with running_pool(PoolOptions(port=0, cool_down_seconds=0), spare=True) as pool:
        environments = pool.pool.environments
        code = "import os\nos.makedirs('a/b'); open('a/b/c', 'w').close(); os.symlink('/', 'a/root')\n"
        await pool.python(new_id(), code + "os.chmod('a/b', 0); os.chmod('a', 0)")
        await until(lambda: len(environments) == 0 and environments.has_spare)
        await until(lambda: len(list(environments.folder.iterdir())) == _FOLDERS_OF_ONE)


async def test_a_pool_removes_what_killed_ones_have_left_and_nothing_of_those_that_run() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        running = pool.pool.environments.folder
        script = (
            "import os; from functions_host.pool.pool_folder import PoolFolder\n"
            "folder = PoolFolder().environments; (folder / 'file').touch()\n"
            "print(folder, flush=True); os.kill(os.getpid(), 9)"
        )
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
        output, _ = await killed.communicate()
        left = Path(output.decode().strip())
        assert (left / "file").exists()
        async with running_pool(PoolOptions(port=0)):
            assert not left.parent.exists()
            assert running.exists()
        assert running.exists()


async def test_a_kernel_that_cannot_start_says_why(tmp_path: Path) -> None:
    sandbox = Sandbox(PythonEnvironment(Path(sys.prefix)), Limits(open_files=8))
    with kernel_context() as context, pytest.raises(KernelError, match=r"before it answered: .*Too many open files"):
        await Environment(sandbox, tmp_path / "own", context, CallLimits(1, 1)).start()
    assert not (tmp_path / "own").exists()


async def test_a_port_that_is_taken_is_explained() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        port = int(pool.pool.arm_endpoint.rpartition(":")[2])
        with pytest.raises(PersonError, match=f"Port {port}"):
            await SessionPool(PoolOptions(port=port), Console()).start()


@pytest.mark.parametrize("variable", ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"])
async def test_a_pool_does_not_start_in_azure(variable: str) -> None:
    with pytest.raises(PersonError, match="does not run in Azure"):
        await SessionPool(PoolOptions(port=0), Console(), {variable: "somewhere"}).start()
