"""The port of the host: routes, keys, the webhook of the MCP extension, and what is below /admin."""
