"""The few answers of Resource Manager and Graph that the hooks need, on a port of this machine; azd is a function."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from azd import Azure

type Answers = Mapping[str, Sequence[tuple[int, object]]]


class StandIn:
    """What was asked of it, and what it answers: for `METHOD /path`, one answer after the other, the last for ever."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.preferred: list[str] = []
        self.azd_calls: list[list[str]] = []
        self._answers = {request: list(given) for request, given in answers.items()}

    def answer(self, request: str, body: Any) -> tuple[int, object]:
        """Returns status and body for a request."""
        self.asked.append((request, body))
        given = self._answers.get(request, [(404, {"error": {"message": "Not found."}})])
        return given.pop(0) if len(given) > 1 else given[0]

    def azd(self, arguments: Sequence[str]) -> str:
        """Takes the place of the azd command."""
        self.azd_calls.append(list(arguments))
        return json.dumps({"token": "t"}) if arguments[0] == "auth" else ""

    @property
    def set(self) -> dict[str, str]:
        """The variables that were written into the azd environment."""
        return {call[2]: call[3] for call in self.azd_calls if call[:2] == ["env", "set"]}


@contextmanager
def running_azure(answers: Answers) -> Generator[tuple[StandIn, Azure]]:
    """Runs a stand-in and gives the Azure that speaks to it."""
    stand_in = StandIn(answers)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = self.headers["Content-Length"]
            if self.command == "POST" and length is None:
                self.send_error(411)
                return
            assert self.headers["Authorization"] == "Bearer t"
            content = self.rfile.read(int(length or 0))
            path = self.path.partition("?")[0]
            if self.headers["Prefer"]:
                stand_in.preferred.append(self.headers["Prefer"])
            status, body = stand_in.answer(f"{self.command} {path}", json.loads(content) if content else None)
            self.send_response(status)
            payload = b"" if body is None else json.dumps(body).encode()
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that it overrides
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        origin = f"http://127.0.0.1:{server.server_port}"
        try:
            yield stand_in, Azure("tenant", stand_in.azd, f"{origin}/arm", f"{origin}/graph")
        finally:
            server.shutdown()
            thread.join()
