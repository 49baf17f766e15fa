"""httpTrigger: a function at a route, what it is given of a request, and what its answer becomes.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger; order and words are those of
azure-functions-host, ScriptHost.cs, GrpcMessageConversionExtensions.cs and Binding/HttpBinding.cs.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from functions_host.bindings.expressions import BindingValue
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.triggers.payload_data import payload_data
from functions_host.triggers.route_template import RouteError, RouteTemplate
from functions_host.worker_process.messages import Value

LEVELS = ("anonymous", "function", "admin")
_OWN_ROUTES = ("admin", "runtime")  # of the host


class HttpAnswer(msgspec.Struct, frozen=True):
    """What goes back to the client."""

    status: int
    headers: list[tuple[bytes, bytes]] = msgspec.field(default_factory=list[tuple[bytes, bytes]])
    body: bytes = b""


class HttpCall(msgspec.Struct, frozen=True):
    """One request, as the worker gets it. Header names are lower case; several values of a name have commas between."""

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, str]
    params: dict[str, str]
    body: bytes

    def trigger_value(self) -> Value:
        """Returns the value of the trigger parameter."""
        return Value("http", (self.method, self.url, self.headers, self.query, self.params, self.body))

    def metadata(self) -> Mapping[str, Value]:
        """The worker library declares that it wants none of a request."""
        return {}

    def binding_data(self, trigger_name: str, value: Value) -> dict[str, BindingValue]:
        """Returns what binding expressions can name: the members of a JSON body, the query, the route, the headers."""
        data: dict[str, BindingValue] = payload_data(self.body)
        data |= {name.lower(): text for name, text in self.query.items()}
        data |= {name.lower(): text for name, text in self.params.items()}
        data["headers"] = dict(self.headers)
        data["query"] = dict(self.query)
        return data


class HttpTrigger(msgspec.Struct, frozen=True):
    """A function over HTTP as its trigger declares it."""

    type_name: ClassVar = "httpTrigger"
    noun: ClassVar = "route"

    binding_name: str
    public_name: str
    """The route with its prefix, without a slash in front."""
    methods: tuple[str, ...] | None
    """Upper case; None for all."""
    level: str
    template: RouteTemplate

    def takes(self, method: str) -> bool:
        """Whether the function is for requests of this method."""
        return self.methods is None or method.upper() in self.methods

    def conflicts(self, other: "HttpTrigger") -> bool:
        """Whether both are for the same requests."""
        if self.public_name.lower() != other.public_name.lower():
            return False
        return self.methods is None or other.methods is None or not set(self.methods).isdisjoint(other.methods)

    def result(self, value: Value, call: object) -> HttpAnswer:
        """Returns the answer. Raises BindingError where the host could not make one."""
        match value.kind:
            case None:
                return HttpAnswer(200)
            case "http":
                return _answer(*value.value)
            case "string":
                return _text_answer(value.value)
            case "bytes":
                return HttpAnswer(200, [], value.value)
            case "json":
                return HttpAnswer(200, [(b"content-type", b"application/json; charset=utf-8")], _compact(value.value))
            case _:
                return _plain_text(str(value.value))


def read_http_trigger(binding: RawBinding, function: str, prefix: str) -> HttpTrigger:
    """Reads a raw httpTrigger of `function`; `prefix` is routePrefix of host.json. Raises BindingError."""
    route = binding.text("route") or function
    if route.strip("/").lower().startswith(_OWN_ROUTES):
        raise BindingError(
            f"The specified route conflicts with one or more built in routes: the httpTrigger '{binding.name}' has "
            f"the route '{route}', and what begins with 'admin' or 'runtime' is the host's own."
        )
    text = f"{prefix}/{route}" if prefix else route
    try:
        template = RouteTemplate(text)
    except RouteError as error:
        raise BindingError(
            f"An error occurred while creating the route with name '{function}' and template '{text}': {error}. "
            f"Mend the route of its httpTrigger{_slash_hint(route, prefix)}."
        ) from None
    level = str(binding.get("authLevel") or "function").lower()
    if level not in LEVELS:
        raise BindingError(f"'{binding.get('authLevel')}' is no authLevel of an httpTrigger: write one of {LEVELS}.")
    methods = binding.get("methods")
    if methods is not None:
        methods = tuple(str(method).upper() for method in methods)
    return HttpTrigger(binding.name, text.removeprefix("/"), methods, level, template)


def _slash_hint(route: str, prefix: str) -> str:
    if not (prefix and route.startswith("/")):
        return ""
    return ', or set "extensions": {"http": {"routePrefix": ""}} in host.json, as ASGI and WSGI apps need it'


def _compact(text: str) -> bytes:
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()


def _plain_text(text: str) -> HttpAnswer:
    return HttpAnswer(200, [(b"content-type", b"text/plain; charset=utf-8")], text.encode())


def _text_answer(text: str) -> HttpAnswer:
    """A text that is a JSON object with a body is a whole response: HttpBinding.TryParseResponseObject."""
    if text.lstrip().startswith("{"):
        try:
            response = {name.lower(): value for name, value in json.loads(text).items()}
        except (ValueError, RecursionError):
            response = {}
        if "body" in response:
            return _object_answer(response)
    return _plain_text(text)


def _object_answer(response: dict[str, Any]) -> HttpAnswer:
    status = response.get("status", response.get("statuscode", 200))
    given: dict[str, Any] = response.get("headers") or {}
    headers = {str(name): str(value) for name, value in given.items()}
    body = response["body"]
    if isinstance(body, str):
        content, kind = body.encode(), "text/plain; charset=utf-8"
    elif body is None:
        content, kind = b"", None
    else:
        content, kind = _compact(json.dumps(body)), "application/json; charset=utf-8"
    if kind and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return _answer(str(status), headers, [], content)


def _answer(
    status: str, headers: dict[str, str], cookies: list[dict[str, Any]], body: bytes | str | None
) -> HttpAnswer:
    try:
        number = int(status)
    except ValueError:
        raise BindingError(f"'{status}' is no status of a response.") from None
    if not 100 <= number <= 999:
        raise BindingError(f"{number} is no status of a response.")
    lines: list[tuple[bytes, bytes]] = []
    for name, value in headers.items():
        if not _is_token(name) or any(character in value for character in "\r\n\0"):
            raise BindingError(f"The header '{name}' of the response cannot be sent: it has characters that end it.")
        if name.lower() not in ("content-length", "transfer-encoding", "connection"):  # the server's own
            lines.append((name.encode("latin-1"), value.encode("latin-1", "replace")))
    lines += [(b"set-cookie", _cookie(cookie).encode("latin-1", "replace")) for cookie in cookies]
    return HttpAnswer(number, lines, body.encode() if isinstance(body, str) else body or b"")


def _is_token(name: str) -> bool:
    return bool(name) and all(" " < character < "\x7f" and character not in '()<>@,;:\\"/[]?={}' for character in name)


def _cookie(cookie: dict[str, Any]) -> str:
    """Writes a cookie as ASP.NET Core does: attributes in its order, in lower case."""
    text = f"{cookie['name']}={cookie['value']}"
    for name in ("expires", "max-age", "domain", "path"):
        if cookie.get(name) not in (None, ""):
            text += f"; {name}={cookie[name]}"
    text += "; secure" if cookie.get("secure") else ""
    text += f"; samesite={cookie['samesite']}" if cookie.get("samesite") else ""
    return text + ("; httponly" if cookie.get("httponly") else "")
