"""Runs a function that nobody calls, because a person wants to see it run: POST /admin/functions/NAME.

azure-functions-host, Controllers/FunctionsController.cs; what becomes of the input is each trigger's own affair.
https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
"""

from functions_host.errors import BindingError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.timers import stored_status
from functions_host.triggers.blob_trigger import BlobCall, BlobTrigger
from functions_host.triggers.http_trigger import HttpCall, HttpTrigger
from functions_host.triggers.queue_trigger import QueueTrigger, message_by_hand
from functions_host.triggers.timer_trigger import TimerCall, TimerTrigger
from functions_host.triggers.trigger_call import TriggerCall


async def call_by_hand(host: FunctionsHost, function: Function, text: str) -> TriggerCall:
    """Returns the call that `text` makes: a queue's message, the path of a blob, the body of a request.

    Raises BindingError where there is no such call.
    """
    match function.trigger:
        case TimerTrigger() as trigger:
            status = await stored_status(host, function, trigger) if trigger.is_monitored else None
            return TimerCall(trigger, status, is_past_due=False)
        case QueueTrigger():
            return message_by_hand(text)
        case BlobTrigger() as trigger:
            return await _blob_by_hand(host, trigger, text)
        case HttpTrigger():
            return HttpCall("POST", f"http://localhost/{function.trigger.public_name}", {}, {}, {}, text.encode())
        case _:
            raise BindingError(f"'{function.name}' is run by MCP clients only: call its {function.trigger.noun}.")


async def _blob_by_hand(host: FunctionsHost, trigger: BlobTrigger, path: str) -> BlobCall:
    container, _, name = path.partition("/")
    for blob in await host.blobs.list(trigger.connection, container, name):
        names = trigger.match(blob)
        content = await host.blobs.read(trigger.connection, blob.path)
        if blob.path.blob == name and names is not None and content is not None:
            return BlobCall(trigger, blob, names, content)
    raise BindingError(f"There is no blob '{path}' for the path '{trigger.public_name}'.")
