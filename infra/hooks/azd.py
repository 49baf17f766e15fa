"""What the hooks need of azd and of Azure: the standard library alone, since they run before anything is installed."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SECONDS = 30
# Between one try and the next, half a minute in all: as long as what was just made may be unknown elsewhere.
PAUSES = (2.0, 4.0, 8.0, 16.0)
_LONGEST_PAUSE = 60.0


class HookError(Exception):
    """Something the person who runs azd can mend: what is wrong, and what to do."""


@dataclass(frozen=True)
class Answer:
    """What a REST call returned."""

    status: int
    """0 if none came."""
    body: Any
    """Parsed JSON; None if there is none."""
    retry_after: float = 0.0
    """Seconds for which the service wants not to be asked again."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def busy(self) -> bool:
        """Whether the service had too much to do, and is to be asked again."""
        return self.status in (429, 502, 503, 504)

    @property
    def code(self) -> str:
        """Azure's name for what went wrong, such as AuthorizationFailed."""
        return str(self._error.get("code") or "")

    @property
    def message(self) -> str:
        """What Azure said went wrong, as a sentence."""
        said = str(self._error.get("message") or f"HTTP {self.status}").strip()
        return said if said.endswith((".", "!", "?")) else f"{said}."

    @property
    def _error(self) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.body if isinstance(self.body, dict) else {}
        error = body.get("error")
        return error if isinstance(error, dict) else {}


def run_azd(arguments: Sequence[str]) -> str:
    """Runs azd and returns what it printed. Raises HookError if it fails."""
    try:
        # azd's own arguments; on Windows azd is a program, not a script
        done = subprocess.run(["azd", *arguments], capture_output=True, text=True, check=False)  # noqa: S607
    except OSError as error:
        raise HookError("azd was not found. Install it: https://aka.ms/azd") from error
    if done.returncode:
        raise HookError(f"`azd {arguments[0]} {arguments[1]}` failed: {done.stderr.strip()}")
    return done.stdout


class Azure:
    """REST calls as whoever is signed in to azd."""

    def __init__(
        self,
        tenant: str | None = None,
        azd: Callable[[Sequence[str]], str] = run_azd,
        resource_manager: str = "https://management.azure.com",
        graph: str = "https://graph.microsoft.com",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.azd = azd
        self._tenant = tenant
        self.resource_manager = resource_manager
        self.graph = graph
        self._pause = pause
        self._tokens: dict[str, str] = {}

    def set(self, environment: Mapping[str, str], name: str, value: str) -> None:
        """Writes a variable into the azd environment."""
        self.azd(["env", "set", name, value, "--environment", environment["AZURE_ENV_NAME"]])

    def call(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends a request to Resource Manager or Graph, again while they have too much to do.

        Raises HookError if nobody is signed in to azd.
        """
        return self.until(lambda: self.send(method, url, body, headers), lambda _: True)

    def until(
        self, ask: Callable[[], Answer], settled: Callable[[Answer], bool], pauses: Sequence[float] = PAUSES
    ) -> Answer:
        """Asks until an answer is settled, or the pauses between one and the next are used up; returns the last.

        `ask` sends once: a call would pause for itself at each of its tries.
        """
        answer = ask()
        for pause in pauses:
            if settled(answer) and not answer.busy:
                break
            self._pause(min(max(pause, answer.retry_after), _LONGEST_PAUSE))
            answer = ask()
        return answer

    def send(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends a request once."""
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        request.add_header("Authorization", f"Bearer {self._token(url)}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                return Answer(response.status, _parsed(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()), _seconds(error.headers.get("Retry-After")))
        except OSError as error:
            reason = f"{urllib.parse.urlsplit(url).netloc} cannot be reached: {error}."
            return Answer(0, {"error": {"message": reason}})

    def _token(self, url: str) -> str:
        audience = "https://graph.microsoft.com" if url.startswith(self.graph) else "https://management.azure.com"
        if audience not in self._tokens:
            arguments = ["auth", "token", "--scope", f"{audience}//.default", "--output", "json"]
            if self._tenant:  # the subscription's, where that is not one's own
                arguments += ["--tenant-id", self._tenant]
            printed = self.azd(arguments)
            self._tokens[audience] = json.loads(printed)["token"]
        return self._tokens[audience]


def run(hook: Callable[[], None]) -> None:
    """Runs a hook; a person's mistake is one sentence on stderr and exit code 2, which stops azd."""
    try:
        hook()
    except HookError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def is_on(environment: Mapping[str, str], name: str, default: bool) -> bool:
    """Returns a switch of the azd environment."""
    return (environment.get(name) or str(default)).lower() in ("true", "1")


def group_of(environment: Mapping[str, str]) -> str | None:
    """Returns the path of the resource group, also of one whose deployment failed; None before azd has asked for it."""
    subscription = environment.get("AZURE_SUBSCRIPTION_ID")
    if not subscription:
        return None
    name = environment.get("AZURE_RESOURCE_GROUP") or f"rg-{environment['AZURE_ENV_NAME']}"  # as main.bicep names it
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _seconds(header: str | None) -> float:
    # The other form of the header is a date, which neither service sends.
    return float(header) if header and header.isdigit() else 0.0
