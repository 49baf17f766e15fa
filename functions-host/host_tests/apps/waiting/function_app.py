"""An app whose tools wait for each other, so that tests can hold a call open without sleeping."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()
_released = threading.Event()


@app.mcp_tool_trigger(arg_name="context", tool_name="wait", description="Waits until release is called.")
def wait(context: str) -> str:
    print(f"waiting in process {os.getpid()}", flush=True)
    _released.wait()
    return "released"


@app.mcp_tool_trigger(arg_name="context", tool_name="release", description="Lets wait go on.")
def release(context: str) -> str:
    global _released
    _released.set()
    _released = threading.Event()
    return "done"


@app.mcp_tool_trigger(arg_name="context", tool_name="hello", description="Says hello.")
def hello(context: str) -> str:
    return "hello"


@app.mcp_tool()
def block(file: str) -> str:
    """Blocks the worker's event loop until a file exists, as a blocking call under mcp_tool does."""
    print("blocking", flush=True)
    while not Path(file).exists():
        time.sleep(0.01)
    return "unblocked"


@app.mcp_tool_trigger(arg_name="context", tool_name="leave", description="Ends the process, as sys.exit does.")
def leave(context: str) -> str:
    sys.exit(3)


@app.mcp_tool_trigger(arg_name="context", tool_name="raises", description="Raises.")
def raises(context: str) -> str:
    raise ValueError("the reason, for the terminal only")


@app.mcp_tool_trigger(arg_name="context", tool_name="leave_a_child", description="Leaves a process behind.")
def leave_a_child(context: str) -> str:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return str(child.pid)


@app.mcp_tool_trigger(arg_name="context", tool_name="raises_half_a_character", description="Raises what UTF-8 cannot.")
def raises_half_a_character(context: str) -> str:
    raise ValueError("\ud800")
