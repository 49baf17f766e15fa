"""What bare_server.py answers, as a function over HTTP."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="hello", methods=["POST"])
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    result = {"content": [{"type": "text", "text": "Hello I am MCPTool!"}]}
    body = json.dumps({"result": result, "id": req.get_json()["id"], "jsonrpc": "2.0"}, separators=(",", ":"))
    return func.HttpResponse(body, mimetype="application/json")
