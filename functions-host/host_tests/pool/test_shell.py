"""Shell commands of an environment."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from functions_host.pool.pool import PoolOptions

from host_tests.pool.clients import RUN_SHELL, PoolClient, new_id, own_processes, running_pool, until

pytestmark = pytest.mark.anyio


async def test_a_command_reads_what_python_wrote_and_the_other_way_round(pool: PoolClient) -> None:
    environment, other = new_id(), new_id()
    await pool.python(environment, "_ = open('a.txt', 'w').write('from python')")
    assert (await pool.shell(environment, "cat a.txt && echo from shell > b.txt"))["stdout"] == "from python"
    assert (await pool.python(environment, "open('b.txt').read()"))["executionResult"] == "from shell\n"
    assert (await pool.shell(other, "cat a.txt"))["exitCode"] == 1


async def test_a_command_answers_with_both_streams_and_its_exit_code(pool: PoolClient, shared: str) -> None:
    fields = await pool.shell(shared, "echo out; echo err >&2; exit 3")
    assert fields.pop("executionTimeInMilliseconds") >= 0
    assert fields == {"stdout": "out\n", "stderr": "err\n", "exitCode": 3}


async def test_each_command_is_a_process_of_its_own(pool: PoolClient, shared: str) -> None:
    await pool.shell(shared, "cd /; x=1; export x")
    assert (await pool.shell(shared, 'test "$PWD" = / || echo elsewhere; echo "x=$x"'))["stdout"] == "elsewhere\nx=\n"


async def test_arguments_of_a_program_are_left_as_they_are(pool: PoolClient, shared: str) -> None:
    arguments = ["printf", "%s|", "a b", "$HOME", "*", "größer", ""]
    assert (await pool.shell(shared, arguments))["stdout"] == "a b|$HOME|*|größer||"


async def test_a_program_that_does_not_exist_is_exit_code_127(pool: PoolClient, shared: str) -> None:
    assert (await pool.shell(shared, ["no-such-program"]))["exitCode"] == 127
    assert (await pool.shell(shared, "no-such-program"))["exitCode"] == 127


async def test_100_mb_of_any_bytes_are_cut(pool: PoolClient, shared: str) -> None:
    fields = await pool.shell(shared, "head -c 100000000 /dev/zero | tr '\\0' '\\377'")
    assert fields["stdout"] == "\ufffd" * 4096


async def test_a_command_that_waits_for_input_gets_none(pool: PoolClient, shared: str) -> None:
    assert (await pool.shell(shared, "cat; echo done"))["stdout"] == "done\n"


@pytest.fixture(scope="module", params=["auto", "none"])
async def either(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[PoolClient]:
    """A pool that isolates code, where that works, and one that does not."""
    async with running_pool(PoolOptions(port=0, isolation=request.param)) as pool:
        yield pool


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_command_that_leaves_children_answers_at_once_and_they_end(either: PoolClient, shared: str) -> None:
    await either.shell(shared, "true")
    before = own_processes()
    fields = await either.shell(shared, "sleep 1000 & setsid -f sleep 1000; echo began")
    assert (fields["stdout"], fields["exitCode"]) == ("began\n", 0)
    assert fields["executionTimeInMilliseconds"] < 5000
    await until(lambda: own_processes() <= before)


async def test_python_is_the_same_in_commands_as_in_code(pool: PoolClient, shared: str) -> None:
    of_code = (await pool.python(shared, "import sys; sys.executable"))["executionResult"]
    assert (await pool.shell(shared, "command -v python"))["stdout"].strip() == of_code


async def test_temporary_files_are_shared_by_python_and_the_shell_and_go_with_the_environment(
    either: PoolClient, shared: str
) -> None:
    sandbox = either.pool.sandbox
    if sandbox.isolated and Path(sandbox.python).is_relative_to("/tmp"):
        pytest.skip("its Python is in /tmp, which is therefore empty at each call")
    code = "import tempfile, os\nopen(os.path.join(tempfile.gettempdir(), 'a.txt'), 'w').write('hi')"
    await either.python(shared, code)
    assert (await either.shell(shared, 'cat "$TMPDIR/a.txt"'))["stdout"] == "hi"
    assert (await either.shell(new_id(), 'cat "$TMPDIR/a.txt"'))["exitCode"] == 1


async def test_a_command_that_fills_the_disk_says_so_and_another_can_remove_files(
    either: PoolClient, shared: str
) -> None:
    fill = "for n in 1 2 3 4 5 6; do fallocate -l 200M f$n; done; sleep 60"
    filled = await either.shell(shared, fill)
    assert filled["exitCode"] == 137
    assert "more than 1024 MiB of disk were in use. Remove files" in filled["stderr"]
    removed = await either.shell(shared, "sleep 0.5; rm f*; echo done")
    assert removed["stdout"] == "done\n"
    assert (await either.python(shared, "1"))["executionResult"] == 1


async def test_a_command_that_never_ends_fails_as_on_the_platform_with_exit_code_minus_one() -> None:
    async with running_pool(PoolOptions(port=0, execution_seconds=0.5)) as pool:
        fields = await pool.shell(new_id(), "echo began; yes >&2")
        assert (fields["status"], fields["exitCode"], fields["stdout"]) == ("Failed", -1, "began\n")
        assert fields["stderr"].endswith("Execution timed out after 0.5 seconds.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGPIPE")
@pytest.mark.parametrize(
    ("command", "stdout", "exit_code"),
    [
        ("seq 1 1000000 | head -1", "1\n", 0),
        ("while true; do echo x; done | head -1", "x\n", 0),
        ("set -o pipefail; seq 1 1000000 | head -1", "1\n", 141),
    ],
)
async def test_a_pipe_that_ends_early_ends_what_writes_into_it_as_in_a_shell(
    pool: PoolClient, shared: str, command: str, stdout: str, exit_code: int
) -> None:
    fields = await pool.shell(shared, command)
    assert (fields["stdout"], fields["stderr"], fields["exitCode"]) == (stdout, "", exit_code)


@pytest.mark.skipif(sys.platform == "win32", reason="cmd.exe takes 8191 characters")
async def test_a_command_that_is_longer_than_an_argument_may_be_runs_as_any_other(
    pool: PoolClient, shared: str
) -> None:
    fields = await pool.shell(shared, f": {'x' * 300_000}\ncat; echo größer; exit 3")
    assert (fields["stdout"], fields["stderr"], fields["exitCode"]) == ("größer\n", "", 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"execCommandAndArgs": ["echo", "x" * 200_000]}, "an argument has at most 131071 bytes"),
        ({"execCommandAndArgs": ["echo", *["x" * 100_000] * 20]}, "all of them 1048576"),
        ({"execCommandAndArgs": ["echo", "a\0b"]}, "NUL"),
        ({"shellCommand": "echo a\0b"}, "NUL"),
    ],
)
async def test_what_no_program_can_be_given_is_refused(
    pool: PoolClient, shared: str, arguments: dict[str, object], said: str
) -> None:
    answer = (await pool.call(RUN_SHELL, environmentId=shared, **arguments)).json()
    assert answer["error"]["code"] == -32602
    assert said in answer["error"]["message"]
