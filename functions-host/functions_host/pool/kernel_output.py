"""What a Jupyter kernel tells of one execution, gathered from its messages.

https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import asyncio
from typing import Any

from functions_host.pool.executions import BoundedText, as_json_value, plain, with_end


class KernelOutput:
    """Output, value and error of one execution, as its messages come in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._streams = {"stdout": BoundedText(limit), "stderr": BoundedText(limit)}
        self._shown: str | None = None
        self._traceback = ""
        self.picture = ""
        self.raised = False
        self.is_complete = asyncio.Event()
        """Set when the kernel is idle again: no more messages will come."""

    def is_full(self, stream: str) -> bool:
        """Whether more of stdout or stderr would be dropped."""
        return stream in self._streams and self._streams[stream].is_full

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Takes a message of the kernel's iopub channel."""
        match kind:
            case "stream":
                self._streams[content["name"]].add(content["text"])
            case "execute_result":
                self._shown = content["data"].get("text/plain", "")
                self.picture = str(content["data"].get("image/png", self.picture))
            case "display_data":
                self.picture = str(content["data"].get("image/png", self.picture))
                # Inferred: where the platform puts display(x) is not public. Here it is seen, as in a terminal.
                self._streams["stdout"].add(content["data"].get("text/plain", "") + "\n")
            case "error":
                self.raised = True
                self._traceback = plain("\n".join(content["traceback"])).rstrip("\n") + "\n"
            case "status" if content["execution_state"] == "idle":
                self.is_complete.set()
            case _:
                pass

    def add_pages(self, reply: dict[str, Any]) -> None:
        """Takes what `?` and some magics show in a pager: it is part of the reply rather than a message."""
        for payload in reply.get("payload", ()):
            if payload["source"] == "page":
                self._streams["stdout"].add(plain(payload["data"].get("text/plain", "")) + "\n")

    @property
    def stdout(self) -> str:
        return self._streams["stdout"].text

    def stderr(self, remark: str = "") -> str:
        """Returns stderr with the traceback, if any, and `remark` at its end."""
        end = self._traceback.encode("utf-8", "replace").decode("utf-8") + remark
        return with_end(self._streams["stderr"].text, end, self._limit)

    @property
    def result(self) -> Any:
        """The value of the last expression as JSON; '' where there is none, as the platform has it."""
        return "" if self._shown is None else as_json_value(self._shown)
