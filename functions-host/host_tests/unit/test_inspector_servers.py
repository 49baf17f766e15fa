"""The servers that the page of MCP Inspector begins with."""

from functions_host.inspector import servers

from host_tests.requirements import shows


@shows("start.inspect")
def test_both_transports_of_the_host_are_there_with_the_key_and_without_a_key_no_header() -> None:
    endpoint = "http://127.0.0.1:7071/runtime/webhooks/mcp"
    for key, headers in (("a key", {"x-functions-key": "a key"}), (None, {})):
        assert servers(endpoint, key) == {
            "streamable-http": {"type": "streamable-http", "url": endpoint, "headers": headers},
            "legacy-sse": {"type": "sse", "url": f"{endpoint}/sse", "headers": headers},
        }
