"""What `@app.mcp_tool` and properties written by hand make of a tool without a word, here as in Azure.

Seen in azure-functions (decorators/mcp.py: types and what is required; mcp_tool: what is returned) and in the answers
of the MCP extension, which copies a propertyType as it stands.
"""

import ast
import json
import sys
from collections.abc import Iterator
from typing import Any

type Function = ast.FunctionDef | ast.AsyncFunctionDef

_PLAIN = {"str", "int", "float", "bool", "object", "datetime", "datetime.datetime"}
_LISTS = {"list", "List", "typing.List"}
_OPTIONALS = {"Optional", "typing.Optional"}
_CONTEXTS = {"MCPToolContext", "func.MCPToolContext"}
_JSON_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
_CONTENT = {"TextContent", "ImageContent", "AudioContent", "ResourceLink", "EmbeddedResource", "CallToolResult"}
_UNIONS = {"Union", "typing.Union"} | _OPTIONALS
# `A | B` is Union[A, B] since Python 3.14; before, azure-functions, which looks for that, does not know it.
_KNOWS_BARS = sys.version_info >= (3, 14)
_ENVELOPES = {"call_tool_result", "multi_content_result", "text", "image", "audio", "resource", "resource_link"}
# Calls that wait for somebody else.
_WAITING = (
    "time.sleep", "input", "requests.", "httpx.get", "httpx.post", "urllib.request.urlopen", "subprocess.run",
    "subprocess.check_", "asyncio.run", "socket.create_connection", "os.system",
)  # fmt: skip


def of_mcp_tool(function: Function, bound: set[object]) -> Iterator[str]:
    """Yields a line for each trap in a function below `@app.mcp_tool()`; `bound` are the parameters of bindings."""
    described = _typed_properties(function)
    for parameter, default in _parameters(function):
        written = ast.unparse(parameter.annotation) if parameter.annotation else "str"
        if parameter.arg in bound or written in _CONTEXTS:
            continue
        if default is None and _inside(parameter.annotation, _OPTIONALS) is not None:
            yield (
                f"The argument '{parameter.arg}' of '{function.name}' is listed as optional and has no default, so a "
                f"call without it fails. Write {parameter.arg}: {written} = None."
            )
        if parameter.arg not in described and not _is_known(parameter.annotation):
            yield (
                f"The argument '{parameter.arg}' of '{function.name}' is {written}, which @app.mcp_tool lists as "
                f'"string". Give its type with @app.mcp_tool_property(arg_name="{parameter.arg}", property_type=...), '
                "or its schema with @app.mcp_tool_trigger(..., use_worker_input_schema=True, input_schema=...)."
            )
    if _given(function, "mcp_tool", "use_result_schema") is None and _returns_content(function):
        yield (
            f"'{function.name}' returns content of MCP that @app.mcp_tool does not see, since of return types it knows "
            "TextContent and the like, lists and Union[...] of them, and no other: it sends Python's repr. Add "
            "use_result_schema=True to @app.mcp_tool."
        )


def of_data(function: Function) -> Iterator[str]:
    """Yields a line for a tool that returns what no client can read."""
    name = next((name for name in ("mcp_tool", "mcp_tool_trigger") if _decorator(function, name)), None)
    kind = _given(function, "generic_trigger", "type")
    if isinstance(kind, ast.Constant) and str(kind.value).lower() == "mcptooltrigger":
        name = "generic_trigger"
    if name and _given(function, name, "use_result_schema") is None and _returns_data(function):
        yield (
            f"'{function.name}' returns a dict or a list, and @app.{name} sends Python's repr of it, with single "
            "quotes. Return json.dumps(...) of it."
        )


def of_envelope(function: Function) -> Iterator[str]:
    """Yields a line for a function that returns an envelope of MCP which nobody will open."""
    declared = [name for name in ("mcp_tool", "mcp_tool_trigger") if _decorator(function, name)]
    if not declared or _given(function, declared[0], "use_result_schema") is not None:
        return
    if any(_is_envelope(node) for statement in _returns(function) for node in ast.walk(statement)):
        yield (
            f"'{function.name}' returns an envelope of MCP content, which clients get as text. "
            f"Add use_result_schema=True to @app.{declared[0]}."
        )


def of_context(function: Function) -> Iterator[str]:
    """Yields a line for a function that reads the text of its trigger as if it were an object."""
    for decorator in filter(
        None, (_decorator(function, name) for name in ("mcp_tool_trigger", "mcp_resource_trigger"))
    ):
        named = next((each.value for each in decorator.keywords if each.arg == "arg_name"), None)
        context = named.value if isinstance(named, ast.Constant) else None
        nodes = [node for statement in function.body for node in ast.walk(statement)]
        if any(isinstance(node, ast.Name) and node.id == context and isinstance(node.ctx, ast.Store) for node in nodes):
            continue  # it is something else from there on
        read = [node for node in nodes if isinstance(node, ast.Attribute) and _last_name(node.value) == context]
        wrong = [node.attr for node in read if isinstance(node.value, ast.Name) and not hasattr(str, node.attr)]
        if wrong:
            yield (
                f"'{context}' of '{function.name}' is JSON text, which has no '{wrong[0]}', so that every call fails. "
                f'Write json.loads({context})["{wrong[0]}"].'
            )


def of_import(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yields line and text for each call at the top of a module for which every start waits."""
    for statement in module.body:
        if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
            continue
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        waiting = [node for node in calls if ast.unparse(node.func).startswith(_WAITING)]
        if waiting and not any(isinstance(node, ast.Lambda) for node in ast.walk(statement)):
            yield (
                waiting[-1].lineno,
                f"`{ast.unparse(waiting[-1].func)}` runs when the file is imported, so that every start, "
                "and every cold start in Azure, waits for it. Call it in the function that needs it.",
            )


def of_trigger(function_name: str, binding: dict[str, Any]) -> Iterator[str]:
    """Yields a line for each trap in the schemas of an mcpToolTrigger as the host gets it."""
    if binding.get("useWorkerInputSchema") is True:
        schema = _parsed(binding.get("inputSchema"))
        properties = schema.get("properties") if isinstance(schema, dict) else None
        for name, each in properties.items() if isinstance(properties, dict) else ():
            if _has_list_without_items(each):
                yield _without_items(name, function_name, 'Add "items" to it.')
        return
    properties = _parsed(binding.get("toolProperties"))
    for each in properties if isinstance(properties, list) else ():
        listed: dict[str, Any] = {key.lower(): value for key, value in each.items()} if isinstance(each, dict) else {}
        name, kind = listed.get("propertyname"), listed.get("propertytype")
        if isinstance(kind, str) and kind not in _JSON_TYPES:
            yield (
                f"The property '{name}' of '{function_name}' has the propertyType '{kind}', which JSON Schema does not "
                "know and clients may refuse. Use string, number, integer, boolean or object."
            )
        if kind == "array" and listed.get("isarray") is not True:
            yield _without_items(name, function_name, "Give the type of an item as propertyType, and isArray true.")


def _without_items(name: object, function_name: str, mend: str) -> str:
    return (
        f"The property '{name}' of '{function_name}' is an array without a type of its items, for which VS Code "
        f"refuses the tool. {mend}"
    )


def _parsed(text: object) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None  # the extension says so


def _has_list_without_items(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_has_list_without_items, schema))
    if not isinstance(schema, dict):
        return False
    is_bare = schema.get("type") == "array" and not {"items", "prefixItems"}.intersection(schema)
    return is_bare or any(map(_has_list_without_items, schema.values()))


def _parameters(function: Function) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Yields each parameter with its default."""
    named = [*function.args.posonlyargs, *function.args.args]
    defaults = [None] * (len(named) - len(function.args.defaults)) + function.args.defaults
    yield from zip(named, defaults, strict=True)
    yield from zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)


def _is_known(annotation: ast.expr | None) -> bool:
    """Whether @app.mcp_tool lists a type as what it is: those of _PLAIN, lists of them, and Optional of both."""
    if annotation is None or ast.unparse(annotation) in _PLAIN:
        return True
    for names in (_OPTIONALS, _LISTS):
        inner = _inside(annotation, names)
        if inner is not None:
            return _is_known(inner)
    return False


def _inside(annotation: ast.AST | None, names: set[str]) -> ast.expr | None:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in names:
        return annotation.slice
    return None


def _typed_properties(function: Function) -> set[object]:
    """Returns the arguments whose type is given with @app.mcp_tool_property."""
    given: set[object] = set()
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".mcp_tool_property"):
            keywords = {each.arg: each.value for each in decorator.keywords}
            name = decorator.args[0] if decorator.args else keywords.get("arg_name")
            if isinstance(name, ast.Constant) and "property_type" in keywords:
                given.add(name.value)
    return given


def _decorator(function: Function, name: str) -> ast.Call | None:
    calls = (each for each in function.decorator_list if isinstance(each, ast.Call))
    return next((each for each in calls if isinstance(each.func, ast.Attribute) and each.func.attr == name), None)


def _given(function: Function, name: str, keyword: str) -> ast.expr | None:
    """Returns what a decorator is given by a keyword, None also for False."""
    decorator = _decorator(function, name)
    found = next((each.value for each in decorator.keywords if each.arg == keyword), None) if decorator else None
    return None if isinstance(found, ast.Constant) and not found.value else found


def _returns(function: Function) -> Iterator[ast.expr]:
    """Yields what the function itself returns, and not those inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def _returns_data(function: Function) -> bool:
    written = ast.unparse(function.returns) if function.returns else ""
    if written in ("dict", "list") or written.startswith(("dict[", "Dict[", "typing.Dict[")):
        return True
    return any(isinstance(each, ast.Dict | ast.DictComp | ast.ListComp) for each in _returns(function))


def _returns_content(function: Function) -> bool:
    """Whether the function returns types of the MCP SDK, or lists of them, without a return type that tells so."""
    if _is_content(function.returns):
        return False
    if function.returns and any(_last_name(node) in {*_CONTENT, "ContentBlock"} for node in ast.walk(function.returns)):
        return True
    returned = [each for node in _returns(function) for each in (node.elts if isinstance(node, ast.List) else [node])]
    return any(isinstance(each, ast.Call) and _last_name(each.func) in _CONTENT for each in returned)


def _is_content(annotation: ast.AST | None) -> bool:
    """Whether azure-functions knows a return type."""
    if isinstance(annotation, ast.Tuple):
        return any(map(_is_content, annotation.elts))
    if isinstance(annotation, ast.BinOp):
        return _KNOWS_BARS and (_is_content(annotation.left) or _is_content(annotation.right))
    if _last_name(annotation) == "ContentBlock":
        return _KNOWS_BARS  # it is one
    inner = _inside(annotation, _LISTS | _UNIONS)
    return _is_content(inner) if inner is not None else _last_name(annotation) in _CONTENT


def _last_name(node: ast.AST | None) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _is_envelope(node: ast.AST) -> bool:
    if not isinstance(node, ast.Dict):
        return False
    members = {
        key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
    }
    kind = members.get("type")
    return "content" in members and isinstance(kind, ast.Constant) and kind.value in _ENVELOPES
