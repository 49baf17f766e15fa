"""What becomes of Python code: its state, value, output and errors."""

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from functions_host.pool.pool import PoolOptions

from host_tests.pool.clients import RUN_PYTHON, PoolClient, new_id, running_pool, until

pytestmark = pytest.mark.anyio


async def test_variables_imports_and_the_working_directory_live_between_calls(pool: PoolClient) -> None:
    environment = await pool.launch()
    await pool.python(environment, "x = 100; import math, os; os.mkdir('there'); os.chdir('there')")
    assert (await pool.python(environment, "x += 50; x"))["executionResult"] == 150
    assert (await pool.python(environment, "math.pi"))["executionResult"] == 3.141592653589793
    assert (await pool.python(environment, "os.path.basename(os.getcwd())"))["executionResult"] == "there"


async def test_another_environment_has_neither_the_variables_nor_the_files(pool: PoolClient, shared: str) -> None:
    await pool.python(await pool.launch(), "secret = 1; open('one.txt', 'w').close()")
    assert "NameError" in (await pool.python(shared, "secret"))["stderr"]
    assert (await pool.python(shared, "import os; os.path.exists('one.txt')"))["executionResult"] is False


async def test_a_result_says_the_same_as_text_and_as_structure(pool: PoolClient, shared: str) -> None:
    result = await pool.result(RUN_PYTHON, environmentId=shared, pythonCode="print('größer'); 7")
    fields = result["structuredContent"]
    assert fields.pop("executionTimeInMilliseconds") >= 0
    assert fields == {"stdout": "größer\n", "stderr": "", "executionResult": 7}
    (item,) = result["content"]
    assert item["type"] == "text"
    assert json.loads(item["text"]).items() >= fields.items()
    assert result["isError"] is False


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", 2),
        ("'text'", "text"),
        ("[1, 2.5, None, {'a': True}]", [1, 2.5, None, {"a": True}]),
        ("float('nan')", "nan"),
        ("2 ** 100", 2**100),
        ("{1}", "{1}"),
        ("b'bytes'", "b'bytes'"),
        ("object", "object"),
        ("'\\ud800'", "'\\ud800'"),
        ("None", ""),
        ("print()", ""),
        ("1;", ""),
        ("x = 1", ""),
        ("", None),
    ],
)
async def test_the_last_expression_is_reported_as_json_or_else_as_python_shows_it(
    pool: PoolClient, shared: str, code: str, value: Any
) -> None:
    if value is None:
        assert (
            "pythonCode"
            in (await pool.call(RUN_PYTHON, environmentId=shared, pythonCode=code)).json()["error"]["message"]
        )
    else:
        assert (await pool.python(shared, code))["executionResult"] == value


@pytest.mark.parametrize(
    ("code", "last_line"),
    [
        ("def f(:", "SyntaxError: invalid syntax"),
        ("{}['a']", "KeyError: 'a'"),
        ("raise ValueError('größer')", "ValueError: größer"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("class E(Exception):\n def __str__(self): return 'x' * 10**7\nraise E()", "x" * 100),
    ],
)
async def test_code_that_raises_has_run_and_stderr_says_how_it_ended(
    pool: PoolClient, shared: str, code: str, last_line: str
) -> None:
    fields = await pool.python(shared, code)
    assert last_line in fields["stderr"].splitlines()[-1]
    assert "\x1b" not in fields["stderr"]
    assert "status" not in fields
    assert len(fields["stderr"]) <= 4096


async def test_a_traceback_follows_what_was_written_before_it(pool: PoolClient, shared: str) -> None:
    fields = await pool.python(shared, "import sys\nprint('out')\nprint('err', file=sys.stderr)\n1/0")
    assert fields["stdout"] == "out\n"
    assert fields["stderr"].startswith("err\n")
    assert fields["stderr"].endswith("ZeroDivisionError: division by zero\n")


async def test_an_environment_outlives_sys_exit(pool: PoolClient, shared: str) -> None:
    fields = await pool.python(shared, "kept = 1\nimport sys\nsys.exit(3)")
    assert "To exit: use" not in fields["stderr"], "which would lead a model to what loses its variables"
    assert (await pool.python(shared, "kept"))["executionResult"] == 1


@pytest.fixture(scope="module")
def ending() -> str:
    """An environment for tests that end its kernel: the next call has another, whoever makes it."""
    return new_id()


@pytest.mark.parametrize("end", ["import os; os._exit(1)", "exit()", "import os; os.kill(os.getpid(), 9)"])
async def test_a_kernel_that_has_ended_is_replaced_and_the_files_stay(pool: PoolClient, ending: str, end: str) -> None:
    await pool.python(ending, "x = 1; _ = open('kept.txt', 'w').write('kept')")
    await pool.python(ending, end)
    assert "NameError" in (await pool.python(ending, "x"))["stderr"]
    assert (await pool.python(ending, "open('kept.txt').read()"))["executionResult"] == "kept"


async def test_a_kernel_that_ends_within_a_call_fails_that_call(pool: PoolClient, ending: str) -> None:
    fields = await pool.python(ending, "import os; os._exit(1)")
    assert fields["status"] == "Failed"
    assert "process ended" in fields["stderr"]


async def test_exit_is_said_to_have_lost_the_variables(pool: PoolClient, ending: str) -> None:
    fields = await pool.python(ending, "x = 1\nexit()")
    assert fields["stderr"] == "The Python process ended, as exit() asks. Its variables are lost."


async def test_too_many_processes_are_given_as_the_reason(pool: PoolClient, ending: str) -> None:
    code = "import subprocess, time\ncrowd = [subprocess.Popen(['sleep', '600']) for _ in range(400)]\ntime.sleep(60)"
    fields = await pool.python(ending, code)
    assert "because more than 256 processes and threads ran at once. Its variables are lost." in fields["stderr"]


@pytest.mark.parametrize(
    ("code", "stdout"),
    [
        ("%%writefile cell.txt\nwritten", "Writing cell.txt"),
        ("a = !echo one\nprint(a[0])", "one"),
        ("!echo two", "two"),
        ("%who_ls", ""),
        ("%timeit -n1 -r1 pass", "per loop"),
        ("%%bash\necho three", "three"),
        ("len?", "Return the number of items"),
        ("display('shown')", "shown"),
    ],
)
async def test_magics_work(pool: PoolClient, shared: str, code: str, stdout: str) -> None:
    fields = await pool.python(shared, code)
    assert stdout in fields["stdout"]
    assert not fields["stderr"]


@pytest.mark.parametrize(
    ("code", "stdout"),
    [
        (r"import os; _ = os.write(1, b'\xff\xfe\n')", "\ufffd\ufffd\n"),
        (r"print('\udcff \ud800')", "? ?\n"),
        (r"print('\x00\x1b[1m\u2028')", "\x00\x1b[1m\u2028\n"),
        ("import subprocess; _ = subprocess.run(['printf', 'child\\n'])", "child\n"),
    ],
)
async def test_output_in_any_encoding_arrives(pool: PoolClient, shared: str, code: str, stdout: str) -> None:
    assert (await pool.python(shared, code))["stdout"] == stdout


async def test_nothing_that_a_process_prints_last_is_lost(pool: PoolClient, shared: str) -> None:
    for _ in range(100):  # one in thirty was, when nothing waited for it
        fields = await pool.python(shared, "import subprocess; _ = subprocess.run(['printf', 'child'])")
        assert fields["stdout"] == "child"


async def test_a_process_that_goes_on_printing_holds_nothing_up(pool: PoolClient) -> None:
    environment = new_id()  # what it prints comes with the next call
    code = "import subprocess; print('started', flush=True); printing = subprocess.Popen(['yes'])"
    fields = await pool.python(environment, code)
    assert fields["stdout"].startswith("started\n")
    assert fields["executionTimeInMilliseconds"] < 10_000
    fields = await pool.python(environment, "printing.kill(); _ = printing.wait()")
    assert fields["executionTimeInMilliseconds"] < 10_000
    assert (await pool.python(environment, "print(1)"))["stdout"].endswith("1\n")


async def test_the_kernel_loads_no_debugger_and_code_can(pool: PoolClient, shared: str) -> None:
    assert (await pool.python(shared, "import sys; 'debugpy' in sys.modules"))["executionResult"] is False
    assert (await pool.python(shared, "import debugpy; debugpy.__name__"))["executionResult"] == "debugpy"


async def test_code_that_asks_for_input_is_told_that_nobody_answers(pool: PoolClient, shared: str) -> None:
    assert "StdinNotImplementedError" in (await pool.python(shared, "input('name?')"))["stderr"]
    assert (await pool.python(shared, "import sys; sys.stdin.read()"))["executionResult"] == ""


@pytest.mark.parametrize(
    "code",
    [
        "print('x' * 100_000_000)",
        "import sys\nfor _ in range(100): _ = sys.stdout.write('x' * 1_000_000)",
        "import os\nfor _ in range(1000): _ = os.write(1, b'x' * 100_000)",
    ],
)
async def test_100_mb_of_output_are_cut_and_the_environment_goes_on(pool: PoolClient, shared: str, code: str) -> None:
    assert (await pool.python(shared, code))["stdout"] == "x" * 4096
    assert (await pool.python(shared, "print('on')"))["stdout"] == "on\n"


async def test_a_value_of_100_mb_is_cut(pool: PoolClient, shared: str) -> None:
    value = (await pool.python(shared, "'x' * 100_000_000"))["executionResult"]
    assert set(value[1:]) == {"x"}
    assert len(value) <= 100_000


async def test_code_that_never_ends_is_interrupted_and_keeps_its_state() -> None:
    async with running_pool(PoolOptions(port=0, execution_seconds=0.5)) as pool:
        environment = new_id()
        fields = await pool.python(environment, "x = 1\nprint('began')\nwhile True: pass")
        assert fields["status"] == "Failed"
        assert fields["stdout"] == "began\n"
        assert fields["stderr"].endswith("timed out after 0.5 seconds. It was interrupted, and its variables are kept.")
        assert (await pool.python(environment, "x"))["executionResult"] == 1
        awaiting = await pool.python(environment, "import asyncio\nawait asyncio.sleep(600)")
        assert awaiting["stderr"].endswith("after 0.5 seconds. It was interrupted, and its variables are kept.")
        assert (await pool.python(environment, "x"))["executionResult"] == 1


async def test_code_that_cannot_be_interrupted_loses_its_kernel_and_that_is_said() -> None:
    async with running_pool(PoolOptions(port=0, execution_seconds=0.5)) as pool:
        environment = new_id()
        stubborn = "import time\nx = 1\nwhile True:\n try:\n  time.sleep(600)\n except BaseException: pass"
        fields = await pool.python(environment, stubborn)
        assert fields["status"] == "Failed"
        assert fields["stderr"].endswith("so its Python process was ended and its variables are lost.")
        assert "NameError" in (await pool.python(environment, "x"))["stderr"]


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdout = open('o.txt', 'w'); print(1); sys.stdout.close()",
        "import sys\nclass Tee:\n  def write(self, text): return len(text)\nsys.stdout = Tee()",
        "import sys; sys.stdout.close()",
        "import sys; sys.stderr = None",
    ],
)
async def test_streams_that_code_leaves_closed_or_broken_are_put_back(pool: PoolClient, shared: str, code: str) -> None:
    fields = await pool.python(shared, code)
    assert "status" not in fields
    fields = await pool.python(shared, "import sys; print('out'); _ = sys.stderr.write('err')")
    assert (fields["stdout"], fields["stderr"]) == ("out\n", "err")


async def test_no_character_that_a_process_prints_is_broken(pool: PoolClient, shared: str) -> None:
    code = "import subprocess; _ = subprocess.run(['printf', 'x' + '日本語' * 1300])"
    assert (await pool.python(shared, code))["stdout"] == "x" + "日本語" * 1300


async def test_what_is_printed_between_two_calls_comes_with_the_next_and_is_marked(pool: PoolClient) -> None:
    environment = new_id()
    code = """
        import asyncio, threading
        go, done = threading.Event(), threading.Event()
        def late():
            go.wait(); print('by the thread'); done.set()
        threading.Thread(target=late).start()
        async def later():
            print('by the task')
        task = asyncio.create_task(later())
        import threading; threading.Timer(0.2, go.set).start()"""
    assert (await pool.python(environment, dedent(code)))["stdout"] == ""
    stdout = (await pool.python(environment, "_ = done.wait(20); await task; print('mine')"))["stdout"]
    before, _, own = stdout.partition("(Printed by this call:)\n")
    assert before.startswith("(Printed after the last call, by what it left running:)\n"), stdout
    assert "by the task" in before
    assert own.endswith("mine\n")
    assert "by the thread" in stdout
    assert (await pool.python(environment, "print(1)"))["stdout"] == "1\n"


@pytest.mark.parametrize(
    "nonsense",
    [
        "k.session.send(k.iopub_socket, 'stream', {'name': 7}, parent=k.get_parent())",
        "k.session.send(k.iopub_socket, 'status', {}, parent={'header': {'msg_id': []}})",
        "k.session.send(k.iopub_socket, 'error', {'traceback': 1}, parent=k.get_parent())",
        "k.iopub_socket.send_multipart([b'x'])",
        "k.iopub_socket.send_multipart([b'', b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{'])",
    ],
)
async def test_nonsense_that_code_sends_from_its_own_kernel_does_no_harm(pool: PoolClient, nonsense: str) -> None:
    environment = "hears-nonsense"
    await pool.python(environment, f"k = get_ipython().kernel\n_ = {nonsense}")
    assert (await pool.python(environment, "print('on'); 1"))["stdout"] == "on\n"


async def test_links_that_code_puts_in_place_of_a_folder_lead_the_pool_nowhere(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").touch()
    options = PoolOptions(port=0, cool_down_seconds=1, max_concurrent_sessions=1)
    async with running_pool(options) as pool:
        environment = new_id()
        code = f"""
            import glob, os
            (own,) = glob.glob('.kernel-*')
            os.rename(own, 'moved')
            os.symlink({str(tmp_path)!r}, own)
            os.symlink({str(tmp_path)!r}, 'link')
            os._exit(0)"""
        await pool.python(environment, dedent(code))
        assert (await pool.python(environment, "1"))["executionResult"] == 1
        await until(lambda: len(pool.pool.environments) == 0)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


_WHEEL = """
    import zipfile
    with zipfile.ZipFile('NAME-1-py3-none-any.whl', 'w') as wheel:
        wheel.writestr('NAME.py', 'ANSWER = 42')
        wheel.writestr('NAME-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: NAME\\nVersion: 1\\n')
        wheel.writestr('NAME-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr('NAME-1.dist-info/RECORD', '')"""


async def test_a_package_that_is_installed_is_there_for_python_and_the_shell_of_this_environment_only(
    pool: PoolClient, shared: str
) -> None:
    environment = new_id()
    for install, name in (("%pip install", "answers"), ("!pip install", "others")):
        await pool.python(environment, dedent(_WHEEL).replace("NAME", name))
        installed = await pool.python(environment, f"{install} --no-index ./{name}-1-py3-none-any.whl")
        assert f"Successfully installed {name}-1" in installed["stdout"]
        assert (await pool.python(environment, f"import {name}; {name}.ANSWER"))["executionResult"] == 42
        assert "ModuleNotFoundError" in (await pool.python(shared, f"import {name}"))["stderr"]
    shell = await pool.shell(environment, "python -c 'import answers, others; print(answers.ANSWER, others.ANSWER)'")
    assert shell["stdout"] == "42 42\n"
