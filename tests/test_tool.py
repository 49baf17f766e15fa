"""`@tool(app)`: what an agent lists, how arguments are checked, and what a call answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from threading import current_thread, main_thread
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

import azure.functions as func
import pytest
from mcp.types import AudioContent, CallToolResult, EmbeddedResource, ImageContent, ResourceLink, TextContent
from msgspec import Meta

from tests.in_process import Out, call, functions_of, listed
from tool import ToolCall, ToolDeclarationError, tool
from tool_results import Audio, File, Image, Link, Result, ToolError

pytestmark = pytest.mark.anyio


class Job(Enum):
    """What somebody does."""

    full = "FullTime"
    part = "PartTime"


class Colour(Enum):
    """What it looks like."""

    red = "red"
    blue = "blue"


class Level(IntEnum):
    low = 1
    high = 2


@dataclass
class Place:
    x: Annotated[int, "east"]
    y: float = 0.5
    names: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Address:
    street: str
    city: str = "Berlin"
    colour: Colour = Colour.red
    tags: list[str] = field(default_factory=list[str])


class Person(TypedDict):
    name: Annotated[str, "as on the door"]
    title: NotRequired[str]
    place: Place


class Folder(TypedDict):
    name: str
    folders: "list[Folder]"


def _app(function: Callable[..., Any], **named: Any) -> func.FunctionApp:
    """Returns an app with one tool of the name t."""
    app = func.FunctionApp()
    function.__doc__ = function.__doc__ or "A tool."
    tool(app, name="t", **named)(function)
    return app


def _schema(hint: Any, **more: Any) -> dict[str, Any]:
    """Returns what is listed of an argument of a type, and of one with a default."""

    def function(argument: Any) -> None: ...

    function.__annotations__["argument"] = hint
    if "default" in more:
        function.__defaults__ = (more["default"],)
    listing = listed(_app(function), "t")
    return listing["inputSchema"]["properties"]["argument"] | {"required": bool(listing["inputSchema"]["required"])}


def _text(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


_PLACE = {
    "type": "object",
    "properties": {
        "x": {"type": "integer", "description": "east"},
        "y": {"type": "number", "default": 0.5},
        "names": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["x"],
}


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array", "items": {}}),  # VS Code refuses one without items
        (dict, {"type": "object"}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Job, {"type": "string", "enum": ["FullTime", "PartTime"], "description": "What somebody does."}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (Colour, {"type": "string", "enum": ["red", "blue"], "description": "What it looks like."}),
        (Literal["z", "a"], {"type": "string", "enum": ["z", "a"]}),
        (tuple[int, int], {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
        (
            tuple[int, str],
            {"type": "array", "minItems": 2, "maxItems": 2,
             "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        ),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (list[Level], {"type": "array", "items": {"type": "integer", "enum": [1, 2]}}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Annotated[str, "what it is"], {"type": "string", "description": "what it is"}),
        (Annotated[int, "n", Meta(ge=1, le=5)], {"type": "integer", "description": "n", "minimum": 1, "maximum": 5}),
        (Annotated[str, Meta(pattern="^a+$", max_length=9)], {"type": "string", "pattern": "^a+$", "maxLength": 9}),
        (list[Annotated[str, "one"]], {"type": "array", "items": {"type": "string", "description": "one"}}),
        (Place, _PLACE),
        (
            Person,
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "as on the door"},
                    "title": {"type": "string"},
                    "place": _PLACE,
                },
                "required": ["name", "place"],
            },
        ),
    ],
)  # fmt: skip
def test_a_type_hint_is_listed_as_the_json_schema_that_it_is(hint: Any, schema: dict[str, Any]) -> None:
    assert _schema(hint) == schema | {"required": True}


def test_a_type_that_contains_itself_is_listed_with_a_reference() -> None:
    def function(argument: Folder) -> None: ...

    schema = listed(_app(function), "t")["inputSchema"]
    assert schema["properties"]["argument"] == {"$ref": "#/$defs/Folder"}
    assert schema["$defs"]["Folder"]["properties"]["folders"]["items"] == {"$ref": "#/$defs/Folder"}


@pytest.mark.parametrize(("hint", "plain"), [(int | None, "integer"), (list[int] | None, "array")])
def test_an_argument_that_may_be_none_is_not_required_and_listed_as_its_plain_type(hint: Any, plain: str) -> None:
    for schema in (_schema(hint), _schema(hint, default=None)):
        assert (schema["type"], schema["required"]) == (plain, False)


def test_a_default_is_listed() -> None:
    assert _schema(int, default=5) == {"type": "integer", "default": 5, "required": False}
    assert _schema(Job, default=Job.full)["default"] == "FullTime"


def test_name_docstring_and_meta_are_listed_and_older_extensions_get_properties() -> None:
    app = func.FunctionApp()

    @tool(app, meta={"a": {"b": 1}})
    def save_it(names: list[str], job: Job = Job.full, n: Annotated[int | None, "how many"] = None) -> None:
        """Saves it, and says
        so.

        - with a list
        """

    listing = listed(app, "save_it")
    assert listing["description"] == "Saves it, and says so.\n\n- with a list"
    assert listing["metadata"] == {"a": {"b": 1}}
    assert listing["useWorkerInputSchema"] is True
    assert listing["toolProperties"] == [
        {"propertyName": "names", "propertyType": "string", "description": "", "isRequired": True, "isArray": True},
        {"propertyName": "job", "propertyType": "string", "description": "What somebody does.", "isRequired": False,
         "isArray": False, "enumValues": ["FullTime", "PartTime"]},
        {"propertyName": "n", "propertyType": "integer", "description": "how many", "isRequired": False,
         "isArray": False},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (int, "5", "The argument 'argument' must be an integer, but got \"5\"."),
        (int, True, "must be an integer, but got true."),
        (int, None, "must be an integer, but got null."),
        (str, 5, "must be text, but got 5."),
        (bool, "yes", 'must be true or false, but got "yes".'),
        (float, [], "must be a number, but got []."),
        (list[int], [1, "a"], "The argument 'argument[1]' must be an integer, but got \"a\"."),
        (list[int], 5, "must be a list in which each is an integer, but got 5."),
        (Literal["a", "b"], "c", 'must be one of "a", "b", but got "c".'),
        (Job, "None", 'must be one of "FullTime", "PartTime", but got "None".'),
        (int | str, {}, "must be an integer or text, but got {}."),
        (Annotated[int, Meta(ge=1)], 0, "must be an integer of at least 1, but got 0."),
        (Annotated[str, Meta(pattern="^a+$")], "b", 'must be text that matches ^a+$, but got "b".'),
        (Place, {"y": 1}, "must have 'x', but got {\"y\":1}."),
        (Person, {"name": "n", "place": {"x": "1"}}, "'argument.place.x' must be an integer, but got \"1\"."),
        (dict[str, int], {"a": "b"}, "'argument"),
        (tuple[int, int], [1, "a"], "The argument 'argument[1]' must be an integer, but got \"a\"."),
        (tuple[int, int], [1], "must be a list of 2 items in which each is an integer, but got [1]."),
        (Annotated[list[int], Meta(max_length=1)], [1, 2], "must be a list of at most 1 items in which each is an"),
        (tuple[int, str], [1, 2], "The argument 'argument[1]' does not fit its place: Expected `str`, got `int`."),
        (int, 3.5, "must be an integer, but got 3.5."),
        (int, 1e300, "must be an integer, but got 1e300."),
        (Folder, {"name": "", "folders": [{"name": 5}]}, "'argument.folders[0].name' must be text, but got 5."),
        (str, {"k": "x" * 1000}, "..."),
    ],
)  # fmt: skip
async def test_an_argument_that_does_not_fit_is_told_to_the_model(hint: Any, value: object, sentence: str) -> None:
    def function(argument: Any) -> None:
        raise AssertionError("must not run")

    function.__annotations__["argument"] = hint
    result = await call(_app(function), "t", argument=value)
    assert result.is_error
    assert sentence in _text(result)
    assert len(_text(result)) < 300


async def test_null_for_an_argument_with_a_default_is_the_default() -> None:
    def function(n: int = 5, places: list[int] = [1], job: Job | None = None) -> str:  # noqa: B006
        places.append(n)
        return f"{n} {places} {job}"

    app = _app(function)
    assert _text(await call(app, "t", n=None, places=None, job=None)) == "5 [1, 5] None"
    assert _text(await call(app, "t")) == "5 [1, 5] None"  # and a list is not the one of an earlier call
    assert _text(await call(app, "t", n=7, unknown="is ignored", job="PartTime")) == "7 [1, 7] Job.part"


@pytest.mark.parametrize("name", ["stauts", "Status", "state", "_status"])
async def test_a_misspelt_argument_is_told_to_the_model(name: str) -> None:
    def function(customer: str, status: str = "open") -> str:
        return status

    app = _app(function)
    result = await call(app, "t", customer="Ada", **{name: "shipped"})
    assert (result.is_error, _text(result)) == (
        True, f"There is no argument '{name}': the tool has 'customer', 'status'."
    )  # fmt: skip
    assert _text(await call(app, "t", customer="Ada", **{name: None})) == "open"


async def test_an_argument_that_a_client_adds_is_ignored() -> None:
    def nothing() -> str:
        return "done"

    def function(environment_id: str | None = None) -> str:
        return str(environment_id)

    assert _text(await call(_app(nothing), "t", random_string="x")) == "done"
    assert _text(await call(_app(function), "t", sessionId="s", action="a", toolCallId="t")) == "None"
    assert _text(await call(_app(function), "t", **dict.fromkeys(map(str, range(100_000)), 1))) == "None"


async def test_a_call_that_is_not_done_is_logged_without_what_the_caller_gave(caplog: pytest.LogCaptureFixture) -> None:
    async def function(place: Place, limit: int = 1) -> str:
        raise ToolError("No secret here.")

    app = _app(function)
    functions_of(app)
    for given, said in (
        ({"place": {"x": "secret"}}, "The tool 't' refused the argument 'place'"),
        ({"place": {"x": 1}, "limits": "secret"}, "The tool 't' refused the argument 'limits'"),
        ({"place": {"x": 1}}, "The tool 't' answered with an error that the model is told"),
    ):
        caplog.clear()
        assert (await call(app, "t", **given)).is_error
        assert [(each.levelname, each.getMessage()) for each in caplog.records] == [("WARNING", said)]


async def test_arguments_come_as_the_types_that_the_function_names() -> None:
    def function(place: Place, levels: list[Level], context: str) -> str:
        return f"{place.x} {levels[0].name} {context}"

    app = _app(function)
    assert _text(await call(app, "t", place={"x": 1}, levels=[2], context="an argument as any other")) == (
        "1 high an argument as any other"
    )


async def test_a_dataclass_is_whole_where_only_some_of_it_was_given() -> None:
    def echo(to: Address, others: list[Address] = []) -> list[Address]:  # noqa: B006  (made anew for each call)
        assert list(vars(to)) == ["street", "city", "colour", "tags"]
        return [to, *others]

    whole = {"street": "x", "city": "Berlin", "colour": "red", "tags": []}
    result = await call(_app(echo), "t", to={"street": "x"}, others=[{"street": "y", "city": "Bonn"}])
    assert result.structured_content == {"result": [whole, whole | {"street": "y", "city": "Bonn"}]}


async def test_an_integer_may_be_written_with_a_fraction_of_nothing_as_in_json_schema() -> None:
    def function(whole: int, part: float, text: str = "") -> str:
        return repr((whole, part, text))

    app = _app(function)
    assert _text(await call(app, "t", whole=3.0, part=3.5, text="3.0")) == "(3, 3.5, '3.0')"
    assert _text(await call(app, "t", whole=3.0, part=3)) == "(3, 3.0, '')"


@pytest.mark.parametrize("number", ["9" * 5000, "1e400", "-1e400"])
async def test_a_number_that_python_does_not_read_is_told_to_the_model(number: str) -> None:
    def function(n: int = 0, some: float = 0) -> str:
        raise AssertionError("must not run")

    (built,) = functions_of(_app(function))
    for name in ("n", "some"):
        answer = json.loads(built.get_user_function()(context=f'{{"name":"t","arguments":{{"{name}":{number}}}}}'))
        assert json.loads(answer["content"]) == {
            "content": [{"type": "text", "text": "A number among the arguments is too large. Give a smaller one."}],
            "isError": True,
        }


@pytest.mark.parametrize(
    ("returned", "value", "text", "structured"),
    [
        (str, "text", "text", None),
        (int, 5, "5", {"result": 5}),
        (list[int], [1, 2], "[1,2]", {"result": [1, 2]}),
        (int | None, None, "null", {"result": None}),
        (Job, Job.full, "FullTime", {"result": "FullTime"}),
        (dict, {"é": 1}, '{"é":1}', {"é": 1}),
        (Place, Place(1, 2, ["n"]), '{"x":1,"y":2,"names":["n"]}', {"x": 1, "y": 2, "names": ["n"]}),
        (Result[Place], Result("words", Place(1)), "words", {"x": 1, "y": 0.5, "names": []}),
        (Any, {"a": 1}, '{"a":1}', {"a": 1}),
        (Any, [1], "[1]", None),
    ],
)
async def test_what_is_returned_is_text_for_a_model_and_an_object_for_a_program(
    returned: Any, value: Any, text: str, structured: object
) -> None:
    def function() -> Any:
        return value

    function.__annotations__["return"] = returned
    app = _app(function)
    result = await call(app, "t")
    assert not result.is_error
    assert (_text(result), result.structured_content) == (text, structured)
    assert ("outputSchema" in listed(app, "t")) is (returned is not Any and structured is not None)
    if structured is not None and returned is not Any:
        assert listed(app, "t")["outputSchema"]["type"] == "object"


async def test_none_is_an_empty_result() -> None:
    def function() -> None: ...

    assert (await call(_app(function), "t")).content == []


async def test_images_and_other_blocks_are_returned_as_they_are() -> None:
    def function() -> list[Image | str | Audio | Link | File]:
        return [Image(b"png"), "text", Audio(b"wav"), Link("snippet://a", "a"), File("file:///a", b"\x00", "a/b")]

    result = await call(_app(function), "t")
    assert [type(each) for each in result.content] == [
        ImageContent, TextContent, AudioContent, ResourceLink, EmbeddedResource,
    ]  # fmt: skip
    assert cast("ImageContent", result.content[0]).data == "cG5n"
    assert "outputSchema" not in listed(_app(function), "t")


async def test_a_tool_error_is_what_the_model_reads_and_anything_else_is_left_to_the_host() -> None:
    async def function(hidden: bool) -> str:
        raise (ValueError("not for clients") if hidden else ToolError("Try another."))

    app = _app(function)
    result = await call(app, "t", hidden=False)
    assert (result.is_error, _text(result)) == (True, "Try another.")
    with pytest.raises(ValueError, match="not for clients"):
        await call(app, "t", hidden=True)


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (int, "five"),
        (Place, {"y": 1}),
        (Any, object()),
        (Any, "\ud800"),
        (str, 5.5j),
        (str, None),
        (str, 5),
        (dict, []),
    ],
)
async def test_a_result_that_is_not_what_was_declared_is_told_in_a_sentence(returned: Any, value: object) -> None:
    def function() -> Any:
        return value

    function.__annotations__["return"] = returned
    result = await call(_app(function), "t")
    assert result.is_error
    assert _text(result).startswith("The tool 't' has done its work, but its result cannot be sent: ")
    assert "\n" not in _text(result)


async def test_ten_megabytes_go_in_and_out() -> None:
    def function(text: str) -> str:
        return text

    text = "é" * 5_000_000
    assert _text(await call(_app(function), "t", text=text)) == text


async def test_a_plain_function_runs_in_a_thread_and_an_async_one_on_the_loop() -> None:
    def plain() -> str:
        return str(current_thread() is main_thread())

    async def on_loop() -> str:
        return str(current_thread() is main_thread())

    assert _text(await call(_app(plain), "t")) == "False"
    assert _text(await call(_app(on_loop), "t")) == "True"


async def test_bindings_above_are_no_arguments_and_the_caller_is_there_for_who_asks() -> None:
    app = func.FunctionApp()

    @app.queue_output(arg_name="queue", queue_name="q", connection="AzureWebJobsStorage")
    @app.blob_input(arg_name="file", path="c/fixed.txt", connection="AzureWebJobsStorage")
    @tool(app)
    def t(n: int, file: str, queue: func.Out[str], caller_of_it: ToolCall) -> str:
        """A tool."""
        queue.set(f"{file} {n}")
        return f"{caller_of_it.tool} {caller_of_it.session} {caller_of_it.client}"

    out = Out()
    caller = {"sessionid": "a|b", "clientinfo": {"name": "c"}}
    result = await call(app, "t", n=1, file="content", queue=out, caller=caller)
    assert (out.value, _text(result)) == ("content 1", "t a|b {'name': 'c'}")
    assert list(listed(app, "t")["inputSchema"]["properties"]) == ["n"]


async def test_the_worker_indexes_it_as_any_function() -> None:
    async def function(context: func.Context, n: int) -> str:
        return f"{context.invocation_id} {n}"

    app = _app(function)
    (built,) = functions_of(app)
    answer = await built.get_user_function()(
        toolcall=json.dumps({"arguments": {"n": 1}}), context=type("Context", (), {"invocation_id": "i"})
    )
    assert json.loads(json.loads(answer)["content"])["content"][0]["text"] == "i 1"


def _refusal(function: Callable[..., Any]) -> str:
    with pytest.raises(ToolDeclarationError) as refused:
        functions_of(_app(function))
    return str(refused.value)


def test_what_cannot_be_a_tool_is_told_when_the_app_loads() -> None:
    def unsupported(argument: complex) -> None: ...
    def ambiguous(argument: Place | Address) -> None: ...
    def untyped(argument: Any) -> None: ...
    def many(*arguments: str) -> None: ...
    def misfit(argument: int = "5") -> None: ...  # pyright: ignore[reportArgumentType]
    def bounded(argument: Annotated[int, Meta(ge=1)] = 0) -> None: ...
    def unknown(argument: Any) -> None: ...
    def returning() -> complex: ...  # pyright: ignore[reportReturnType]

    del untyped.__annotations__["argument"]
    unknown.__annotations__["argument"] = "Nowhere"

    for function, said in (
        (unsupported, "the argument 'argument' of the type complex, which JSON does not have"),
        (ambiguous, "the type Place | Address, whose kinds JSON does not tell apart. Take one of them"),
        (untyped, "the argument 'argument' without a type"),
        (many, "the parameter '*arguments: str'"),
        (misfit, 'whose default must be an integer, but got "5"'),
        (bounded, "whose default must be an integer of at least 1, but got 0"),
        (unknown, "a type hint that cannot be read: name 'Nowhere' is not defined"),
        (returning, "returns the type complex"),
    ):
        refusal = _refusal(function)
        assert refusal.startswith("test_tool.py line ")
        assert "the tool 't'" in refusal
        assert said in refusal
        assert "\n" not in refusal


def test_a_missing_docstring_two_tools_of_one_name_and_a_binding_below_are_told_at_once() -> None:
    app = func.FunctionApp()

    def function(file: str) -> None: ...

    with pytest.raises(ToolDeclarationError, match="has no docstring"):
        tool(app)(function)
    tool(app, name="t", description="A tool.")(function)
    with pytest.raises(ToolDeclarationError, match="a name that another tool has too"):
        tool(app, name="T", description="A tool.")(function)
    bound = app.blob_input(arg_name="file", path="c/f", connection="AzureWebJobsStorage")(function)
    with pytest.raises(ToolDeclarationError, match="right above `def`"):
        tool(app, name="u", description="A tool.")(bound)


def test_a_tool_without_its_app_is_told_at_once() -> None:
    def function() -> None: ...

    for given, said in ((function, "the function 'function' of test_tool.py line "), ("name", "but has a str")):
        with pytest.raises(ToolDeclarationError, match=r"write @tool\(app\)\.") as refused:
            tool(cast("Any", given))
        assert said in str(refused.value)
    tool(cast("Any", func.Blueprint()), description="A tool.")(function)


async def test_annotations_that_are_text_are_read_all_the_same() -> None:
    source = (
        "from __future__ import annotations\n"
        "def function(n: int, other: Place | None = None) -> Place:\n"
        "    return Place(n)\n"
    )
    names: dict[str, Any] = {"Place": Place}
    exec(compile(source, "future.py", "exec", dont_inherit=True), names)
    app = _app(names["function"])
    assert (await call(app, "t", n=5)).structured_content == {"x": 5, "y": 0.5, "names": []}
    assert listed(app, "t")["inputSchema"]["properties"]["n"] == {"type": "integer"}
