"""What an app keeps in a blueprint: a health check, and a tool."""

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.route(route="health", methods=["GET", "HEAD", "OPTIONS"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("healthy", headers={"x-answered": req.method})


@blueprint.mcp_tool_trigger(arg_name="context", tool_name="blue", description="A tool of a blueprint.")
def blue(context: str) -> str:
    return "from the blueprint"
