"""Attempts to escape: each is a test that fails if the sandbox lets code out, or lets it have too much."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import psutil
import pytest
from functions_host.errors import PersonError
from functions_host.pool.bubblewrap import BubblewrapSandbox
from functions_host.pool.isolation import choose_sandbox
from functions_host.pool.limits import Limits, ProcessTable
from functions_host.pool.network import choose_connector
from functions_host.pool.sandbox import Sandbox
from functions_host.pool.seatbelt import SANDBOX_EXEC, profile
from functions_host.python_environment import PythonEnvironment

from host_tests.pool.clients import own_processes, until
from host_tests.servers import is_alive

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform == "win32", reason="limits need POSIX")]

_MIB = 1024 * 1024
_LIMITS = Limits(address_space=1024 * _MIB, tasks=60, file_size=4 * _MIB, disk=8 * _MIB, memory=512 * _MIB)
_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux only")
_PYTHON = PythonEnvironment(Path(sys.prefix))
_REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def isolated() -> Sandbox:
    """Bubblewrap without network; the tests that need it are skipped where it does not work."""
    sandbox = choose_sandbox(_PYTHON, "auto", egress="none" if _can_isolate() else "own", limits=_LIMITS)
    if not sandbox.isolated:
        assert sys.platform != "linux" or not _can_isolate(), "bubblewrap works here, but not as the sandbox calls it"
        pytest.skip("bubblewrap is not installed, or not allowed to make namespaces")
    return sandbox


def _can_isolate() -> bool:
    if sys.platform == "darwin":
        return Path(SANDBOX_EXEC).exists()
    found = shutil.which("bwrap")
    simplest = ["--unshare-all", "--ro-bind", "/", "/", "true"]
    return found is not None and subprocess.run([found, *simplest], check=False).returncode == 0


@pytest.fixture(params=["isolated", "plain"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each of the two, for what must hold in both."""
    return request.getfixturevalue("isolated") if request.param == "isolated" else Sandbox(_PYTHON, _LIMITS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    return own


async def _start(sandbox: Sandbox, folder: Path, code: str) -> asyncio.subprocess.Process:
    pipe = subprocess.PIPE
    return await sandbox.start(
        [sys.executable, "-c", code], folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT
    )


async def _run(sandbox: Sandbox, folder: Path, code: str) -> str:
    """Runs code and returns all that it printed."""
    process = await _start(sandbox, folder, code)
    with anyio.fail_after(40):
        output, _ = await process.communicate()
    return output.decode()


@pytest.mark.parametrize(
    "path", [Path.home(), _REPOSITORY / "functions-host", _REPOSITORY / ".git", Path("/root"), Path("/home")]
)
async def test_the_persons_files_are_not_there(isolated: Sandbox, folder: Path, path: Path) -> None:
    # Parents of the interpreter exist as empty folders; what else is in them does not.
    shown = [Path(sys.base_prefix), Path(sys.prefix)]
    code = f"import os; print('found', sorted(os.listdir({str(path)!r})) if os.path.isdir({str(path)!r}) else [])"
    found = await _run(isolated, folder, code)
    allowed = {each.relative_to(path).parts[0] for each in shown if each != path and each.is_relative_to(path)}
    assert found.strip() == f"found {sorted(allowed)}"


async def test_another_environments_folder_is_not_there(isolated: Sandbox, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret").write_text("canary", encoding="utf-8")
    assert "FileNotFoundError" in await _run(
        isolated, folder, f"print(open({str(tmp_path / 'other' / 'secret')!r}).read())"
    )


async def test_the_system_cannot_be_written(isolated: Sandbox, folder: Path) -> None:
    for place in ("/usr/canary", "/etc/canary", f"{sys.prefix}/lib/canary", "/canary"):
        output = await _run(isolated, folder, f"open({place!r}, 'w')")
        assert "Error" in output, place


async def test_variables_of_the_host_are_not_there(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_OF_THE_HOST", "canary")
    code = "import os, glob\nprint('canary' in str(os.environ))"
    assert await _run(sandbox, folder, code) == "False\n"


async def test_no_process_of_the_host_is_seen_or_read(
    isolated: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_OF_THE_HOST", "canary")
    code = (
        "import glob\nfound = 0\nfor each in glob.glob('/proc/[0-9]*/environ'):\n"
        "    try: found += b'CANARY_OF_THE_HOST' in open(each, 'rb').read()\n    except OSError: pass\n"
        "print(found, len(glob.glob('/proc/[0-9]*')) < 5)"
    )
    assert await _run(isolated, folder, code) == "0 True\n"


async def test_a_process_of_the_host_cannot_be_killed(isolated: Sandbox, folder: Path) -> None:
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    try:
        # Bubblewrap shows no such process, Seatbelt does not allow it.
        said = await _run(isolated, folder, f"import os; os.kill({victim.pid}, 9)")
        assert "ProcessLookupError" in said or "PermissionError" in said
        assert is_alive(victim.pid)
    finally:
        victim.kill()
        await victim.wait()


@_LINUX
@pytest.mark.parametrize("namespace", ["cgroup", "ipc", "mnt", "net", "pid", "uts"])
async def test_nothing_that_linux_can_set_apart_is_shared_with_the_host(
    isolated: Sandbox, folder: Path, namespace: str
) -> None:
    link = f"/proc/self/ns/{namespace}"
    assert await _run(isolated, folder, f"import os; print(os.readlink({link!r}) != {os.readlink(link)!r})") == "True\n"


@_LINUX
async def test_code_has_none_of_roots_rights(isolated: Sandbox, folder: Path) -> None:
    output = await _run(isolated, folder, "print(*(each for each in open('/proc/self/status') if 'CapEff' in each))")
    assert int(output.split()[1], 16) == 0


async def test_without_egress_there_is_no_network_not_even_this_machines(isolated: Sandbox, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
        output = await _run(isolated, folder, code)
    assert "ConnectionRefusedError" in output or "OSError" in output


@pytest.fixture(scope="module", params=["pasta", "slirp4netns"])
def connected(request: pytest.FixtureRequest) -> Sandbox:
    """With a network of its own."""
    connector = choose_connector([request.param]) if sys.platform == "linux" and _can_isolate() else None
    if connector is None:
        pytest.skip(
            f"{request.param} is not installed, or not allowed to connect a network, or bubblewrap does not work"
        )
    return BubblewrapSandbox(_PYTHON, _LIMITS, shutil.which("bwrap") or "", connector)


@asynccontextmanager
async def _environment(sandbox: Sandbox, folder: Path) -> AsyncGenerator[Path]:
    yield folder
    await sandbox.close(folder)


def _own_addresses() -> list[str]:
    """Returns the addresses of this machine, by which it reaches itself."""
    found = {each.address for all_of_one in psutil.net_if_addrs().values() for each in all_of_one}
    return sorted(each for each in found if each.count(".") == 3)


_REACH = """
import socket
from concurrent.futures import ThreadPoolExecutor

def reach(target):
    try:
        socket.create_connection(target, 3).close()
        print('reached', *target)
    except OSError:
        pass

with ThreadPoolExecutor(4) as together:  # where nothing answers, each takes its three seconds
    list(together.map(reach, {targets!r}))
print('tried')
"""


async def test_with_a_network_no_server_of_this_machine_is_reached(connected: Sandbox, folder: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        names = [*_own_addresses(), "localhost", "::1", socket.gethostname(), "0.0.0.0"]
        # The ports of the host, of this pool and of Azurite, whether something listens there now or not.
        targets = [(name, each) for name in names for each in (port, 7071, 7072, 10000)]
        async with _environment(connected, folder):
            assert await _run(connected, folder, _REACH.format(targets=targets)) == "tried\n"
    for address in _own_addresses():
        assert await _is_reached_from_here(address)


async def _is_reached_from_here(address: str) -> bool:
    """Whether a listener of this machine can be reached at an address, so that not to reach it means something."""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        _, writer = await asyncio.open_connection(address, listener.getsockname()[1])
        writer.close()
        return True


async def test_the_gateway_is_not_a_way_back_to_this_machine(connected: Sandbox, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = (
            "import socket, struct\n"
            "rows = [line.split() for line in open('/proc/net/route')][1:]\n"
            "gateways = {socket.inet_ntoa(struct.pack('<I', int(row[2], 16))) for row in rows} - {'0.0.0.0'}\n"
            "assert gateways\n"
            f"targets = [(each, {listener.getsockname()[1]}) for each in (*gateways, '10.0.2.2', '10.0.2.3')]\n"
        ) + _REACH.replace("{targets!r}", "targets")
        async with _environment(connected, folder):
            assert await _run(connected, folder, code) == "tried\n"


async def test_with_a_network_names_are_found_and_the_internet_is_reached(connected: Sandbox, folder: Path) -> None:
    try:
        socket.create_connection(("pypi.org", 443), 5).close()
    except OSError:
        pytest.skip("this machine has no internet")
    async with _environment(connected, folder):
        assert "reached pypi.org" in await _run(connected, folder, _REACH.format(targets=[("pypi.org", 443)]))


async def test_processes_of_one_environment_share_its_network_and_those_of_another_do_not(
    connected: Sandbox, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    serving = "import socket; s = socket.create_server(('127.0.0.1', 8000)); print('listens', flush=True); s.accept()"
    async with _environment(connected, folder), _environment(connected, tmp_path / "other"):
        server = await _start(connected, folder, serving)
        try:
            assert server.stdout is not None
            assert await server.stdout.readline() == b"listens\n"
            code = _REACH.format(targets=[("127.0.0.1", 8000)])
            assert await _run(connected, tmp_path / "other", code) == "tried\n"
            assert await _run(connected, folder, code) == "reached 127.0.0.1 8000\ntried\n"
        finally:
            connected.kill(server)
            await server.wait()


async def test_a_network_ends_with_its_environment(connected: Sandbox, folder: Path) -> None:
    before = own_processes()
    async with _environment(connected, folder):
        assert await _run(connected, folder, "print(1)") == "1\n"
        assert own_processes() > before
    await until(lambda: own_processes() <= before)


async def test_code_cannot_change_its_network(connected: Sandbox, folder: Path) -> None:
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"
    async with _environment(connected, folder):
        assert "PermissionError" in await _run(connected, folder, code)


@_LINUX
async def test_this_machines_network_is_shared_only_when_asked_for(isolated: Sandbox, folder: Path) -> None:
    assert isinstance(isolated, BubblewrapSandbox)
    shared = choose_sandbox(_PYTHON, "required", egress="host", limits=_LIMITS)
    assert "as --egress host asks" in shared.description
    assert shared.is_worth_a_warning
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert "reached" in await _run(shared, folder, _REACH.format(targets=[("127.0.0.1", port)]))


@_LINUX
async def test_without_a_program_that_connects_one_there_is_no_network_and_the_package_is_named(
    isolated: Sandbox, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "bwrap").symlink_to(shutil.which("bwrap") or "")
    monkeypatch.setenv("PATH", str(programs))
    sandbox = choose_sandbox(_PYTHON, "required", egress="own", limits=_LIMITS)
    assert "without network: install the package passt" in sandbox.description
    assert sandbox.is_worth_a_warning
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = _REACH.format(targets=[("127.0.0.1", listener.getsockname()[1])])
        assert await _run(sandbox, folder, code) == "tried\n"


async def test_memory_is_bounded(sandbox: Sandbox, folder: Path) -> None:
    assert "MemoryError" in await _run(sandbox, folder, "x = bytearray(2 * 1024 ** 3)")


async def test_memory_of_several_processes_together_is_bounded(sandbox: Sandbox, folder: Path) -> None:
    code = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        x = bytearray(os.urandom(1024)) * (100 * 1024); time.sleep(600)\ntime.sleep(600)"
    )
    await _is_ended(sandbox, folder, code, lambda: None)


async def test_open_files_are_bounded(sandbox: Sandbox, folder: Path) -> None:
    assert "Too many open files" in await _run(sandbox, folder, "f = [open('/dev/null') for _ in range(2000)]")


async def test_a_file_is_bounded(sandbox: Sandbox, folder: Path) -> None:
    code = "f = open('big', 'wb')\nfor _ in range(64): f.write(bytes(1024 * 1024))\nprint('done')"
    output = await _run(sandbox, folder, code)
    assert "done" not in output
    assert sum(each.stat().st_size for each in folder.iterdir()) <= _LIMITS.file_size


async def _is_ended(sandbox: Sandbox, folder: Path, code: str, after: Callable[[], object]) -> None:
    """Runs code that takes too much, and waits until the watch has ended it."""
    process = await _start(sandbox, folder, code)
    try:
        with anyio.fail_after(40):
            await process.wait()
    finally:
        sandbox.kill(process)
    after()


async def test_many_files_that_fill_the_disk_end_the_environment(sandbox: Sandbox, folder: Path) -> None:
    code = (
        "import itertools, time\nfor n in itertools.count():\n"
        "    open(f'f{n}', 'wb').write(bytes(1024 * 1024)) if n < 40 else time.sleep(1)"
    )
    await _is_ended(sandbox, folder, code, lambda: None)


@_LINUX
async def test_watches_that_look_at_the_same_moment_read_the_processes_of_the_machine_once() -> None:
    processes = ProcessTable()
    seen = processes.rows()
    assert seen[os.getpid()].parent == os.getppid()
    await until(lambda: processes.rows() is processes.rows())
    await until(lambda: processes.rows() is not seen)


async def test_a_crowd_of_processes_ends_the_environment(sandbox: Sandbox, folder: Path) -> None:
    code = "import subprocess, time\ncrowd = [subprocess.Popen(['sleep', '600']) for _ in range(150)]\ntime.sleep(600)"
    await _is_ended(sandbox, folder, code, lambda: None)


async def test_a_daemon_ends_with_what_started_it(sandbox: Sandbox, folder: Path) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        while True:\n            open('beat', 'w').write(str(time.monotonic_ns()))\n"
        "            time.sleep(0.01)\n"
        "    os._exit(0)\ntime.sleep(600)"
    )
    process = await _start(sandbox, folder, code)
    beat = folder / "beat"
    await until(lambda: beat.exists() and beat.read_text(encoding="utf-8"))
    sandbox.kill(process)
    with anyio.fail_after(20):
        await process.wait()
    await until(lambda: not _processes_in(folder))


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_start_that_is_ended_at_any_moment_leaves_no_process(
    sandbox: Sandbox, folder: Path, cancelled: bool
) -> None:
    marker = f"left of {folder}"
    for milliseconds in range(40):
        starting = asyncio.create_task(_start(sandbox, folder, f"import time; time.sleep(600)  # {marker}"))
        await asyncio.wait({starting}, timeout=milliseconds / 1000)
        if cancelled:
            starting.cancel()
        with anyio.fail_after(20), contextlib.suppress(asyncio.CancelledError):
            process = await starting
            sandbox.kill(process)
            await process.wait()
    await until(lambda: not any(marker in command for command in _commands()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_supervisor_is_not_interrupted_by_the_signal_to_end_but_waits_for_it(folder: Path) -> None:
    # One that came just before a wait began was missed once in thousands of starts, and the program went on.
    process = await _start(
        Sandbox(_PYTHON, _LIMITS), folder, "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    )
    assert process.stdout is not None
    assert await process.stdout.read() == b"set()\n"
    await process.wait()
    process = await _start(Sandbox(_PYTHON, _LIMITS), folder, "print('runs', flush=True); import time; time.sleep(600)")
    assert process.stdout is not None
    await process.stdout.readline()
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    handled = int(status.partition("SigCgt:")[2].split()[0], 16)
    process.terminate()
    assert not handled >> (signal.SIGTERM - 1) & 1
    with anyio.fail_after(20):
        assert await process.wait() == 128 + signal.SIGKILL


async def test_what_a_killed_pool_was_running_ends_with_it(sandbox: Sandbox, folder: Path) -> None:
    marker = f"orphan of {folder}"
    isolation = "required" if sandbox.isolated else "none"
    script = f"""
import asyncio, os, sys
from pathlib import Path
from functions_host.pool.isolation import choose_sandbox
from functions_host.python_environment import PythonEnvironment
async def main():
    command = ["/bin/sh", "-c", "echo started; sleep 600; : {marker}"]
    process = await choose_sandbox(PythonEnvironment(Path(sys.prefix)), {isolation!r}, egress="own").start(
        command, Path({str(folder)!r}), stdout=asyncio.subprocess.PIPE)
    await process.stdout.readline()
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    with anyio.fail_after(40):
        assert await killed.wait() == -9
    await until(lambda: not any(marker in command for command in _commands()))


def _commands() -> Iterator[str]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            yield Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace")


def _processes_in(folder: Path) -> list[int]:
    found: list[int] = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Path(os.readlink(f"/proc/{name}/cwd")) == folder:
                found.append(int(name))
        except OSError:
            continue
    return found


def test_isolation_that_is_required_but_impossible_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PersonError, match="it is not installed"):
        choose_sandbox(_PYTHON, "required", egress="own")
    assert not choose_sandbox(_PYTHON, "auto", egress="own").isolated
    assert "Install bubblewrap" in choose_sandbox(_PYTHON, "auto", egress="own").description
    assert not choose_sandbox(_PYTHON, "none", egress="own").isolated
    assert "as --isolation none asks" in choose_sandbox(_PYTHON, "none", egress="own").description


def test_no_network_that_is_asked_for_but_impossible_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PersonError, match="--isolation none turns it off"):
        choose_sandbox(_PYTHON, "none", egress="none")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PersonError, match="it is not installed"):
        choose_sandbox(_PYTHON, "auto", egress="none")


def test_the_profile_of_seatbelt_allows_the_environments_own_folders_and_the_system_only() -> None:
    own, python = [Path("/tmp/e/1"), Path('/tmp/e/"1".tmp')], [Path("/python")]
    rules = profile(own, python, network=False).splitlines()
    assert rules[:2] == ["(version 1)", "(deny default)"]
    (written,) = [rule for rule in rules if "file-write" in rule]
    quoted = r'(subpath "/tmp/e/1") (subpath "/tmp/e/\"1\".tmp")'
    devices = '(literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper")'
    assert written == f"(allow file-write* {quoted} {devices})"
    (read,) = [rule for rule in rules if "file-read*" in rule]
    assert '(subpath "/python")' in read
    for kept in (
        "/Users",
        "/Volumes",
        "/private/var/folders",
        "/Library/Keychains",
        '(subpath "/")',
        '(subpath "/private")',
    ):
        assert kept not in read
    assert [rule for rule in rules if "network" in rule] == [f"(allow network* {quoted})"]
    assert "(allow network*)" in profile(own, python, network=True)
    assert "(allow signal (target same-sandbox))" in rules
