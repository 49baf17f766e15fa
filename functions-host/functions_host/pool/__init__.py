"""Stands in for a PythonLTS session pool of Azure Container Apps, with its MCP server on."""
