"""What is modelled of the MCP extension and of the Functions host: all behaviour, where it is written, where we differ.

A test says what it shows with `@shows("tools.unknown")`; unit/test_requirements.py checks that every behaviour is
shown and every name known. `uv run --directory functions-host python -m host_tests.requirements` writes DIFFERENCES.md.

Sources are public. Files of azure-functions-mcp-extension 1.6.0 are below src/Microsoft.Azure.Functions.Extensions.Mcp,
those of csharp-sdk (modelcontextprotocol, 0.4.0-preview.3) below src/ModelContextProtocol.Core, and pages of Microsoft
Learn below https://learn.microsoft.com. What nobody wrote down is inferred.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tests.recorded_differences import RECORDED_DIFFERENCES

DIFFERENCES = Path(__file__).resolve().parent.parent / "DIFFERENCES.md"
_INTRODUCTION = """<!-- written by `uv run --directory functions-host python -m host_tests.requirements` -->
# What differs from Azure

Your functions run in `azure-functions-runtime`, the worker library that Azure itself runs, in a process of their own;
their blobs are in the real Azurite. Between the two stands this host, which answers as version 1.6.0 of the MCP
extension does. It differs from Azure in this:

"""
_RECORDING = """
## What differs from the extension's recorded answers

The extension itself was run in a host of its own, asked, and its answers recorded: they are tests of this host. Where
ours are others, it is on purpose:

"""


@dataclass(frozen=True)
class Requirement:
    """One behaviour. `differs` says what Azure does and what we do, where we chose to differ."""

    id: str
    sentence: str
    source: str
    differs: str = ""


REQUIREMENTS = (
    # transport
    Requirement(
        "transport.post-only",
        "Below /runtime/webhooks/mcp, GET, DELETE, PUT and OPTIONS are answered with 405, an empty body and no Allow.",
        "azure-functions-mcp-extension, Http/DefaultRequestHandler.cs",
    ),
    Requirement(
        "transport.other-verbs",
        "Other verbs are answered with 405 and the five that the webhook route of the host knows in Allow.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    Requirement(
        "transport.paths",
        "Any path below the endpoint is the endpoint, and the name of the extension is found in any case.",
        "azure-functions-mcp-extension, Http/DefaultRequestHandler.cs",
    ),
    Requirement(
        "transport.suffixes",
        "A path that ends in sse or message, in any case and with or without a slash behind it, is that of the "
        "older transport.",
        "azure-functions-mcp-extension, Http/DefaultRequestHandler.cs",
    ),
    Requirement(
        "transport.no-extension",
        "A webhook of an extension that the app does not use is answered with 404.",
        "azure-functions-host, Controllers/HostController.cs",
    ),
    Requirement(
        "transport.one-event",
        "A request over Streamable HTTP is answered with 200 and one event of a text/event-stream, errors of the "
        "protocol included.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.headers",
        "Answers carry Cache-Control no-cache,no-store and Content-Encoding identity.",
        "azure-functions-mcp-extension, Http/McpHttpUtility.cs",
    ),
    Requirement(
        "transport.accept",
        "A POST whose Accept does not cover both application/json and text/event-stream is answered with 406 and "
        "a JSON-RPC error whose id is empty.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.accept-wildcards",
        "Wildcards in Accept count; parameters and quality values are ignored.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    Requirement(
        "transport.silent",
        "A notification, a request without id whatever its method, and a response are answered with 202, without "
        "body and Content-Type.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.malformed",
        "A body that is no JSON-RPC message, a batch included, is answered with an empty 500, on both transports.",
        "csharp-sdk, Protocol/JsonRpcMessage.cs",
    ),
    Requirement(
        "transport.content-type",
        "A body that is not declared as JSON is answered with an empty 500.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.charset",
        "JSON may be declared with a charset and as any +json type.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.null",
        "The JSON literal null as body is answered with 400 and a JSON-RPC error.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "transport.half-surrogates",
        "Half of a surrogate pair in params is -32603 where a method reads them; anywhere else it is an empty 500.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    Requirement(
        "transport.names-of-params",
        "Members of params are found in any case, unknown ones passed over, and null is taken for any reference.",
        "csharp-sdk, McpJsonUtilities.cs",
    ),
    Requirement(
        "transport.ids",
        "The id of a request, text or a whole number of 64 bits, comes back as it was.",
        "csharp-sdk, Protocol/RequestId.cs",
    ),
    Requirement(
        "transport.member-order",
        "Members of an answer come in the order result or error, id, jsonrpc.",
        "csharp-sdk, Protocol/JsonRpcMessage.cs",
    ),
    Requirement(
        "transport.escapes",
        "JSON on the wire is compact and ASCII: other characters, quotes, < > & + and the backtick are escaped.",
        "Microsoft Learn, dotnet/standard/serialization/system-text-json/character-encoding",
    ),
    Requirement(
        "transport.nulls",
        "Members without a value are left out.",
        "azure-functions-mcp-extension, Serialization/McpJsonSerializerOptions.cs",
    ),
    Requirement(
        "transport.body-limit",
        "A body of more than 100 MB is answered with 413.",
        "Microsoft Learn, azure-functions/functions-bindings-http-webhook-trigger",
    ),
    Requirement(
        "transport.large",
        "20 MB come through either transport as they were.",
        "Microsoft Learn, azure-functions/functions-bindings-http-webhook-trigger",
    ),
    Requirement(
        "transport.broken-connections",
        "A connection that is cut, half closed or no HTTP leaves the server alive.",
        "inferred",
    ),
    Requirement(
        "transport.upgrade",
        "An offer of another protocol, such as the h2c of every Java client, is ignored, by the session pool too.",
        "https://www.rfc-editor.org/rfc/rfc9110#name-upgrade",
    ),
    Requirement(
        "transport.local-only",
        "A foreign Host is refused with 421, a foreign Origin with 403.",
        "https://modelcontextprotocol.io/specification/2025-06-18/basic/transports",
        "A request whose `Host` or `Origin` is another machine is refused (421 and 403). The extension leaves "
        "that to you.",
    ),
    Requirement(
        "transport.any-message",
        "Whatever is posted is answered as the extension answers, without a hang and without harm to the next call.",
        "csharp-sdk, Protocol/JsonRpcMessage.cs",
    ),
    Requirement(
        "transport.homepage",
        "GET / answers with a page, and an unknown path with an empty 404.",
        "azure-functions-host, HomepageMiddleware.cs",
    ),
    # sessions of Streamable HTTP
    Requirement(
        "sessions.issued",
        "Only initialize without Mcp-Session-Id is answered with one: 16 letters and digits of the session, |, "
        "and 16 of the instance.",
        "azure-functions-mcp-extension, ClientStateManager.cs",
    ),
    Requirement(
        "sessions.plain",
        "Session ids are as under Core Tools: encryptClientState has no effect.",
        "azure-functions-mcp-extension, ClientStateManager.cs",
        "Session ids are readable, as with `func start`. In Azure they are encrypted, unless `encryptClientState`"
        " says no.",
    ),
    Requirement(
        "sessions.shape",
        "A Mcp-Session-Id that is not two parts around | is answered with 400 Invalid client state.",
        "azure-functions-mcp-extension, ClientStateManager.cs",
    ),
    Requirement(
        "sessions.any",
        "Any Mcp-Session-Id of the right shape is taken, whatever its instance: nothing is remembered of it.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "sessions.not-needed",
        "Methods answer without any initialize before them.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    # SSE, the older transport
    Requirement(
        "transport.unread",
        "Answers that nobody reads delay nobody, and are gone with their connections.",
        "Microsoft Learn, aspnet/core/fundamentals/servers/kestrel/options",
    ),
    Requirement(
        "transport.too-many",
        "A host that may open no more files closes new connections at once, and takes them again when it may.",
        "inferred",
    ),
    Requirement(
        "sse.get-only",
        "Only GET opens a stream; other verbs are answered with 405.",
        "azure-functions-mcp-extension, Http/DefaultRequestHandler.cs",
    ),
    Requirement(
        "sse.endpoint",
        "A stream begins with the event endpoint, which names message?azmcpcs= and the client state, relative to "
        "the path.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.endpoint-key",
        "The endpoint carries the key of the GET on; the query wins over the header there.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.absolute-endpoint",
        "With messageOptions.useAbsoluteUriForEndpoint the endpoint is a whole address.",
        "azure-functions-mcp-extension, Configuration/MessageOptions.cs",
    ),
    Requirement(
        "sse.accepted",
        "A message is answered with 202 Accepted; what it asks for comes on the stream.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.notifications",
        "Notifications are accepted and not answered.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.equal-ids",
        "Requests that share an id are each answered.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    Requirement(
        "sse.no-state",
        "A message without azmcpcs, whatever its verb, is answered with 400 Missing service context.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.wrong-state",
        "A message whose client state has the wrong shape is answered with 400 Invalid client state.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.unknown-client",
        "A message for a client that this instance does not know is answered with 400 No active session.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.other-instance",
        "A message for another instance is accepted.",
        "azure-functions-mcp-extension, Backplane/BackplaneService.cs",
        "Every SSE session lives in the one process there is. Azure hands messages on to the instance that has "
        "the session, by a queue; here one for another instance is accepted and goes nowhere.",
    ),
    Requirement(
        "sse.null",
        "The literal null is answered with 400 No message in request body.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.lifetime",
        "A session lives as long as its stream.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    Requirement(
        "sse.pings",
        "The server pings a while after it was connected, and again once that was answered.",
        "azure-functions-mcp-extension, Http/McpClientSession.cs",
    ),
    Requirement(
        "sse.ping-error",
        "After an error for an answer, or without one, no more pings come, and the session stays.",
        "azure-functions-mcp-extension, Http/McpClientSession.cs",
    ),
    Requirement(
        "sse.unread",
        "A client that does not read its stream is given up: it takes bounded memory, and delays nobody.",
        "Microsoft Learn, aspnet/core/fundamentals/servers/kestrel/options",
        "A stream ends when its client has left 64 MiB unread. Azure goes by time: it cuts off a client that takes "
        "less than 240 bytes a second.",
    ),
    Requirement(
        "sse.idle",
        "A thousand streams that say nothing delay nobody, and end with the host.",
        "Microsoft Learn, aspnet/core/fundamentals/servers/kestrel/options",
    ),
    Requirement(
        "sse.cancelled",
        "notifications/cancelled takes the answer from a running request of the stream; the function runs to its end.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    Requirement(
        "sse.initialize-error",
        "An initialize that cannot be read is the error -32603 on the stream.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    # keys
    Requirement(
        "keys.none-locally",
        "Without --require-key no key is asked for, and one that is sent is ignored.",
        "azure-functions-core-tools, CliAuthenticationHandler.cs",
        "No key is asked for unless you say `--require-key`, as with `func start`. In Azure, clients send the "
        "system key `mcp_extension`.",
    ),
    Requirement(
        "keys.system-and-master",
        "The system key mcp_extension and the master key open the endpoint, as x-functions-key or as code; the "
        "header wins.",
        "azure-functions-host, Security/Authorization",
    ),
    Requirement(
        "keys.refusals",
        "No key or an unknown one is answered with 401, a key that is for something else with 403.",
        "azure-functions-host, Security/Authorization",
    ),
    Requirement(
        "keys.first",
        "The key is asked for before the verb or Accept is looked at.",
        "azure-functions-host, Security/Authorization",
    ),
    Requirement(
        "keys.other-pages",
        "The homepage and /admin/host/ping ask for no key.",
        "azure-functions-host, Controllers/HostController.cs",
    ),
    Requirement(
        "keys.anonymous",
        "webhookAuthorizationLevel Anonymous, in host.json or the environment and in any case, opens the endpoint"
        " and nothing else.",
        "Microsoft Learn, azure-functions/functions-bindings-mcp",
    ),
    Requirement(
        "keys.kept",
        "Keys are made when they are first needed, stay the same, and only their owner may read them.",
        "Microsoft Learn, azure-functions/function-keys-how-to",
        "Azure keeps the keys with the app's storage. Here they are in a file beside it, which only you may read.",
    ),
    Requirement(
        "admin.master-key",
        "Below /admin the master key is asked for.",
        "azure-functions-host, Controllers/HostController.cs",
    ),
    Requirement(
        "admin.pages",
        "/admin/host/status tells the state, and keys, functionkeys and systemkeys tell the keys.",
        "azure-functions-host, Controllers/KeysController.cs",
    ),
    Requirement(
        "admin.refused",
        "What else is below /admin is refused by name.",
        "azure-functions-host, Controllers/KeysController.cs",
        "Below `/admin` there are `host/status`, `host/ping` and the keys, to be read. All else is refused with 501.",
    ),
    # initialize
    Requirement(
        "initialize.revision",
        "The protocol version is the client's if it is 2024-11-05, 2025-03-26 or 2025-06-18, and otherwise 2025-06-18.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "initialize.capabilities",
        "Capabilities are always logging, prompts, resources and tools, each empty.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "initialize.server",
        "serverInfo has the name and version of host.json, and instructions are there where it has them.",
        "azure-functions-mcp-extension, Configuration/McpOptions.cs",
    ),
    Requirement(
        "initialize.unreadable",
        "Over Streamable HTTP without a session, an initialize that lacks protocolVersion or clientInfo is "
        "answered with an empty 500.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "initialize.unreadable-session",
        "With a session it is the error -32603.",
        "azure-functions-mcp-extension, Http/StreamableHttpRequestHandler.cs",
    ),
    Requirement(
        "initialize.later-clients",
        "A client of a later revision is told that there is no server/discover, and falls back.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    # methods and errors
    Requirement(
        "methods.ping",
        "ping is answered with an empty result.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "methods.log-level",
        "logging/setLevel takes the eight levels in any case, numbers too, and no params; it does nothing.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "methods.subscriptions",
        "resources/subscribe and unsubscribe are accepted, and nothing follows.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "methods.unknown",
        "A method that there is not is the error -32601, completion/complete among them.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    Requirement(
        "methods.bad-params",
        "Params that cannot be read are the error -32603 An error occurred.",
        "csharp-sdk, McpSessionHandler.cs",
    ),
    Requirement(
        "methods.never-emitted",
        "Functions emit no progress, logging, sampling, elicitation or list_changed.",
        "azure-functions-mcp-extension, McpToolExtensions.cs",
    ),
    Requirement(
        "lists.empty",
        "Lists of what the app does not have are empty.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "lists.cursor",
        "A cursor is accepted and ignored, and there is never a next one.",
        "csharp-sdk, Server/McpServerImpl.cs",
    ),
    Requirement(
        "lists.order",
        "Lists are in the order of the upper-cased names of the functions, so that an underscore follows letters.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    # tools
    Requirement(
        "tools.listing-order",
        "A tool is listed as name, description, inputSchema, outputSchema and _meta, in this order.",
        "csharp-sdk, Protocol/Tool.cs",
    ),
    Requirement(
        "tools.schema",
        "The schema of a tool is made of its properties: types, arrays, enums, descriptions and what is required.",
        "azure-functions-mcp-extension, Trigger/McpInputSchema.cs",
    ),
    Requirement(
        "tools.no-properties",
        "A tool without properties has an empty schema with an empty list of required ones.",
        "azure-functions-mcp-extension, Trigger/McpInputSchema.cs",
    ),
    Requirement(
        "tools.own-schema",
        "With useWorkerInputSchema the inputSchema of the worker is listed as it is.",
        "azure-functions-mcp-extension, Trigger/McpToolTriggerAttribute.cs",
    ),
    Requirement(
        "tools.output-schema",
        "outputSchema is listed, and results are not checked against it.",
        "azure-functions-mcp-extension, Trigger/McpToolTriggerAttribute.cs",
    ),
    Requirement(
        "tools.in-error",
        "A tool trigger that the host cannot read puts its function in error; the others run.",
        "azure-functions-host, Utility.cs",
    ),
    Requirement(
        "tools.keeps-from-starting",
        "toolProperties or schemas that are no valid JSON keep the host from starting.",
        "azure-functions-mcp-extension, Trigger/McpToolTriggerBinding.cs",
    ),
    Requirement(
        "tools.duplicate",
        "Two tools whose names differ in case only keep the host from starting.",
        "azure-functions-mcp-extension, DefaultToolRegistry.cs",
    ),
    Requirement(
        "tools.any-case",
        "A tool is found in any case, and its function sees the name as the client wrote it.",
        "azure-functions-mcp-extension, DefaultToolRegistry.cs",
    ),
    Requirement(
        "tools.unknown",
        "A tool that there is not is the error -32602, and so is tools/call without params.",
        "azure-functions-mcp-extension, DefaultToolRegistry.cs",
    ),
    Requirement(
        "tools.required",
        "Arguments that are required and missing or null are the error -32602, which names them all; the function"
        " does not run.",
        "azure-functions-mcp-extension, Validation/ToolRequestValidator.cs",
    ),
    Requirement(
        "tools.required-own-schema",
        "So are those that the worker's own schema requires.",
        "azure-functions-mcp-extension, Validation/JsonSchemaToolRequestValidator.cs",
    ),
    Requirement(
        "tools.only-presence",
        "Types, enums and further arguments are not checked; empty values count as present.",
        "azure-functions-mcp-extension, Validation/PropertyBasedToolRequestValidator.cs",
    ),
    Requirement(
        "tools.names-unchecked",
        "Names of tools are not checked for characters or length.",
        "azure-functions-mcp-extension, DefaultToolRegistry.cs",
    ),
    # what a tool returns
    Requirement(
        "results.none",
        "No value is a result without content.",
        "azure-functions-mcp-extension, Trigger/SimpleToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.plain",
        "Without useResultSchema any other value is one text, as .NET writes it: JSON indented, bytes as "
        "System.Byte[].",
        "azure-functions-mcp-extension, Trigger/SimpleToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.one-block",
        "With useResultSchema a value is an envelope whose content is one block, beside structuredContent.",
        "azure-functions-mcp-extension, Trigger/ToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.several-blocks",
        "multi_content_result holds several blocks.",
        "azure-functions-mcp-extension, Trigger/ToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.whole",
        "call_tool_result holds a whole result, the only one with isError or _meta; the outer structuredContent "
        "is ignored.",
        "azure-functions-mcp-extension, Trigger/ToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.blocks",
        "Blocks are read and written again in the order of the SDK, which drops what it does not know.",
        "csharp-sdk, Protocol/ContentBlock.cs",
    ),
    Requirement(
        "results.embedded-resource",
        "An embedded resource always has a uri, and a mimeType that may be null; a blob wins over a text.",
        "csharp-sdk, Protocol/ResourceContents.cs",
    ),
    Requirement(
        "results.broken",
        "A value that breaks the result schema fails the call.",
        "azure-functions-mcp-extension, Trigger/ToolReturnValueBinder.cs",
    ),
    Requirement(
        "results.failure",
        "When a function fails, the result has isError and says An error occurred invoking the tool; the reason "
        "is in the log only.",
        "azure-functions-mcp-extension, Trigger/McpToolListener.cs",
    ),
    # what a function receives
    Requirement(
        "payload.tool",
        "A tool's trigger value is JSON text with name, arguments, sessionid, clientinfo and transport, in this "
        "order, those without a value left out.",
        "azure-functions-mcp-extension, Abstractions/ToolInvocationContext.cs",
    ),
    Requirement(
        "payload.session",
        "Over Streamable HTTP sessionid and transport.sessionId are the header Mcp-Session-Id; without it there "
        "is neither.",
        "azure-functions-mcp-extension, Abstractions/SessionContext.cs",
    ),
    Requirement(
        "payload.client",
        "clientinfo is there over SSE only, once the client has introduced itself.",
        "azure-functions-mcp-extension, Trigger/McpTriggerTransportHelper.cs",
    ),
    Requirement(
        "payload.transport",
        "transport.name is http-streamable or http-sse.",
        "azure-functions-mcp-extension, Trigger/McpTriggerTransportHelper.cs",
    ),
    Requirement(
        "payload.headers",
        "All headers of the request reach the function, a key included: those that Kestrel knows first, in its order "
        "and with its names, then others as they were sent; one that is sent twice with a comma.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    Requirement(
        "payload.numbers",
        "Arguments stay the JSON that they were, numbers as they were written.",
        "azure-functions-mcp-extension, Abstractions/ToolInvocationContext.cs",
    ),
    Requirement(
        "payload.resource",
        "A resource's trigger value has uri as it was asked for, sessionid, clientinfo and transport.",
        "azure-functions-mcp-extension, Abstractions/ResourceInvocationContext.cs",
    ),
    Requirement(
        "payload.prompt",
        "A prompt's trigger value has the shape of a tool's; its arguments keep their types.",
        "azure-functions-mcp-extension, Abstractions/PromptInvocationContext.cs",
    ),
    # the Python worker library
    Requirement(
        "python.schema",
        "@app.mcp_tool takes description and properties from docstring, signature and @app.mcp_tool_property.",
        "Microsoft Learn, azure-functions/functions-bindings-mcp-tool-trigger",
    ),
    Requirement(
        "python.arguments",
        "Its functions receive arguments by name with the types of JSON, unconverted.",
        "azure-functions-python-worker, azure_functions_runtime",
    ),
    Requirement(
        "python.generic-trigger",
        "The generic trigger of Microsoft's first sample works too.",
        "Microsoft Learn, azure-functions/functions-bindings-mcp-tool-trigger",
    ),
    Requirement(
        "python.context",
        "A function can ask for the context of its call.",
        "azure-functions-python-worker, azure_functions_runtime",
    ),
    Requirement(
        "python.blueprints",
        "A function of a blueprint is a tool like any other.",
        "Microsoft Learn, azure-functions/functions-reference-python",
    ),
    Requirement(
        "python.returns",
        "Values that are no text become their str(); classes of the mcp package and @mcp_content classes become "
        "envelopes.",
        "azure-functions-python-worker, azure_functions_runtime",
    ),
    Requirement(
        "python.prompt-and-resource",
        "Resource functions return text or bytes, and None as an empty text.",
        "azure-functions-python-worker, azure_functions_runtime",
    ),
    # resources
    Requirement(
        "resources.listing",
        "Resources and templates are listed apart, each with its members in the order of the extension.",
        "csharp-sdk, Protocol/Resource.cs",
    ),
    Requirement(
        "resources.size",
        "The size of a resource is lost on its way and never listed.",
        "azure-functions-host, ScriptHost.cs",
    ),
    Requirement(
        "resources.any-case",
        "A resource is found in any case and answers with the URI that was asked for.",
        "azure-functions-mcp-extension, DefaultResourceRegistry.cs",
    ),
    Requirement(
        "resources.templates",
        "A template's expressions match within a segment, or within a value after ? or &, and are not decoded.",
        "azure-functions-mcp-extension, ResourceUriHelper.cs",
    ),
    Requirement(
        "resources.order",
        "A resource comes before a template, and templates come in their order.",
        "azure-functions-mcp-extension, DefaultResourceRegistry.cs",
    ),
    Requirement(
        "resources.uris",
        "The URI of a resource is absolute with its expressions filled in, and its braces are whole.",
        "azure-functions-mcp-extension, ResourceUriHelper.cs",
    ),
    Requirement(
        "resources.keeps-from-starting",
        "Two resources or equivalent templates, or a URI that is none, keep the host from starting.",
        "azure-functions-mcp-extension, DefaultResourceRegistry.cs",
    ),
    Requirement(
        "resources.in-error",
        "A resource trigger that the host cannot read puts its function in error.",
        "azure-functions-host, Utility.cs",
    ),
    Requirement(
        "resources.contents",
        "Text becomes text, bytes a blob, with the URI that was asked for and the trigger's mimeType, which may "
        "be null.",
        "azure-functions-mcp-extension, Trigger/ResourceReturnValueBinder.cs",
    ),
    Requirement(
        "resources.envelope",
        "A JSON object with a text member content is an envelope of contents; a missing uri or mimeType is filled in.",
        "azure-functions-mcp-extension, Trigger/ResourceReturnValueHelper.cs",
    ),
    Requirement(
        "resources.no-envelope",
        "Text that only resembles an envelope is text.",
        "azure-functions-mcp-extension, Trigger/ResourceReturnValueHelper.cs",
    ),
    Requirement(
        "resources.broken",
        "JSON-typed values and envelopes without contents are the error -32603.",
        "azure-functions-mcp-extension, Trigger/ResourceReturnValueBinder.cs",
    ),
    Requirement(
        "resources.unknown",
        "A resource that there is not is the error -32602.",
        "azure-functions-mcp-extension, DefaultResourceRegistry.cs",
    ),
    Requirement(
        "resources.invalid-uri",
        "Reading what is no URI of a resource is the error -32603.",
        "azure-functions-mcp-extension, ResourceUriHelper.cs",
    ),
    Requirement(
        "resources.failure",
        "When a function fails, reading is the error -32603 An error occurred; the reason is in the log only.",
        "azure-functions-mcp-extension, Trigger/McpResourceListener.cs",
    ),
    Requirement(
        "resources.mcp-apps",
        "An MCP App is a resource of the type text/html;profile=mcp-app that the metadata of a tool names.",
        "Microsoft Learn, azure-functions/functions-bindings-mcp",
    ),
    Requirement(
        "metadata.meta",
        "The metadata of a trigger becomes _meta of what is listed: whole floats as integers, names once, {} as "
        "nothing.",
        "azure-functions-mcp-extension, MetadataParser.cs",
    ),
    Requirement(
        "metadata.in-error",
        "Metadata that is no JSON object, or deeper than 32, puts the function in error.",
        "azure-functions-mcp-extension, MetadataParser.cs",
    ),
    Requirement(
        "metadata.unwritable",
        "Metadata with a number beyond double precision is taken and fails every list; it is warned of.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0",
    ),
    # prompts
    Requirement(
        "prompts.listing",
        "A prompt is listed with the members of its trigger in the order of the extension.",
        "csharp-sdk, Protocol/Prompt.cs",
    ),
    Requirement(
        "prompts.arguments",
        "Arguments are listed with an empty description where they have none, and not at all where none are declared.",
        "azure-functions-mcp-extension, Trigger/McpPromptTriggerBinding.cs",
    ),
    Requirement(
        "prompts.keeps-from-starting",
        "promptArguments or icons that cannot be read, and two prompts of one name, keep the host from starting.",
        "azure-functions-mcp-extension, DefaultPromptRegistry.cs",
    ),
    Requirement(
        "prompts.own-names",
        "A tool and a prompt may share a name.",
        "azure-functions-mcp-extension, DefaultPromptRegistry.cs",
    ),
    Requirement(
        "prompts.in-error",
        "A prompt trigger that the host cannot read puts its function in error.",
        "azure-functions-host, Utility.cs",
    ),
    Requirement(
        "prompts.unknown",
        "A prompt that there is not is the error -32602, and so is prompts/get without params.",
        "azure-functions-mcp-extension, DefaultPromptRegistry.cs",
    ),
    Requirement(
        "prompts.required",
        "Arguments that are required and missing or null are the error -32602, which names them all.",
        "azure-functions-mcp-extension, GetPromptExecutionContext.cs",
    ),
    Requirement(
        "prompts.plain",
        "Without useResultSchema any value is one message of the user.",
        "azure-functions-mcp-extension, Trigger/SimplePromptReturnValueBinder.cs",
    ),
    Requirement(
        "prompts.none",
        "No value is no message.",
        "azure-functions-mcp-extension, Trigger/PromptReturnValueBinder.cs",
    ),
    Requirement(
        "prompts.whole",
        "get_prompt_result holds a whole result.",
        "azure-functions-mcp-extension, Trigger/PromptReturnValueBinder.cs",
    ),
    Requirement(
        "prompts.messages",
        "prompt_messages holds messages.",
        "azure-functions-mcp-extension, Trigger/PromptReturnValueBinder.cs",
    ),
    Requirement(
        "prompts.broken",
        "A value that breaks the result schema is the error -32603.",
        "azure-functions-mcp-extension, Trigger/PromptReturnValueBinder.cs",
    ),
    Requirement(
        "prompts.failure",
        "When a function fails, getting is the error -32603 An error occurred; the reason is in the log only.",
        "azure-functions-mcp-extension, Trigger/McpPromptListener.cs",
    ),
    Requirement(
        "prompts.sse",
        "Resources and prompts answer over SSE as over Streamable HTTP.",
        "azure-functions-mcp-extension, Http/SseRequestHandler.cs",
    ),
    # binding expressions
    Requirement(
        "expressions.arguments",
        "{mcptoolargs.x} is the argument x as text, the name in its own case; {mcppromptargs.x} is that of a prompt.",
        "azure-functions-mcp-extension, Trigger/McpToolTriggerBinding.cs",
    ),
    Requirement(
        "expressions.text",
        "Arguments are written as .NET writes JSON: numbers as they were, True and False, null as nothing, the "
        "rest compact.",
        "azure-functions-mcp-extension, Trigger/McpToolTriggerBinding.cs",
    ),
    Requirement(
        "expressions.members",
        "Members of the trigger value can be named too, in any case, and the value by the name of the binding; and "
        "those of the context that the extension makes of a request.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 and Microsoft.Azure.WebJobs 3.0.48",
    ),
    Requirement(
        "expressions.templates",
        "A resource's bindings can name mcpresourceuri and the parameters of its template, unless a member of the"
        " payload has that name.",
        "azure-functions-mcp-extension, Trigger/McpResourceTriggerBinding.cs",
    ),
    Requirement(
        "expressions.settings",
        "%NAME% is a setting, found in any case when the app is loaded.",
        "Microsoft Learn, azure-functions/functions-bindings-expressions-patterns",
    ),
    Requirement(
        "expressions.missing",
        "A name that does not exist is an error of the call, in the words of the host, before the function runs.",
        "azure-webjobs-sdk, Microsoft.Azure.WebJobs.Host/Bindings/Path",
    ),
    Requirement(
        "expressions.built-in",
        "{rand-guid}, {DateTime} and {sys} are filled in by the host.",
        "Microsoft Learn, azure-functions/functions-bindings-expressions-patterns",
        "`{DateTime}` knows the common formats; others are refused by name.",
    ),
    # bindings
    Requirement(
        "bindings.names",
        "Names of functions and bindings are those that the host allows: no two underscores beside each other in the "
        "name of a binding.",
        "azure-functions-host, Utility.cs and pull request 10764",
    ),
    Requirement(
        "bindings.tool-property",
        "mcpToolProperty delivers the argument as text, empty where it is missing, and adds nothing to the schema.",
        "azure-functions-mcp-extension, InputBinding/ToolPropertyValueProvider.cs",
    ),
    Requirement(
        "bindings.prompt-argument",
        "mcpPromptArgument delivers the argument as text, nothing where it is missing.",
        "azure-functions-mcp-extension, InputBinding/PromptArgumentValueProvider.cs",
    ),
    Requirement(
        "bindings.required-prompt-argument",
        "One that only its binding requires fails the call where it is missing.",
        "azure-functions-mcp-extension, InputBinding/PromptArgumentInputBinding.cs",
    ),
    Requirement(
        "bindings.argument-fails",
        "An argument's binding whose members are not all there, or of a trigger that has none, fails every call; the "
        "former is warned of when the app is loaded.",
        "azure-functions-mcp-extension, InputBinding/McpToolPropertyAttribute.cs",
    ),
    Requirement(
        "bindings.not-modelled",
        "A trigger or binding that is not modelled is refused by its name, and the other functions run.",
        "Microsoft Learn, azure-functions/functions-triggers-bindings",
        "It runs MCP tools, resources and prompts, functions over HTTP, timers, and functions behind queues and blobs, "
        "with inputs of single arguments (`mcpToolProperty`, `mcpPromptArgument`), blob bindings, SDK types included, "
        "and queue outputs. A function with any other "
        "trigger or binding is named at start as one that cannot run here; the others run.",
    ),
    Requirement(
        "bindings.before-the-function",
        "Inputs are resolved before the function runs; one that fails, fails the call.",
        "azure-functions-host, WorkerFunctionInvoker.cs",
    ),
    Requirement(
        "bindings.return",
        "What a function returns can be an output named $return and is its result as well.",
        "azure-functions-host, WorkerFunctionInvoker.cs",
    ),
    Requirement(
        "bindings.return-members",
        "Members of a returned object go to the outputs of their names.",
        "azure-functions-host, WorkerFunctionInvoker.cs",
    ),
    # storage
    Requirement(
        "storage.blob-path",
        "A blob's path is a container and a name as Azure allows them; others are refused in the words of the host.",
        "azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/BlobNameValidationAttribute.cs",
    ),
    Requirement(
        "storage.names-that-leave",
        "A blob's name with '.', '..' or a slash in front leads where the SDK of .NET goes, into any container, "
        "for inputs, outputs and clients alike; the terminal says so.",
        "recorded from Microsoft.Azure.WebJobs.Extensions.Storage 5.3.10",
        "A call whose blob name leads out of the container of its path does so here as in Azure, and the terminal says "
        "what was named and where it went. Azure does it without a word.",
    ),
    Requirement(
        "storage.missing-blob",
        "A blob that does not exist is None, and nothing is made for it; when the call fails, the terminal names it.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-blob-input",
    ),
    Requirement(
        "storage.text",
        "Without dataType a blob is text, read as UTF-8 or by its byte order mark; what is no text is damaged.",
        "azure-functions-host, Binding/FunctionBinding.cs",
    ),
    Requirement(
        "storage.binary",
        "With dataType BINARY a blob is its bytes.",
        "azure-functions-host, Binding/FunctionBinding.cs",
    ),
    Requirement(
        "storage.output",
        "An output is written after the function returned: text as UTF-8, bytes as they are, JSON compact, "
        "numbers as .NET's bytes.",
        "azure-functions-host, Binding/FunctionBinding.cs",
    ),
    Requirement(
        "storage.overwrite",
        "An output replaces the blob, makes its container, keeps its metadata and adds AzureWebJobsParentId.",
        "azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/Bindings/WriteBlobArgumentBinding.cs",
        "It stores a blob in one piece. In Azure, someone who reads a blob while it is being written may find it "
        "empty.",
    ),
    Requirement(
        "storage.other-blob-types",
        "A blob that is no block blob is not replaced: the call fails.",
        "azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/Bindings/WriteBlobArgumentBinding.cs",
    ),
    Requirement(
        "storage.sdk-types",
        "Clients of the storage SDK reach the blob and its container.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-blob-input",
    ),
    Requirement(
        "storage.queue",
        "A message goes Base64 into a queue, which is made for it, its name in lower case.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-queue-output",
    ),
    Requirement(
        "storage.queue-lists",
        "A list, or text that is a JSON array, is one message an element.",
        "azure-functions-host, Binding/FunctionBinding.cs",
    ),
    Requirement(
        "storage.queue-refused",
        "Text that looks like JSON and is none, a queue that cannot be, and func.QueueMessage fail the call.",
        "azure-functions-host, Binding/FunctionBinding.cs",
    ),
    Requirement(
        "storage.unreachable",
        "While the storage does not answer, calls that need it fail, the others work, and all do once it is back.",
        "Microsoft Learn, azure-functions/storage-considerations",
        "A storage that does not answer fails the call at once. In Azure the host tries for about half a minute, "
        "and does not start without its storage.",
    ),
    Requirement(
        "storage.slow",
        "A storage that hangs delays the calls that need it, and no others.",
        "Microsoft Learn, azure-functions/functions-best-practices",
    ),
    Requirement(
        "storage.full",
        "While the disk is full, calls that save fail; what was saved stays, and saving works once there is room.",
        "inferred",
    ),
    Requirement(
        "storage.killed",
        "What the storage has acknowledged outlives it, however it ends.",
        "Microsoft Learn, storage/common/storage-redundancy",
    ),
    # the session pool
    Requirement(
        "pool.killed",
        "That a session pool is gone is said to the model, and whether the code ran; once it is back it is used again.",
        "Microsoft Learn, container-apps/sessions-usage",
    ),
    Requirement(
        "pool.hung",
        "A session pool that hangs delays the calls that run code, and no others.",
        "Microsoft Learn, azure-functions/functions-reference-python",
    ),
    # settings
    Requirement(
        "settings.missing",
        "Where no app setting names the storage, or the session pool that the app asks for, one line says so with what "
        "to write; a local.settings.json that is not there is named.",
        "azure-functions-core-tools, v2-model apps are not checked",
        "A `local.settings.json` that is missing is named at start, with what is missing with it and what to write; "
        "`func start` goes on without a word.",
    ),
    Requirement(
        "settings.defaults",
        "What host.json does not set has the defaults of the extension and of Core Tools.",
        "azure-functions-mcp-extension, Configuration/McpOptions.cs",
    ),
    Requirement(
        "settings.any-case",
        "Names in host.json are found in any case.",
        "Microsoft Learn, azure-functions/functions-host-json",
    ),
    Requirement(
        "settings.overrides",
        "AzureFunctionsJobHost__ variables override host.json.",
        "Microsoft Learn, azure-functions/functions-host-json",
    ),
    Requirement(
        "settings.timeout",
        "functionTimeout is a time span, 30 minutes where it is not set, and -1 for none.",
        "Microsoft Learn, azure-functions/functions-host-json",
    ),
    Requirement(
        "settings.values",
        "Values of local.settings.json become the environment of the app; a variable that is already set wins, "
        "which is said.",
        "Microsoft Learn, azure-functions/functions-develop-local",
    ),
    Requirement(
        "settings.core-tools",
        "The environment has what Core Tools set: WEBSITE_HOSTNAME, FUNCTIONS_CORETOOLS_ENVIRONMENT, "
        "ConnectionStrings.",
        "azure-functions-core-tools, StartHostAction.cs",
    ),
    Requirement(
        "settings.connections",
        "A connection is looked up under four names, AzureWebJobs before its own.",
        "Microsoft Learn, azure-functions/functions-reference",
    ),
    Requirement(
        "settings.identity",
        "A connection by identity is refused with what to do.",
        "Microsoft Learn, azure-functions/functions-reference",
        "A connection by identity, such as `Storage__accountName`, needs Azure; here the call fails and says so.",
    ),
    Requirement(
        "settings.wrong",
        "Settings that are wrong, or that are not modelled, end the start with one sentence.",
        "azure-functions-core-tools, AppSettingsFile.cs",
        "A `local.settings.json` that is not JSON ends the start, where `func start` goes on without it. So do "
        "settings that are not modelled, such as `Host.LocalHttpPort`.",
    ),
    Requirement(
        "settings.lenient",
        "host.json and local.settings.json may have comments and a comma behind the last member; UTF-16 is said.",
        "Newtonsoft.Json, JsonTextReader.cs",
    ),
    Requirement(
        "settings.cors",
        "Host.CORS and CORSCredentials let pages of other origins call, preflights included.",
        "Microsoft Learn, azure-functions/functions-develop-local",
    ),
    Requirement(
        "settings.bundle",
        "An extension bundle with which Azure could not run the app is told, and none is needed.",
        "Microsoft Learn, azure-functions/functions-bindings-mcp",
        "No extension bundle is needed or downloaded. One that `func start` or Azure could not run the app with "
        "is told at start.",
    ),
    # start-up
    Requirement(
        "start.banner",
        "The start names every function with its trigger, in order, and both endpoints.",
        "azure-functions-core-tools, StartHostAction.cs",
    ),
    Requirement(
        "start.disabled",
        "AzureWebJobs.NAME.Disabled takes a function away.",
        "Microsoft Learn, azure-functions/disable-function",
    ),
    Requirement(
        "start.port",
        "A port that is taken, or an address that is none of this machine, ends the start with the way out.",
        "azure-functions-core-tools, StartHostAction.cs",
    ),
    Requirement(
        "start.no-app",
        "A folder without host.json or function_app.py, or the file of PYTHON_SCRIPT_FILE_NAME, is said, and so are "
        "functions of the programming model v1.",
        "azure-functions-core-tools, ScriptHostHelpers.cs; azure-functions-python-worker, azure_functions_runtime",
        "Functions of the programming model v1, each with a `function.json`, do not run.",
    ),
    Requirement(
        "start.stop",
        "A stop ends every process with exit code 0, while it starts too, and so does the end of the host itself.",
        "azure-functions-core-tools, StartHostAction.cs",
    ),
    Requirement(
        "start.log",
        "Each call is one line with outcome, id and duration, and nothing of what was said.",
        "azure-webjobs-sdk, Microsoft.Azure.WebJobs.Host/Loggers",
    ),
    Requirement(
        "start.clock",
        "A clock that jumps ends no call, no stream and no environment.",
        "inferred",
    ),
    Requirement(
        "start.app-log",
        "What the app prints is shown, and what it logs during a call, in threads of its own too; what it logs outside "
        "of calls is not.",
        "azure-functions-host, GrpcWorkerChannel.cs; azure-functions-python-worker, proxy_worker/dispatcher.py",
    ),
    # the worker
    Requirement(
        "worker.process",
        "The app runs in a process of its own, so that one that waits or blocks delays neither lists nor other "
        "answers of the host.",
        "Microsoft Learn, azure-functions/functions-reference-python",
    ),
    Requirement(
        "worker.killed",
        "When the process ends, the calls in it fail, streams stay open, and the next call finds a new one.",
        "azure-functions-host, RpcFunctionInvocationDispatcher.cs",
    ),
    Requirement(
        "worker.timeout",
        "A call that takes longer than functionTimeout fails, and its worker is replaced.",
        "Microsoft Learn, azure-functions/functions-host-json",
    ),
    Requirement(
        "worker.memory",
        "A function that runs out of memory fails its call, and the same process answers the next.",
        "Microsoft Learn, azure-functions/python-memory-profiler-reference",
    ),
    Requirement(
        "worker.exit",
        "sys.exit in a function fails that call.",
        "azure-functions-python-worker, proxy_worker",
        "A function that calls `sys.exit` fails its own call only. In Azure it takes its worker with it, and the other"
        " calls there.",
    ),
    Requirement(
        "worker.error-text",
        "An error's text that is no Unicode is shown with escapes.",
        "inferred",
    ),
    # reload
    Requirement(
        "reload.files",
        "A saved .py file, host.json, or what host.json names loads the app again, once for files saved together.",
        "azure-functions-host, FileMonitoringService.cs",
    ),
    Requirement(
        "reload.calls-wait",
        "Calls that come meanwhile wait for the new code.",
        "azure-functions-host, HostAvailabilityCheckMiddleware.cs",
    ),
    Requirement(
        "reload.calls-under-way",
        "Calls under way end in the code that they began in, and streams stay open.",
        "azure-functions-host, WebJobsScriptHostService.cs",
        "When a file is saved, `func start` gives up calls under way and sessions; here they live on.",
    ),
    Requirement(
        "reload.broken",
        "While the app does not load, calls are answered with the reason and lists stay.",
        "azure-functions-host, WebJobsScriptHostService.cs",
        "While an app does not load, `func start` has no tools; here lists stay as they were and calls say why.",
    ),
    Requirement(
        "reload.requirements",
        "A saved requirements.txt is installed and the app loaded again; one that cannot be installed is told.",
        "inferred",
        "`func start` installs nothing. Here a saved `requirements.txt` is installed, and the next call has its "
        "packages.",
    ),
    Requirement(
        "reload.settings",
        "local.settings.json is read again; what takes a start to take effect is said.",
        "azure-functions-host, FileMonitoringService.cs",
        "`func start` does not notice `local.settings.json`; here it is read again.",
    ),
    Requirement(
        "reload.off",
        "With --no-reload a save changes nothing.",
        "inferred",
    ),
    Requirement(
        "reload.leaks",
        "Many reloads leave neither processes nor open files behind.",
        "inferred",
    ),
    Requirement(
        "start.pool-port",
        "A session pool at its usual port moves to a free one where that is taken, and the app is told.",
        "inferred",
    ),
    Requirement(
        "start.no-pool",
        "With --no-session-pool the app is not told the usual address, where the pool of another start may answer.",
        "inferred",
    ),
    Requirement(
        "start.network",
        "Listening for the network is said loudly, and with a session pool asks for a key or an explicit option.",
        "inferred",
    ),
    Requirement(
        "start.allow-host",
        "A refusal is a line in the terminal, and one by name says which option allows that name.",
        "inferred",
    ),
    Requirement(
        "start.package",
        "The wheel alone, in an empty environment, runs the app of the current folder or of its src.",
        "inferred",
    ),
    Requirement(
        "start.clients",
        "The start shows what to click, run or paste in a client: with the address, and without a key. An app that "
        "has functions of other kinds alone shows it when it has one for MCP.",
        "https://code.visualstudio.com/api/extension-guides/ai/mcp",
    ),
    Requirement(
        "start.inspect",
        "--inspect shows MCP Inspector with this server filled in, both transports and the key, until the host ends.",
        "https://github.com/modelcontextprotocol/inspector",
    ),
    Requirement(
        "start.json",
        "With --output json every line of the terminal is a JSON object.",
        "inferred",
    ),
    Requirement(
        "start.early",
        "Clients are answered as soon as the app has loaded; what needs a storage that still starts waits for it.",
        "inferred",
    ),
    Requirement(
        "diagnosis.slow",
        "A call that has been running for 30 seconds is told of, once: many clients give up by then.",
        "inferred",
    ),
    Requirement(
        "diagnosis.waiting",
        "A client that waits on a stream for the answer to a message without an id is told of.",
        "inferred",
    ),
    # packages
    Requirement(
        "packages.exact",
        "The app has exactly the packages that its requirements.txt resolves to, and none of the host.",
        "Microsoft Learn, azure-functions/functions-reference-python, Package management",
        "The app runs in an environment that holds what its `requirements.txt` resolves to; `func start` runs it in "
        "the virtual environment that is active. Azure's worker also has grpcio and protobuf, which an app can import "
        "there.",
    ),
    Requirement(
        "packages.lock",
        "Where there is no requirements.txt, a uv.lock beside a pyproject.toml names the packages, for functions and "
        "for servers of the SDKs; one that is older than pyproject.toml is told of.",
        "Oryx, src/BuildScriptGenerator/Python/PythonBashBuildSnippet.sh.tpl",
        "A `uv.lock` that is older than `pyproject.toml` is installed as it is, and told of. Azure refuses it.",
    ),
    Requirement(
        "packages.pip-options",
        "Options behind a package, such as --pre, go unheeded as they do by pip, and are told of; --pre in a line of "
        "its own is heeded.",
        "pip, _internal/req/req_file.py",
    ),
    Requirement(
        "packages.order",
        "The app's packages stand before those of the worker library, and the app's own folder last.",
        "azure-functions-python-worker, workers/proxy_worker/utils/dependency.py",
    ),
    Requirement(
        "packages.kept",
        "What was installed once is used again without a network, until requirements, Python or platform change.",
        "inferred",
    ),
    Requirement(
        "packages.missing",
        "An import that the requirements do not bring is told with its file and the package that has it.",
        "inferred",
    ),
    Requirement(
        "packages.wheels",
        "A package that Azure would have to compile is told when it is installed.",
        "Microsoft Learn, azure-functions/functions-reference-python, Remote build",
    ),
    Requirement(
        "debug.attach",
        "With --debug a debugger attaches to the worker, breakpoints hold, and after a reload it is told to "
        "attach again.",
        "https://microsoft.github.io/debug-adapter-protocol/specification",
    ),
    Requirement(
        "debug.closed",
        "Without --debug nothing listens, and a web page cannot speak to the debugger.",
        "https://microsoft.github.io/debug-adapter-protocol/specification",
    ),
    # functions over HTTP, and apps that do more than MCP
    Requirement(
        "http.route",
        "Functions over HTTP are tried in the order of their upper-cased names, and the first whose route and methods "
        "fit takes the request; a wrong method is an ordinary 404, and %2F stays as it is.",
        "recorded from Microsoft.Azure.WebJobs.Extensions.Http 3.2.0",
        "A function whose route cannot be made, or is another's, is in error and the others run. Azure does not start"
        " with a route that cannot be made.",
    ),
    Requirement(
        "http.request",
        "Header and query values of one name are joined by commas, empty ones left out, the body comes as bytes.",
        "azure-functions-host, Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs",
    ),
    Requirement(
        "http.chunked",
        "A body that does not say its length reaches no function.",
        "azure-functions-host, Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs",
    ),
    Requirement(
        "http.answer",
        "Status, headers and cookies are the function's; a text that is a JSON object with a body is a whole response.",
        "azure-functions-host, Binding/HttpBinding.cs",
    ),
    Requirement(
        "http.trace",
        "A function is told a trace context: of the trace of its request over HTTP, else of one of its own.",
        "azure-functions-host, Extensions/ScriptInvocationContextExtensions.cs",
        "A trace that an MCP client names in a header goes on in calls over HTTP only, not in those of tools.",
    ),
    Requirement(
        "http.custom-headers",
        "extensions.http.customHeaders of host.json are on every answer that has no header of that name.",
        "azure-functions-host, Middleware/CustomHttpHeadersMiddleware.cs",
    ),
    Requirement(
        "http.fails",
        "A function that raises, or returns what is no answer, is an empty 500; the terminal has the traceback.",
        "azure-functions-host, Middleware/FunctionInvocationMiddleware.cs",
        "The terminal shows a traceback from the app's own lines on. In Azure the log has the frames of the worker "
        "above them too.",
    ),
    Requirement(
        "http.body-limit",
        "A body of 100 MB comes through either way, and a longer one is answered with 413.",
        "Microsoft Learn, azure-functions/functions-bindings-http-webhook-trigger",
    ),
    Requirement(
        "http.levels",
        "With keys required, level function takes the host key, admin the master key, and a refusal is an empty 401.",
        "Microsoft Learn, azure-functions/function-keys-how-to",
        "Keys of single functions are not modelled: the host's own key opens all of them.",
    ),
    Requirement(
        "mixed.beside",
        "Tools work beside functions of other triggers, in blueprints too.",
        "inferred",
    ),
    Requirement(
        "mixed.listed",
        "A function that cannot run here is listed with its trigger, the reason and its file; all else runs.",
        "inferred",
        "Triggers and bindings of services that are not here (Service Bus, Event Grid, Cosmos DB, SQL, tables and "
        "others) make the function that has them one that is not run; the others run.",
    ),
    Requirement(
        "mixed.strict",
        "With --strict such an app is refused.",
        "inferred",
    ),
    # functions that nobody calls
    Requirement(
        "timers.schedule",
        "Schedules are NCRONTAB expressions of six or five fields, or intervals, read with all their oddities; what is "
        "none puts the function in error.",
        "recorded from Microsoft.Azure.WebJobs.Extensions 3.0.6",
        "A timer whose interval is zero or less is in error; Azure runs it without end.",
    ),
    Requirement(
        "timers.startup",
        "A timer with run_on_startup runs whenever the app is loaded, which in the cloud is at each start too.",
        "Microsoft Learn, azure-functions/functions-bindings-timer",
    ),
    Requirement(
        "timers.value",
        "A timer is told whether it is past due, its schedule and, where that is kept, its status.",
        "azure-webjobs-sdk-extensions, Extensions/Timers/TimerInfo.cs",
    ),
    Requirement(
        "timers.zone",
        "Schedules are those of the zone in WEBSITE_TIME_ZONE, or of UTC.",
        "Microsoft Learn, azure-functions/functions-app-settings",
        "Timers run by WEBSITE_TIME_ZONE, else by UTC, as in Azure; `func` takes the zone of the machine.",
    ),
    Requirement(
        "timers.missed",
        "The status of a timer is kept in the app's storage, and a run that was missed is made up for once at start.",
        "azure-webjobs-sdk-extensions, Extensions/Timers/Scheduling/ScheduleMonitor.cs",
        "There is one instance, so no lock keeps a timer from running twice.",
    ),
    Requirement(
        "timers.retry",
        "A timer that fails is tried again as often and after as long as @app.retry says, and told which try it is; "
        "for other triggers the policy does nothing, and that is said.",
        "azure-webjobs-sdk, FunctionExecutorExtensions.cs; Microsoft Learn, functions-bindings-error-pages",
        "The function is not told the exception of the try before.",
    ),
    Requirement(
        "timers.by-hand",
        "POST /admin/functions/NAME runs a function at once, with its input, and is answered with 202 before.",
        "Microsoft Learn, azure-functions/functions-manually-run-non-http",
    ),
    Requirement(
        "timers.shown",
        "The terminal shows a timer's schedule and its next run.",
        "inferred",
    ),
    Requirement(
        "queues.trigger",
        "A message runs its function, which is told its id, times and tries; then it is deleted.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-queue-trigger",
    ),
    Requirement(
        "queues.poison",
        "A message whose function fails is there again after visibilityTimeout, and after maxDequeueCount tries goes "
        "to the queue NAME-poison.",
        "azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues, Listeners/QueueProcessor.cs",
    ),
    Requirement(
        "queues.encoding",
        "Messages are base64, or with messageEncoding none the text they are; others go to the poison queue.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-queue",
    ),
    Requirement(
        "blobs.trigger",
        "A blob that is new or changed runs its function once, which is told its path, the names in it, size and "
        "metadata; receipts in the app's storage say for which blobs it ran.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-blob-trigger",
        "Containers are looked into once a second, also where a blob trigger's source is EventGrid: nothing here sends "
        "events. A blob that fails is tried again at once; Azure queues it.",
    ),
    Requirement(
        "blobs.poison",
        "A blob whose function fails poisonBlobThreshold times is told to the queue webjobs-blobtrigger-poison.",
        "Microsoft Learn, azure-functions/functions-bindings-storage-blob-trigger",
    ),
    # recorded
    Requirement(
        "recorded.requests",
        "Requests over HTTP are answered in the bytes that the extension itself was recorded to answer them in.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 on .NET 8",
    ),
    Requirement(
        "recorded.headers",
        "A function sees the headers of its request in the order, by the names and with the values recorded.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 on .NET 8",
    ),
    Requirement(
        "recorded.sse",
        "A session of the older transport goes, event by event, as one was recorded to go.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 on .NET 8",
    ),
    Requirement(
        "recorded.declarations",
        "Raw bindings and returned values are listed, answered and refused as the extension itself was recorded to do.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 on .NET 8",
    ),
    Requirement(
        "recorded.bindings",
        "Bindings beside a trigger of MCP are resolved, and fail, as they were recorded to do beside the extension.",
        "recorded from Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 and Microsoft.Azure.WebJobs 3.0.48",
    ),
    # web frameworks
    Requirement(
        "web.asgi",
        "AsgiFunctionApp serves a FastAPI app with its forms, cookies, redirects and refusals, and tools beside it.",
        "Microsoft Learn, azure-functions/functions-reference-python, Web frameworks",
    ),
    Requirement(
        "web.wsgi",
        "WsgiMiddleware serves a WSGI app behind a route.",
        "Microsoft Learn, azure-functions/functions-reference-python, Web frameworks",
    ),
    Requirement(
        "web.streams",
        "Functions that stream with azurefunctions-extensions-http-fastapi are given requests, and answer, in pieces.",
        "Microsoft Learn, azure-functions/functions-reference-python, HTTP streams",
    ),
    Requirement(
        "durable.listed",
        "Durable functions are listed as not run, at start and below /admin/functions; all else in their app runs.",
        "Microsoft Learn, azure-functions/durable",
        "Durable Functions do not run: the SDK leaves history, timers and state to an extension of the host, which is "
        "written in .NET, keeps them in queues and tables, and has no counterpart in Python. Orchestrators, "
        "activities, entities and what has a durable client are listed as not run.",
    ),
    # custom handlers
    Requirement(
        "handler.served",
        "An app whose host.json declares a custom handler is that program: a server of an MCP SDK runs unchanged.",
        "Microsoft Learn, azure-functions/self-hosted-mcp-servers",
    ),
    Requirement(
        "handler.profile",
        "The profiles mcp-custom-handler and web-app-custom-handler forward every path; others are refused.",
        "azure-functions-host, Configuration/HostConfigurationProfile.cs",
    ),
    Requirement(
        "handler.port",
        "The handler finds its port in FUNCTIONS_CUSTOMHANDLER_PORT, or host.json says on which it listens.",
        "Microsoft Learn, azure-functions/functions-custom-handlers",
    ),
    Requirement(
        "handler.forwarded",
        "Requests and answers are forwarded as they are and streamed either way, with an invocation id.",
        "azure-functions-host, Workers/Http/DefaultHttpProxyService.cs",
    ),
    Requirement(
        "handler.restarted",
        "The handler is started again when a file is saved and when it ends; requests wait for it.",
        "azure-functions-host, Workers/Http/HttpWorkerProcess.cs",
        "A custom handler's requests under way end when a file is saved: its port is needed.",
    ),
    Requirement(
        "handler.functions",
        "Functions over HTTP that function.json files declare are forwarded too; others are not run.",
        "Microsoft Learn, azure-functions/functions-custom-handlers",
        "A custom handler is asked over HTTP as it is (`enableProxyingHttpRequest`, `enableForwardingHttpRequest`). "
        "Functions that Azure would hand to it as JSON, behind queues or timers, are listed as not run.",
    ),
    Requirement(
        "handler.fails",
        "A handler that cannot be started, or does not listen in time, is explained in a sentence.",
        "inferred",
    ),
    # diagnosis
    Requirement(
        "diagnosis.load-errors",
        "An app that does not load is explained by its own lines, one sentence and what to do.",
        "azure-functions-python-worker, azure_functions_runtime",
        "An app that cannot be loaded is explained by its own lines and a sentence that says what to do. `func "
        "start` shows the trace of its worker.",
    ),
    Requirement(
        "diagnosis.advice",
        "What Azure does without a word is warned of when the app is loaded.",
        "azure-functions-python-worker, azure_functions_runtime",
        "The terminal warns of what Azure does without a word: a function that blocks the event loop, a pool of "
        "threads that is used up, decorators in the wrong order, a type that the binding does not deliver, a tool"
        " name that clients refuse.",
    ),
    Requirement(
        "diagnosis.traps",
        "What @app.mcp_tool and properties written by hand make of a tool without a word is warned of, with the mend.",
        "azure-functions, decorators/mcp.py",
        'The terminal warns of a tool that agents misread: a type that is listed as "string", an optional argument '
        "without a default, a returned dict, content of MCP behind a type that is not known, a context that "
        "is read as an object, an envelope that nobody "
        "opens, an array without items, a propertyType that JSON Schema does not know, and an import that every start "
        "waits for.",
    ),
    Requirement(
        "diagnosis.missing-functions",
        "Functions on a FunctionApp or Blueprint that is not taken in, and those in a file that nothing imports, are "
        "named with their place and the mend.",
        "azure-functions-python-worker, azure_functions_runtime/loader.py",
        "The terminal names functions that are declared and not there: on a second `FunctionApp()`, on a `Blueprint()` "
        "that nobody registers, in a file that nothing imports. Azure says nothing of them.",
    ),
    Requirement(
        "diagnosis.blocking",
        "A function that blocks the event loop is named with its line, and so is one that keeps the app from loading;"
        " a pool of threads that is used up is said.",
        "Microsoft Learn, azure-functions/python-scale-performance-reference",
    ),
)


def shows(*ids: str) -> pytest.MarkDecorator:
    """Says which requirements a test shows, by their ids."""
    return pytest.mark.shows(*ids)


def differences() -> str:
    """Returns what DIFFERENCES.md holds: the list that the requirements give."""
    from_azure = "".join(f"- {each.differs}\n" for each in REQUIREMENTS if each.differs)
    from_recording = "".join(f"- {each.reason}\n" for each in RECORDED_DIFFERENCES)
    return _INTRODUCTION + from_azure + _RECORDING + from_recording


if __name__ == "__main__":
    DIFFERENCES.write_text(differences(), encoding="utf-8", newline="\n")
