"""What binding expressions can name of a message that is a JSON object: its members.

azure-functions-host, Description/Workers/WorkerFunctionInvoker.cs, ApplyBindingData.
"""

import json

from functions_host.bindings.expressions import BindingValue


def payload_data(payload: bytes | str) -> dict[str, BindingValue]:
    """Returns the members that are text, numbers or truth values, with lower-case names; nothing of anything else."""
    try:
        members = json.loads(payload, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(members, dict):
        return {}
    return {name.lower(): str(value) for name, value in members.items() if isinstance(value, str | bool)}
