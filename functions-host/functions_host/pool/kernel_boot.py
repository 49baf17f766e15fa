"""What runs inside an environment instead of `python -m ipykernel_launcher`: the same, with a few precautions.

It is started by its text (`python -c`), since an isolated environment does not see this repository.
"""

import asyncio
import codecs
import functools
import os
import select
import sys
import threading
import time
import warnings
from typing import Any

_LONGEST_MESSAGE = 256 * 1024
_LONGEST_FLUSH_SECONDS = 0.5  # a process that goes on writing in the background would hold one up for ever


def _keep_to_own_folder() -> None:
    """Has IPython keep its files where its connection file is, rather than among those of the person's code."""
    connection_file = sys.argv[sys.argv.index("-f") + 1]
    os.environ["IPYTHONDIR"] = os.path.dirname(connection_file)


def _end_with_the_pool() -> None:
    """Ends this process when whoever holds the other end of its stdin is gone, however that came."""
    lifeline = os.dup(0)  # not inherited by what the code starts
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _keep_quiet() -> None:
    """Leaves out what helps a person at a terminal and leads a model astray: `exit` loses all variables here."""
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")


def _leave_the_debugger_out() -> None:
    """Keeps ipykernel from importing debugpy, a third of its start, for requests of a debugger that no pool passes on.

    Code can import it all the same.
    """
    sys.modules["debugpy"] = None  # pyright: ignore[reportArgumentType]
    import ipykernel.debugger  # noqa: F401  # pyright: ignore[reportUnusedImport]

    del sys.modules["debugpy"]


def _bound_messages() -> None:
    """Makes no message of this kernel larger than the pool takes: `print("x" * 10**8)` is one message."""
    from jupyter_client.session import Session

    serialize = Session.serialize

    def serialize_bounded(session: Session, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        try:
            frames = serialize(session, msg, ident)
            if sum(map(len, frames)) <= _LONGEST_MESSAGE:
                return frames
        except UnicodeError:  # half of a surrogate pair
            pass
        return serialize(session, msg | {"content": _shortened(msg["content"])}, ident)

    Session.serialize = serialize_bounded  # pyright: ignore[reportAttributeAccessIssue]


def _flush_output_of_processes() -> None:
    """Makes a flush take along what processes that the code started have written.

    A thread of ipykernel reads that from a pipe, but nothing waits for it at the end of an execution: the kernel may
    say that it is idle before, and what comes later is nobody's.
    """
    from ipykernel.iostream import OutStream

    taking = threading.Lock()  # while it is free, nothing is on its way from the pipe to the stream
    flush = OutStream.flush

    def watch(stream: Any) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end within a character
        while True:
            select.select([stream._fid], [], [])  # waits, but takes nothing
            with taking:
                output = os.read(stream._fid, 4096)
                if not output or not stream._should_watch:
                    return
                stream.write(decoder.decode(output))
            os.write(stream._original_stdstream_copy, output)

    def flush_all(stream: Any) -> None:
        deadline = time.monotonic() + _LONGEST_FLUSH_SECONDS
        # After a fork there is no thread that reads, and the lock may be taken for ever.
        while stream._should_watch and stream._is_master_process() and time.monotonic() < deadline:
            with taking:
                if not select.select([stream._fid], [], [], 0)[0]:
                    break
            time.sleep(0.001)
        flush(stream)

    OutStream._watch_pipe_fd = watch  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
    OutStream.flush = flush_all  # pyright: ignore[reportAttributeAccessIssue]


def _interrupt_what_waits() -> None:
    """Has an interrupt reach an `await` at the top level of the code.

    ipykernel cancels it by a callback that its signal handler adds to the event loop, which sleeps on: nothing wakes it
    but the time that it waits for.
    """
    from ipykernel.ipkernel import IPythonKernel

    send_interrupt = IPythonKernel._send_interrupt_children  # pyright: ignore[reportPrivateUsage]

    def send_and_wake(kernel: Any) -> None:
        send_interrupt(kernel)
        kernel.io_loop.add_callback(lambda: None)

    IPythonKernel._send_interrupt_children = send_and_wake  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


def _answer_whatever_happens() -> None:
    """Has an execution end with an answer where the code has changed what the kernel itself needs for one.

    It flushes sys.stdout and sys.stderr before it answers, and without an answer a call waits for its time limit: what
    is closed by then, or cannot be flushed, makes room for the kernel's own again. The same holds for an `await` that
    was interrupted, which ends in no exception that IPython reports.
    """
    from ipykernel.iostream import OutStream
    from ipykernel.ipkernel import IPythonKernel

    do_execute = IPythonKernel.do_execute
    own = dict[str, Any]()

    def keep_open(stream: Any) -> None:
        stream.flush()

    @functools.wraps(do_execute)
    async def do_execute_and_answer(kernel: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        own.update({name: own.get(name, getattr(sys, name)) for name in ("stdout", "stderr")})
        try:
            return await do_execute(kernel, *arguments, **named)
        except asyncio.CancelledError:
            trace = ["KeyboardInterrupt: an await was interrupted"]
            kernel.send_response(
                kernel.iopub_socket, "error", {"ename": "KeyboardInterrupt", "evalue": "", "traceback": trace}
            )
            return {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": trace, "payload": []}
        finally:
            for name, stream in own.items():
                try:
                    getattr(sys, name).flush()
                except Exception:  # noqa: BLE001  (of the person's code, so any)
                    setattr(sys, name, stream)
                    own["stderr"].write(
                        f"(sys.{name} was closed, or could not be flushed: it is the usual one again.)\n"
                    )

    OutStream.close = keep_open  # pyright: ignore[reportAttributeAccessIssue]
    IPythonKernel.do_execute = do_execute_and_answer  # pyright: ignore[reportAttributeAccessIssue]


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shortened(each) for each in value[-30:]]
    if isinstance(value, str):
        return value[: _LONGEST_MESSAGE // 4].encode("utf-8", "replace").decode("utf-8")
    return value


if __name__ == "__main__":
    if sys.path[0] == "":
        del sys.path[0]  # as ipykernel_launcher does; IPython puts it back when all is imported
    _keep_to_own_folder()
    _end_with_the_pool()
    _leave_the_debugger_out()
    _bound_messages()
    _keep_quiet()
    _flush_output_of_processes()
    _interrupt_what_waits()
    _answer_whatever_happens()
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
