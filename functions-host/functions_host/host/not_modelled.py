"""Triggers and bindings of Azure that this host does not model: by name, with the reason and what to do.

The app starts all the same, and all else in it runs; `--strict` refuses it.
"""

from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError

_DURABLE = (
    "Durable Functions keep their history in an extension of the host that exists for .NET only, and talks to the SDK "
    "over gRPC"
)
_SERVICES = {
    "servicebus": "there is no Service Bus here",
    "eventhub": "there is no Event Hubs here",
    "eventgrid": "there is no Event Grid here",
    "cosmosdb": "there is no Cosmos DB here",
    "sql": "there is no SQL Server here",
    "mysql": "there is no MySQL here",
    "kafka": "there is no Kafka here",
    "rabbitmq": "there is no RabbitMQ here",
    "signalr": "there is no SignalR Service here",
    "webpubsub": "there is no Web PubSub here",
    "dapr": "there is no Dapr sidecar here",
    "redis": "there is no Redis here",
    "sendgrid": "there is no SendGrid here",
    "twilio": "there is no Twilio here",
    "table": "tables are not modelled yet",
    "assistant": "there is no Azure OpenAI here",
    "textcompletion": "there is no Azure OpenAI here",
    "embeddings": "there is no Azure OpenAI here",
    "semanticsearch": "there is no Azure OpenAI here",
    "generic": "the type of a generic binding is not modelled",
    "warmup": "nothing here is scaled out",
    "orchestration": _DURABLE,
    "activity": _DURABLE,
    "entity": _DURABLE,
    "durable": _DURABLE,
}


class NotModelledError(BindingError):
    """A function has a trigger or binding that this host does not model. `trigger` is the type of its trigger."""

    def __init__(self, trigger: str, reason: str) -> None:
        super().__init__(reason)
        self.trigger = trigger


def why_no_trigger(binding: RawBinding) -> str:
    """Returns why a trigger makes no function run."""
    return f"{_reason(binding)}; func and Azure run it"


def why_no_binding(binding: RawBinding) -> str:
    """Returns why a function that has this binding cannot run."""
    return (
        f"its binding '{binding.name}' of type '{binding.type_as_written}' (direction {binding.direction}) is not "
        f"modelled by this host: {_reason(binding)}; func and Azure may run it"
    )


def _reason(binding: RawBinding) -> str:
    for name, reason in _SERVICES.items():
        if binding.type.startswith(name):
            return reason
    return "nothing stands in for it here"
