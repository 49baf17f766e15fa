"""Functions over HTTP beside tools, in two files, and some that only Azure runs."""

import json

import azure.functions as func
import pages  # pyright: ignore[reportMissingImports]

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(pages.blueprint)


@app.mcp_tool_trigger(arg_name="context", tool_name="hello", description="Says hello.")
def hello_tool(context: str) -> str:
    return "Hello from a tool"


@app.route(route="echo/{a}/{b?}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "query": dict(req.params),
        "params": dict(req.route_params),
        "headers": {name: value for name, value in req.headers.items() if name.startswith("x-")},
        "body": req.get_body().decode("latin-1"),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="trace")
def trace(req: func.HttpRequest, context: func.Context) -> str:
    return context.trace_context.trace_parent  # pyright: ignore[reportAttributeAccessIssue, reportReturnType]


@app.route(route="master", auth_level=func.AuthLevel.ADMIN)
def guarded(req: func.HttpRequest) -> str:
    return "you are the master"


@app.route(route="json", methods=["POST"])
def read_json(req: func.HttpRequest) -> str:
    return str(sum(req.get_json()["numbers"]))


@app.route(route="form", methods=["POST"])
def read_form(req: func.HttpRequest) -> str:
    files = {name: each.read().decode() for name, each in req.files.items()}
    return json.dumps({"fields": dict(req.form), "files": files})


@app.route(route="size")
def size(req: func.HttpRequest) -> str:
    return str(len(req.get_body()))


@app.route(route="large")
def large(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(b"x" * int(req.params["bytes"]))


@app.route(route="raises")
def raises(req: func.HttpRequest) -> str:
    raise RuntimeError("what the terminal shows and no client")


@app.route(route="returns/{what}")
def returns(req: func.HttpRequest):
    answers = {"none": None, "tuple": ("text", 418), "dict": {"a": 1}, "int": 5, "text": "text"}
    answers["teapot"] = json.dumps({"body": "short and stout", "status": 418, "headers": {"x-made-of": "china"}})
    return answers[req.route_params["what"]]


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("two")
    response.headers.add("Set-Cookie", "a=1; Path=/api; Secure; HttpOnly; SameSite=Lax; Max-Age=60; Domain=localhost")
    response.headers.add("Set-Cookie", "b=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT; SameSite=None")
    return response


@app.function_name("by_out")
@app.route(route="out", binding_arg_name="answer")
def by_out(req: func.HttpRequest, answer: func.Out[func.HttpResponse]) -> None:
    answer.set(func.HttpResponse("by an Out parameter", status_code=202))


@app.route(route="same")
def first_of_same(req: func.HttpRequest) -> str:
    return "first"


@app.route(route="SAME", methods=["GET"])
def second_of_same(req: func.HttpRequest) -> str:
    return "second"


@app.route(route="broken/{id")
def broken_route(req: func.HttpRequest) -> str:
    return ""


@app.route(route="runtime/mine")
def taken_route(req: func.HttpRequest) -> str:
    return ""


@app.service_bus_queue_trigger(arg_name="message", queue_name="orders", connection="Bus")
def from_bus(message: func.ServiceBusMessage) -> None:
    pass


@app.route(route="documents")
@app.cosmos_db_output(arg_name="document", database_name="a", container_name="b", connection="Cosmos")
def to_cosmos(req: func.HttpRequest, document: func.Out[str]) -> str:
    return ""
