"""The functions of an app that can be called, and where each is found."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import msgspec

from functions_host.app.custom_handler import CustomHandler
from functions_host.bindings.binding import InputBinding, OutputBinding
from functions_host.triggers.blob_trigger import BlobTrigger
from functions_host.triggers.http_trigger import HttpTrigger
from functions_host.triggers.prompt_trigger import PromptTrigger
from functions_host.triggers.queue_trigger import QueueTrigger
from functions_host.triggers.resource_trigger import ResourceTrigger
from functions_host.triggers.timer_trigger import TimerTrigger
from functions_host.triggers.tool_trigger import ToolTrigger
from functions_host.worker_process.messages import Retry

type McpTrigger = ToolTrigger | ResourceTrigger | PromptTrigger
type ListenedTrigger = TimerTrigger | QueueTrigger | BlobTrigger
type Trigger = McpTrigger | HttpTrigger | ListenedTrigger

MCP_NOUNS = frozenset(("tool", "resource", "template", "prompt"))


class Function(msgspec.Struct, frozen=True):
    """A function that can be called."""

    name: str
    function_id: str
    trigger: Trigger
    inputs: tuple[InputBinding, ...]
    outputs: tuple[OutputBinding, ...]
    answer: str = "$return"
    """The output that holds what the trigger is answered with; only over HTTP it can be another than this."""
    retry: Retry | None = None
    """Whether it is tried again when it fails."""

    @property
    def mcp(self) -> McpTrigger:
        """The trigger, for whoever found the function as a tool, resource or prompt."""
        return cast("McpTrigger", self.trigger)


class NotRun(msgspec.Struct, frozen=True):
    """A function that Azure would run and this host does not."""

    name: str
    trigger: str
    reason: str


@dataclass(frozen=True)
class FunctionApp:
    """What the host serves: functions in the order of their upper-cased names, and why others are not among them."""

    functions: tuple[Function, ...]
    disabled: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    caveats: tuple[str, ...] = ()
    """What is taken when the app is loaded, here and in Azure, and then fails calls or lists."""

    def named(self, name: str) -> Function | None:
        """Returns a function by its own name, in any case."""
        return next((each for each in self.functions if each.name.lower() == name.lower()), None)

    def tool(self, name: str) -> Function | None:
        """Returns the function behind a tool; the extension finds tools in any case."""
        return self.tools.get(name.lower())

    def prompt(self, name: str) -> Function | None:
        """Returns the function behind a prompt, in any case as well."""
        return self.prompts.get(name.lower())

    def resource(self, uri: str) -> tuple[Function, dict[str, str]] | None:
        """Returns the function behind a resource, and what the parameters of its template stand for in `uri`.

        A resource with that very URI, in any case, comes before templates; those are tried in their order.
        """
        if static := self.resources.get(uri.lower()):
            return static, {}
        for function in self.templates:
            trigger = function.trigger
            assert isinstance(trigger, ResourceTrigger)
            assert trigger.match
            if (parameters := trigger.match(uri)) is not None:
                return function, parameters
        return None

    @cached_property
    def tools(self) -> dict[str, Function]:
        """The tools, by their names in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("tool")}

    @cached_property
    def prompts(self) -> dict[str, Function]:
        """The prompts, by their names in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("prompt")}

    @cached_property
    def resources(self) -> dict[str, Function]:
        """The resources that are no templates, by their URIs in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("resource")}

    @cached_property
    def templates(self) -> list[Function]:
        """The templates of resources."""
        return self._that_are("template")

    @cached_property
    def routes(self) -> list[tuple[HttpTrigger, Function]]:
        """The functions over HTTP, in the order in which a request is offered to them."""
        return [(each.trigger, each) for each in self.functions if isinstance(each.trigger, HttpTrigger)]

    def route(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Returns the function at a path, decoded, and what the parameters of its route stand for.

        The first one wins whose route and methods fit, however much better another would.
        """
        for trigger, function in self.routes:
            if trigger.takes(method) and (values := trigger.template.match(path)) is not None:
                return function, {name: value for name, value in values.items() if value is not None}
        return None

    def _that_are(self, noun: str) -> list[Function]:
        return [each for each in self.functions if each.trigger.noun == noun]


def only_forwarded(app: FunctionApp, handler: CustomHandler) -> FunctionApp:
    """Returns the app of a custom handler with those functions that are not forwarded to it as not run."""
    forwarded = [each for each in app.functions if isinstance(each.trigger, HttpTrigger) and handler.takes_requests]
    reason = (
        "a custom handler is asked over HTTP only here, not with the host's own JSON"
        if handler.takes_requests
        else 'requests are given to a custom handler as they are: set "enableProxyingHttpRequest": true in host.json'
    )
    others = [NotRun(each.name, each.trigger.type_name, reason) for each in app.functions if each not in forwarded]
    return replace(app, functions=tuple(forwarded), not_run=(*app.not_run, *others))
