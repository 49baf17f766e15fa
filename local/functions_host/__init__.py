"""Stands in for `func start`: runs a Python function app that serves MCP tools, as the Azure Functions host would."""
