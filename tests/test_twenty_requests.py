"""What agents typically ask for, from a DataFrame to a server on localhost, through the official client and all tools.

docs/run-code.md shows the picture that comes of it: artifacts/plot.png is what this run has drawn.
"""

import base64
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import ClientSession
from mcp.types import CallToolResult, ImageContent, TextContent

from tests.clients import connect_streamable_http, text_of
from tests.servers import running_server

# The packages are installed, and imported for the first time.
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

_SALES = "month,region,sales\n2026-01,north,120\n2026-01,south,80\n2026-02,north,150\n2026-02,south,95\n"
_PLOT = """
import matplotlib.pyplot as plt
by_month = sales.pivot(index="month", columns="region", values="sales")
axes = by_month.plot.bar(rot=0, title="Sales by month and region", ylabel="pieces", figsize=(6, 3.4))
axes.figure.tight_layout()
axes.figure.savefig("sales.png")
plt.close("all")
"""
_WHEEL = """
import zipfile
with zipfile.ZipFile("answers-1-py3-none-any.whl", "w") as wheel:
    wheel.writestr("answers.py", "ANSWER = 42")
    wheel.writestr("answers-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: answers\\nVersion: 1\\n")
    wheel.writestr("answers-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("answers-1.dist-info/RECORD", "")
"""
_SERVER = """
import subprocess, sys, time, urllib.request
server = subprocess.Popen([sys.executable, "-m", "http.server", "8000", "--bind", "127.0.0.1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(200):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8000/sales.csv").status)
        break
    except OSError:
        time.sleep(0.1)
"""
_JOB = """
import subprocess, sys
job = subprocess.Popen([sys.executable, "-c", "for n in range(5): print('step', n, flush=True)"],
                       stdout=open("job.log", "w"))
"""


class _Agent:
    """Calls tools in one environment, as an agent that goes on where it was."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self.environment = ""

    async def call(self, tool: str, **arguments: Any) -> CallToolResult:
        if self.environment:
            arguments = {"environmentId": self.environment, **arguments}
        return await self._session.call_tool(tool, arguments)

    async def python(self, code: str) -> dict[str, Any]:
        result = await self.call("runPythonCode", pythonCode=code)
        assert not result.is_error, result
        assert result.structured_content is not None
        return result.structured_content

    async def prints(self, code: str) -> str:
        ran = await self.python(code)
        assert not ran["stderr"], ran
        return ran["stdout"]

    async def shell(self, command: str) -> str:
        result = await self.call("runShellCommand", shellCommand=command)
        assert not result.is_error, result
        assert result.structured_content is not None
        assert result.structured_content["exitCode"] == 0, result
        return result.structured_content["stdout"]


@asynccontextmanager
async def _agent(storage: str, folder: Path) -> AsyncGenerator[_Agent]:
    with running_server("src", storage=storage, data=folder, session_pool=True, packages=None) as server:
        async with connect_streamable_http(server.target) as session:
            agent = _Agent(session)
            agent.environment = text_of(await agent.call("launchShell")).removeprefix("environmentId: ")
            # A call that comes before the packages waits for them, and is told why where it has waited long.
            with anyio.fail_after(240):
                while (first := await agent.call("runPythonCode", pythonCode="import pandas")).is_error:
                    assert "still being installed" in text_of(first)
            yield agent


async def test_twenty_requests_of_an_agent(storage: str, tmp_path: Path) -> None:
    async with _agent(storage, tmp_path) as agent:
        await _reads_data(agent)
        await _looks_at_pictures(agent)
        await _takes_a_workbook(agent)
        await _calculates(agent)
        await _makes_mistakes(agent)
        await _sets_limits(agent)
        await _uses_the_machine(agent)


async def _reads_data(agent: _Agent) -> None:
    assert "Wrote 89 bytes" in text_of(await agent.call("writeFile", path="sales.csv", content=_SALES))
    read = "import pandas as pd\nsales = pd.read_csv('sales.csv')\nprint(sales.groupby('region').sales.sum())"
    assert re.search(r"north\s+270\nsouth\s+175", await agent.prints(read))
    assert (await agent.python("len(sales)"))["executionResult"] == 4


async def _looks_at_pictures(agent: _Agent) -> None:
    await agent.prints(_PLOT)
    (plot,) = (await agent.call("readFile", path="sales.png")).content
    assert isinstance(plot, ImageContent)
    assert plot.mime_type == "image/png"
    _keep("plot.png", base64.b64decode(plot.data))
    assert "call readFile" in text_of(await agent.call("runPythonCode", pythonCode="_ = plt.plot([1, 2])\nplt.show()"))
    await agent.prints("from PIL import Image\nImage.open('sales.png').convert('RGB').resize((60, 34)).save('s.jpg')")
    (small,) = (await agent.call("readFile", path="s.jpg")).content
    assert isinstance(small, ImageContent)
    assert small.mime_type == "image/jpeg"


async def _takes_a_workbook(agent: _Agent) -> None:
    await agent.prints("sales.to_excel('sales.xlsx', index=False)")
    (excel,) = (await agent.call("readFile", path="sales.xlsx", asBase64=True)).content
    assert isinstance(excel, TextContent)
    assert base64.b64decode(excel.text).startswith(b"PK")
    assert "is neither a picture nor text" in text_of(await agent.call("readFile", path="sales.xlsx"))


async def _calculates(agent: _Agent) -> None:
    assert await agent.prints(
        "import sympy as s\nx = s.symbols('x')\nprint(s.integrate(s.sin(x)**2, (x, 0, s.pi)))"
    ) == ("pi/2\n")
    fit = "from scipy import stats\nprint(round(stats.linregress([0, 1, 2], [1, 3, 5]).slope, 3))"
    assert await agent.prints(fit) == "2.0\n"
    assert await agent.prints("import numpy as np\nprint(np.linalg.eigvalsh([[2, 0], [0, 3]]))") == "[2. 3.]\n"
    factorial = (await agent.python("import math; math.factorial(25)"))["executionResult"]
    assert factorial == "15511210043330985984000000", "a number would be rounded by JavaScript"


async def _makes_mistakes(agent: _Agent) -> None:
    assert "KeyError: 'price'" in (await agent.python("sales['price']"))["stderr"]
    assert await agent.prints("```python\nprint(len(sales))\n```") == "4\n"
    assert (await agent.python("print('x' * 10_000)"))["outputIsCut"] is True


async def _sets_limits(agent: _Agent) -> None:
    # limits that an agent sets itself: that of the platform, 220 s, is in test_session_pool.py
    limited = "import subprocess\nsubprocess.run(['sleep', '60'], timeout=0.2)"
    assert "TimeoutExpired" in (await agent.python(limited))["stderr"]
    assert await agent.shell("timeout 0.2 sleep 60 || echo ended with $?") == "ended with 124\n"


async def _uses_the_machine(agent: _Agent) -> None:
    assert await agent.shell("wc -l < sales.csv && seq 1 100000 | head -1") == "5\n1\n"
    await agent.prints(_WHEEL)
    installed = await agent.python("%pip install --no-index ./answers-1-py3-none-any.whl")
    assert "Successfully installed answers-1" in installed["stdout"]
    assert await agent.prints("import answers\nprint(answers.ANSWER)") == "42\n"
    assert await agent.prints(_SERVER) == "200\n"
    await agent.prints(_JOB)
    assert "step 4" in await agent.prints("job.wait(60)\nprint(open('job.log').read())")


def _keep(name: str, content: bytes) -> None:
    artifacts = Path(__file__).resolve().parent.parent / "artifacts"
    artifacts.mkdir(exist_ok=True)
    (artifacts / name).write_bytes(content)
