"""What the host tells the person: the lines of `func start`, and one line for every call."""

import contextlib
import logging
import socket
from pathlib import Path

from functions_host.app.settings import Settings
from functions_host.client_entries import client_entries
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.host.functions import MCP_NOUNS, FunctionApp, Trigger
from functions_host.host.host import Execution, FunctionsHost
from functions_host.host.missing_package import mend_import, missing_module
from functions_host.host.served_app import ServedApp
from functions_host.http.mcp_webhook import WEBHOOK_PATH
from functions_host.triggers.http_trigger import HttpTrigger
from functions_host.triggers.timer_trigger import TimerTrigger
from functions_host.worker_process.messages import Log

# The logger of azure-core: some twenty lines a request, at the level that the worker shows.
_SDK_REQUESTS = "azure.core.pipeline.policies.http_logging_policy"
# Settings that say what is started beside the app.
_USED_AT_START = ("AzureWebJobsStorage", "SESSION_POOL_MCP_ENDPOINT", "SESSION_POOL_MCP_API_KEY")


class HostTerminal:
    """Writes what happens in a host to a console."""

    def __init__(self, console: Console, app_directory: Path) -> None:
        self._console = console
        self._app_directory = app_directory
        self._origin = ""
        self._clients: list[tuple[str, str]] = []  # what has not been shown yet
        self._sdk_has_logged = False

    def ready(self, app: ServedApp, origin: str, *, keys_required: bool) -> None:
        """Shows the functions and where clients connect; `origin` is such as http://127.0.0.1:7071."""
        self._origin = origin
        if app.load_error:
            self._console.write()
            self.not_loaded(app.load_error)
            self._console.write()
        else:
            self._show_functions(app.host.app)
            for line in app.host.advice:
                self._console.write(f"{line}\n", "yellow", event="advice")
        path = mcp_path(app.settings)
        self._console.write(
            f"MCP server endpoint:            {origin}{path}", "green", event="ready", url=f"{origin}{path}"
        )
        if path == WEBHOOK_PATH:
            self._console.write(f"MCP server legacy SSE endpoint: {origin}{path}/sse", "green")
        if keys_required and app.settings.mcp.webhook_is_anonymous:
            self._console.write("Keys: none asked for, since host.json sets webhookAuthorizationLevel to Anonymous")
        elif keys_required:
            self._console.write("Keys: clients must send x-functions-key; --show-key prints it")
        self._console.write()
        asks_for_key = keys_required and not app.settings.mcp.webhook_is_anonymous
        self._clients = [*client_entries(f"{origin}{path}", asks_for_key=asks_for_key)]
        if app.load_error or _is_for_clients(app.host.app, app.settings):
            self._show_clients()

    def open_to_network(self, port: int, path: str, *, keys_required: bool) -> None:
        """Says loudly who can call, and at which addresses."""
        who = "everyone who has the key" if keys_required else "EVERYONE in your network"
        self._console.write(f"Not only this machine: {who} can call every tool, and run code by those that do.", "red")
        for address in _addresses():
            self._console.write(f"Others reach it at http://{address}:{port}{path}", "yellow")
        self._console.write()

    def executed(self, execution: Execution) -> None:
        """One line a call: what was called, outcome, duration, invocation id; then, if it failed, why."""
        outcome = "Succeeded" if execution.error is None else "Failed"
        name, trigger = execution.function.name, execution.function.trigger
        self._console.log(
            f"Executed 'Functions.{name}' ({outcome}, {trigger.noun}={trigger.public_name}, "
            f"Id={execution.invocation_id}, Duration={execution.milliseconds:.0f}ms)",
            None if execution.error is None else "red",
            event="call",
            function=name,
            invocation_id=execution.invocation_id,
            succeeded=execution.error is None,
            milliseconds=round(execution.milliseconds),
        )
        if execution.error is not None:
            self._console.log(f"Exception while executing function: Functions.{name}. {execution.error}", "red")
            module = missing_module(execution.error)
            if module:
                self._console.log(mend_import(module, self._app_directory), "yellow")

    def log(self, record: Log, host: FunctionsHost) -> None:
        """A record of the app's loggers. As in `func`, only those of a call under way are shown."""
        if record.invocation_id in host.executing:
            self._console.log(record.text, _colour(record.level))
            if record.logger == _SDK_REQUESTS and not self._sdk_has_logged:
                self._sdk_has_logged = True
                self._console.log(
                    "The Azure SDK logs all its requests, here and in Azure. Quieter: "
                    'logging.getLogger("azure.core").setLevel(logging.WARNING) in function_app.py.',
                    "yellow",
                )

    def output(self, line: str, from_stderr: bool) -> None:
        """A line that the app printed; the host judges those on stderr by their words."""
        self._console.log(line, _stderr_colour(line) if from_stderr else None)

    def loading(self, why: str) -> None:
        """The app is about to be loaded again."""
        self._console.log(f"{why} Loading the app again.")

    def loaded(self, host: FunctionsHost, before: FunctionsHost, seconds: float) -> None:
        """It is loaded; the functions are shown where they are others than before."""
        for notice in host.settings.notices:
            if notice not in before.settings.notices:
                self._console.log(notice, "yellow")
        for name in _USED_AT_START:
            if host.settings.configuration.get(name) != before.settings.configuration.get(name):
                self._console.log(f"{name} changed: stop and start again for what runs beside the app.", "yellow")
        count = len(host.app.functions)
        self._console.log(f"Loaded in {seconds:.1f} s: {count} function{'' if count == 1 else 's'}.", "green")
        if _shown(host.app, self._origin) != _shown(before.app, self._origin):
            self._show_functions(host.app)
        if _is_for_clients(host.app, host.settings):
            self._show_clients()
        for line in host.advice:
            if line not in before.advice:
                self._console.log(line, "yellow")

    def not_loaded(self, error: PersonError) -> None:
        """The app could not be loaded, and the next save may mend it."""
        self._console.log(str(error), "red", event="error", sentence=error.sentence, remedy=error.remedy)
        self._console.log("Until then calls are answered with this error. Save a file to load the app again.", "yellow")

    def finishing(self, calls: int) -> None:
        """Calls are under way in the code before."""
        what = (
            "1 call under way ends in the code that it"
            if calls == 1
            else f"{calls} calls under way end in the code they"
        )
        self._console.log(f"{what} began in.")

    def notice(self, text: str) -> None:
        """Something that the person has to do before it takes effect."""
        self._console.log(text, "yellow")

    def problem(self, text: str) -> None:
        """Something went wrong that no call is to blame for."""
        self._console.log(text, "red")

    def _show_clients(self) -> None:
        """Shows what to enter into MCP clients, once."""
        for client, entry in self._clients:
            self._console.write(f"{f'{client}:':<13}{self._console.linked(entry)}", event="client")
        if self._clients:
            self._console.write()
        self._clients = []

    def _show_functions(self, app: FunctionApp) -> None:
        if app.functions:
            self._console.write("\nFunctions:\n")
        else:
            self._console.write("\nNo functions found: function_app.py declares none that can run here.\n", "yellow")
        for line, colour in _shown(app, self._origin, with_times=True):
            self._console.write(f"{line}\n", colour, event="function")


def _is_for_clients(app: FunctionApp, settings: Settings) -> bool:
    """Whether MCP clients find something: not in an app of pages and timers alone."""
    is_other = bool(app.functions) and all(each.trigger.noun not in MCP_NOUNS for each in app.functions)
    return bool(settings.custom_handler) or not is_other


def mcp_path(settings: Settings) -> str:
    """Returns where MCP clients connect: the webhook of the extension, or where the SDKs' servers listen."""
    return "/mcp" if settings.custom_handler else WEBHOOK_PATH


def _shown(app: FunctionApp, origin: str, *, with_times: bool = False) -> list[tuple[str, str | None]]:
    """Returns the lines that show the functions of an app, each with its colour; those over HTTP first, as in func."""
    functions = sorted(app.functions, key=lambda each: not isinstance(each.trigger, HttpTrigger))
    return [
        *((f"\t{each.name}: {_described(each.trigger, origin, with_times)}", None) for each in functions),
        *((f"\t{each.name}: {each.trigger}, not run here: {each.reason}.", "yellow") for each in app.not_run),
        *((f"\tFunction {name} is disabled.", "yellow") for name in app.disabled),
        *((error, "red") for error in app.errors),
    ]


def _addresses() -> list[str]:
    """Returns the addresses of this machine by which others may reach it."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:
        found = set()
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing, and tells from which address it would
        found.add(probe.getsockname()[0])
    return sorted(each for each in found if not each.startswith("127."))


def _described(trigger: Trigger, origin: str, with_times: bool) -> str:
    if isinstance(trigger, HttpTrigger):
        methods = f"[{','.join(trigger.methods)}] " if trigger.methods else ""
        return f"{methods}{origin}/{trigger.public_name}"
    if isinstance(trigger, TimerTrigger) and with_times:
        next_run = trigger.next_run().replace(tzinfo=trigger.zone).isoformat(" ", "seconds")
        return f"{trigger.type_name}, {trigger.noun} {trigger.public_name}, next run {next_run}"
    return f"{trigger.type_name}, {trigger.noun} {trigger.public_name}"


def _colour(level: int) -> str | None:
    return "red" if level >= logging.ERROR else "yellow" if level >= logging.WARNING else None


def _stderr_colour(line: str) -> str | None:
    lowered = line.lower()
    if "warn" in lowered:
        return "yellow"
    return "red" if any(word in lowered for word in ("error", "fail", "severe", "unhandled exception")) else None
