"""What the host tells the person: the lines of `func start`, and one line for every call."""

import logging

from local.console import Console
from local.functions_host.functions import FunctionApp
from local.functions_host.host import Execution, FunctionsHost
from local.functions_host.mcp_webhook import WEBHOOK_PATH
from local.functions_host.worker_messages import Log


class HostTerminal:
    """Writes what happens in a host to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def ready(self, host: FunctionsHost, origin: str) -> None:
        """Shows the functions and where clients connect; `origin` is such as http://127.0.0.1:7071."""
        self._show_functions(host.app)
        self._console.write(f"MCP server endpoint:            {origin}{WEBHOOK_PATH}", "green")
        self._console.write(f"MCP server legacy SSE endpoint: {origin}{WEBHOOK_PATH}/sse", "green")
        self._console.write()
        self._console.write("Press Ctrl+C to stop.", "dim")

    def executed(self, execution: Execution) -> None:
        """One line a call: what was called, outcome, duration, invocation id; then, if it failed, why."""
        outcome = "Succeeded" if execution.error is None else "Failed"
        name, trigger = execution.function.name, execution.function.trigger
        self._console.log(
            f"Executed 'Functions.{name}' ({outcome}, {trigger.noun}={trigger.public_name}, "
            f"Id={execution.invocation_id}, Duration={execution.milliseconds:.0f}ms)",
            None if execution.error is None else "red",
        )
        if execution.error is not None:
            self._console.log(f"Exception while executing function: Functions.{name}. {execution.error}", "red")

    def log(self, record: Log, host: FunctionsHost) -> None:
        """A record of the app's loggers. As in `func`, only those of a call under way are shown."""
        if record.invocation_id in host.executing:
            self._console.log(record.text, _colour(record.level))

    def output(self, line: str, from_stderr: bool) -> None:
        """A line that the app printed; the host judges those on stderr by their words."""
        self._console.log(line, _stderr_colour(line) if from_stderr else None)

    def problem(self, text: str) -> None:
        """Something went wrong that no call is to blame for."""
        self._console.log(text, "red")

    def _show_functions(self, app: FunctionApp) -> None:
        if app.functions:
            self._console.write("\nFunctions:\n")
        else:
            self._console.write("\nNo functions found: function_app.py declares none that can run here.\n", "yellow")
        for function in app.functions:
            trigger = function.trigger
            self._console.write(f"\t{function.name}: {trigger.type_name}, {trigger.noun} {trigger.public_name}\n")
        for name in app.disabled:
            self._console.write(f"\tFunction {name} is disabled.\n", "yellow")
        for error in app.errors:
            self._console.write(f"{error}\n", "red")


def _colour(level: int) -> str | None:
    return "red" if level >= logging.ERROR else "yellow" if level >= logging.WARNING else None


def _stderr_colour(line: str) -> str | None:
    lowered = line.lower()
    if "warn" in lowered:
        return "yellow"
    return "red" if any(word in lowered for word in ("error", "fail", "severe", "unhandled exception")) else None
