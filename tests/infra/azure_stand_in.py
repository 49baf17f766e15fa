"""What the hooks need of Resource Manager and Graph, on a port of this machine, failing as they do; azd is a function.

It keeps apps, enterprise applications and roles, and can be late in knowing what it was given, say no, have too much to
do, and see its caller end after any step. It does not look at API versions, at `$select` and `$filter`, nor at who
asks; what Graph keeps of a PATCH it takes to be what was sent; and a group is either there or gone.
"""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

from azd import Answer, Azure

type Answers = Mapping[str, Sequence[tuple[int, object]]]

SUBSCRIPTION = "s"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dev"
_APPS = "/graph/v1.0/applications"
_PRINCIPALS = "/graph/v1.0/servicePrincipals"
_DELETED = "/graph/v1.0/directory/deletedItems"
_NOT_FOUND = (404, {"error": {"code": "Request_ResourceNotFound", "message": "It does not exist."}})


class Stopped(BaseException):
    """The hook was ended, as by Ctrl+C: nothing in it may catch this."""


class StandIn:
    """What Azure holds, and what was asked of it.

    `answers` go before what it would say itself: for `METHOD /path`, one answer after the other, the last for ever.
    """

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.azd_calls: list[list[str]] = []
        self.pauses: list[float] = []
        self.apps: dict[str, dict[str, Any]] = {}
        """By their uniqueName."""
        self.deleted_apps: dict[str, dict[str, Any]] = {}
        """By their object id."""
        self.principals: set[str] = set()
        """Client ids of which there is an enterprise application."""
        self.roles: dict[str, dict[str, Any]] = {}
        """By their ids."""
        self.group_exists = True
        self.late = 0
        """How many requests go by until what was made is known."""
        self.lingering = 0
        """How many tries find a role still assigned after its group is gone."""
        self.stop_after: int | None = None
        """How many steps, requests and writes into the azd environment, the caller lives to see."""
        self._steps = 0
        self._creates = False
        self._known_from: dict[str, int] = {}
        self._failures: dict[str, list[tuple[int, object]]] = {}
        self._answers = {request: list(given) for request, given in answers.items()}

    def begin(self, stop_after: int | None = None) -> None:
        """A hook is run again, and ends after so many steps."""
        self._steps, self.stop_after = 0, stop_after

    def step(self) -> None:
        """A request has been answered, or a variable set. Raises Stopped if the caller ends now."""
        self._steps += 1
        if self._steps == self.stop_after:
            raise Stopped

    @property
    def steps(self) -> int:
        """How many there have been since the hook began."""
        return self._steps

    def fail(self, request: str, answers: Sequence[tuple[int, object]]) -> None:
        """Answers a request so, as often as there are answers, before it is answered well."""
        self._failures[request] = list(answers)

    def learn(self) -> None:
        """What was made is known everywhere from now on, and at once."""
        self.late = 0
        self._known_from.clear()

    def add_role(self, name: str, scope: str, role_id: str = "r") -> str:
        """Makes a custom role and returns its id."""
        path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role_id}"
        self.roles[path] = {"id": path, "properties": {"roleName": name, "assignableScopes": [scope]}}
        return path

    def answer(self, request: str, body: Any, prefer: str | None) -> tuple[int, object]:
        """Returns status and body for a request."""
        self.asked.append((request, body))
        self._creates = prefer == "create-if-missing"
        if failures := self._failures.get(request):
            return failures.pop(0)
        if given := self._answers.get(request):
            return given.pop(0) if len(given) > 1 else given[0]
        method, path = request.split(" ", 1)
        if path.startswith("/graph/"):
            return self._graph(method, path, body)
        return self._resource_manager(method, path)

    def _graph(self, method: str, path: str, body: Any) -> tuple[int, object]:
        if path.startswith(_APPS):
            return self._applications(method, path, body)
        if path.startswith(_PRINCIPALS):
            return self._service_principals(method, path, body)
        return self._deleted_items(path.removeprefix(f"{_DELETED}/"))

    def _deleted_items(self, item: str) -> tuple[int, object]:
        if item == "microsoft.graph.application":
            return 200, {"value": [each for each in self.deleted_apps.values() if self._is_known(each["id"])]}
        object_id, _, restore = item.partition("/")
        if object_id not in self.deleted_apps or not self._is_known(object_id):
            return _NOT_FOUND
        app = self.deleted_apps.pop(object_id)
        if not restore:
            return 204, None
        self.apps[app["uniqueName"]] = app
        self._make(app["uniqueName"])
        return 200, app

    def _applications(self, method: str, path: str, body: Any) -> tuple[int, object]:
        if method == "DELETE":
            return self._delete_application(path.removeprefix(f"{_APPS}/"))
        named = re.fullmatch(r".*\(uniqueName='(.*)'\)", path)
        assert named
        app = self.apps.get(named[1])
        deleted = [each for each in self.deleted_apps.values() if each["uniqueName"] == named[1]]
        if self._creates and (deleted or (app and not self._is_known(named[1]))):
            message = "Another object with the same value for property uniqueName already exists."
            return 400, {"error": {"code": "Request_BadRequest", "message": message}}
        if self._creates and app is not None:
            app |= body
            return 204, None
        if self._creates:
            number = len(self.asked)
            made = {"id": f"object-{number}", "appId": f"{number:08}-2222-3333-4444-555555555555", "identifierUris": []}
            self.apps[named[1]] = {**made, "uniqueName": named[1], **body}
            self._make(named[1])
            return 201, self.apps[named[1]]
        if app is None or not self._is_known(named[1]):
            return _NOT_FOUND
        if method == "GET":
            return 200, app
        for each in body["api"].get("preAuthorizedApplications", []):
            assert each["delegatedPermissionIds"] == [body["api"]["oauth2PermissionScopes"][0]["id"]]
        app |= body
        return 204, None

    def _delete_application(self, object_id: str) -> tuple[int, object]:
        for name, app in self.apps.items():
            if app["id"] == object_id:
                self.deleted_apps[object_id] = self.apps.pop(name)
                self.principals.discard(app["appId"])
                self._make(object_id)
                return 204, None
        return _NOT_FOUND

    def _service_principals(self, method: str, path: str, body: Any) -> tuple[int, object]:
        if method == "GET":
            client_id = path.split("'")[1]
            return (200, {"id": "i"}) if client_id in self.principals and self._is_known(client_id) else _NOT_FOUND
        client_id = body["appId"]
        if client_id in self.principals:
            return 409, {"error": {"code": "Request_MultipleObjectsWithSameKeyValue", "message": "It exists."}}
        known = [name for name, app in self.apps.items() if app["appId"] == client_id and self._is_known(name)]
        if not known:
            message = f"The appId '{client_id}' of the service principal does not reference a valid application object."
            return 400, {"error": {"code": "Request_BadRequest", "message": message}}
        self.principals.add(client_id)
        self._make(client_id)
        return 201, {}

    def _make(self, name: str) -> None:
        self._known_from[name] = len(self.asked) + self.late

    def _is_known(self, name: str) -> bool:
        return len(self.asked) > self._known_from.get(name, 0)

    def _resource_manager(self, method: str, path: str) -> tuple[int, object]:
        path = path.removeprefix("/arm")
        if path.endswith("/permissions"):
            return 200, {"value": [{"actions": ["*"], "notActions": []}]}
        if path == f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions" and self.group_exists:
            return 200, {"value": list(self.roles.values())}
        if method == "DELETE" and path in self.roles:
            if self.lingering:
                self.lingering -= 1
                message = "There are existing role assignments referencing role."
                return 400, {"error": {"code": "RoleDefinitionHasAssignments", "message": message}}
            del self.roles[path]
            return 200, {}
        if method == "DELETE" and "/roleDefinitions/" in path:
            return 204, None
        return _NOT_FOUND

    def azd(self, arguments: Sequence[str]) -> str:
        """Takes the place of the azd command."""
        self.azd_calls.append(list(arguments))
        if arguments[0] == "auth":
            return json.dumps({"token": "t"})
        self.step()
        return ""

    @property
    def set(self) -> dict[str, str]:
        """The variables that were written into the azd environment."""
        return {call[2]: call[3] for call in self.azd_calls if call[:2] == ["env", "set"]}


class _Watched(Azure):
    """An Azure whose caller may end after any step, and whose pauses are only written down."""

    def __init__(self, stand_in: StandIn, origin: str) -> None:
        super().__init__("tenant", stand_in.azd, f"{origin}/arm", f"{origin}/graph", stand_in.pauses.append)
        self._stand_in = stand_in

    def send(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        answer = super().send(method, url, body, headers)
        self._stand_in.step()
        return answer


@contextmanager
def running_azure(answers: Answers | None = None) -> Generator[tuple[StandIn, Azure]]:
    """Runs a stand-in and gives the Azure that speaks to it."""
    stand_in = StandIn(answers or {})

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = self.headers["Content-Length"]
            if self.command == "POST" and length is None:
                self.send_error(411)
                return
            assert self.headers["Authorization"] == "Bearer t"
            content = self.rfile.read(int(length or 0))
            path = unquote(self.path.partition("?")[0])
            asked = json.loads(content) if content else None
            status, body = stand_in.answer(f"{self.command} {path}", asked, self.headers["Prefer"])
            self.send_response(status)
            payload = b"" if body is None else json.dumps(body).encode()
            self.send_header("Content-Length", str(len(payload)))
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that it overrides
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield stand_in, _Watched(stand_in, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
