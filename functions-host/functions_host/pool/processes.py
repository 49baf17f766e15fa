"""Waiting for processes, and reading what they write without keeping it all."""

import asyncio
import codecs

from functions_host.pool.executions import BoundedText

_CHUNK = 64 * 1024


async def exited(process: asyncio.subprocess.Process, poll_seconds: float) -> int:
    """Waits until a process has ended and returns its exit code, whoever still holds its pipes."""
    # Process.wait() answers only when the pipes are closed too, and a child left behind keeps them open. Then the poll
    # finds it; else the answer comes at once.
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiting}, timeout=poll_seconds)
    finally:
        waiting.cancel()
    return process.returncode


async def read_bounded(stream: asyncio.StreamReader, text: BoundedText) -> None:
    """Reads a stream to its end into `text`; what does not fit is read all the same, so that the writer never waits."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while chunk := await stream.read(_CHUNK):
        if not text.is_full:
            text.add(decoder.decode(chunk))
