"""Work that nobody waits for, beside tools: timers, a queue that a tool fills, a container that is watched."""

import json

import azure.functions as func

app = func.FunctionApp()


@app.mcp_tool_trigger(arg_name="context", tool_name="cached", description="What the timer has kept.")
@app.blob_input(arg_name="cache", path="kept/cache.json", connection="AzureWebJobsStorage")
def cached(context: str, cache: str) -> str:
    return cache or "nothing yet"


@app.timer_trigger(arg_name="timer", schedule="%EVERY_HOUR%", run_on_startup=True)
@app.blob_output(arg_name="cache", path="kept/cache.json", connection="AzureWebJobsStorage")
def refresh(timer: func.TimerRequest, cache: func.Out[str]) -> None:
    told = {"past_due": timer.past_due, "schedule": timer.schedule, "status": timer.schedule_status}  # pyright: ignore
    cache.set(json.dumps(told))


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True, use_monitor=False)
@app.retry(strategy="exponential_backoff", max_retry_count="3", minimum_interval="00:00:00")
@app.blob_output(arg_name="tries", path="kept/tries.txt", connection="AzureWebJobsStorage")
def stubborn(timer: func.TimerRequest, tries: func.Out[str], context: func.Context) -> None:
    retry = context.retry_context
    if retry.retry_count < 2:
        raise RuntimeError("not yet")
    tries.set(f"{retry.retry_count} of {retry.max_retry_count}")


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", use_monitor=False)
@app.blob_output(arg_name="night", path="kept/night.txt", connection="AzureWebJobsStorage")
def by_night(timer: func.TimerRequest, night: func.Out[str]) -> None:
    night.set(f"ran, {timer.schedule_status}")  # pyright: ignore


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="order",
    description="Takes an order.",
    tool_properties='[{"propertyName": "name", "propertyType": "string", "description": "What."}]',
)
@app.queue_output(arg_name="work", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
def order(context: str, work: func.Out[str]) -> str:
    name = json.loads(context)["arguments"]["name"]
    work.set(json.dumps({"name": name, "count": 2}))
    return f"ordered {name}"


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="made", path="made/{name}-{dequeueCount}", connection="AzureWebJobsStorage")
async def make(message: func.QueueMessage, made: func.Out[str]) -> None:
    ordered = message.get_json()
    if ordered["name"].startswith("broken"):
        raise RuntimeError("it cannot be made")
    known = message.id and message.pop_receipt and message.insertion_time and message.expiration_time
    made.set(f"{ordered['name']}, {bool(known)}, {message.time_next_visible is not None}")


@app.queue_trigger(arg_name="message", queue_name="work-poison", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="lost", path="given-up/{name}", connection="AzureWebJobsStorage")
def mourn(message: func.QueueMessage, lost: func.Out[bytes]) -> None:
    lost.set(message.get_body())


@app.blob_trigger(
    arg_name="upload", path="uploads/{name}.txt", connection="AzureWebJobsStorage", data_type=func.DataType.BINARY
)
@app.blob_output(arg_name="report", path="reports/{name}", connection="AzureWebJobsStorage")
def read_upload(upload: func.InputStream, report: func.Out[str]) -> None:
    content = upload.read()
    if content == b"broken":
        raise RuntimeError("it cannot be read")
    report.set(f"{upload.name}, {upload.length}, {upload.metadata}, {content!r}")  # pyright: ignore


@app.timer_trigger(arg_name="timer", schedule="every day")
def no_schedule(timer: func.TimerRequest) -> None:
    pass


@app.queue_trigger(arg_name="message", queue_name="no_queue", connection="AzureWebJobsStorage")
def no_queue(message: func.QueueMessage) -> None:
    pass
