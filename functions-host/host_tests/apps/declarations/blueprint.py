"""A blueprint: functions in a file of their own."""

import azure.functions as func

calculator = func.Blueprint()


@calculator.mcp_tool()
@calculator.mcp_tool_property(
    arg_name="numbers", description="What to add.", property_type=func.McpPropertyType.INTEGER, as_array=True
)
def add(numbers: list[int]) -> str:
    """Adds numbers."""
    return str(sum(numbers))
