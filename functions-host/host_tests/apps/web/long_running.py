# pyright: basic, reportMissingImports=false
"""Durable functions, in a blueprint: an orchestrator, an activity, and what begins them."""

import azure.durable_functions as df
import azure.functions as func

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def long_work(context: df.DurableOrchestrationContext):
    greeting = yield context.call_activity("greet", "Ann")
    return greeting


@blueprint.activity_trigger(input_name="name")
def greet(name: str) -> str:
    return f"Hello {name}"


@blueprint.route(route="begin", auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
async def begin(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance = await client.start_new("long_work")
    return client.create_check_status_response(req, instance)
