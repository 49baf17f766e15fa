"""The examples of the pages are files that run, and the table of docs/tools.md is what the three frameworks do."""

import importlib.util
import json
from typing import Annotated, Any

import azure.functions as func
import pytest
from mcp.types import ImageContent

from tests.clients import text_of
from tests.docs.pages import ROOT, Page
from tests.frameworks import ARGUMENTS, FUNCTIONS, function_of, of_fastmcp, of_mcp_tool, of_tool
from tests.in_process import Out, call_of
from tool import tool

pytestmark = pytest.mark.anyio

_PAGE = Page(ROOT / "docs" / "tools.md")
_EXAMPLES = ROOT / "docs" / "examples"


def _example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", _EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_block_of_python_is_part_of_a_file_that_a_test_runs() -> None:
    texts = [_unindented(file.read_text(encoding="utf-8")) for file in _EXAMPLES.glob("*.py")]
    for block in (*_PAGE.blocks, *Page(ROOT / "docs" / "make-it-yours.md").blocks):
        if block.language == "python":
            assert any(_unindented(block.text) in text for text in texts), block.text
    tested = {"orders", "bindings", "pictures", "invoices", "test_count_words"}
    assert {file.stem for file in _EXAMPLES.glob("*.py")} == tested


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


async def test_orders() -> None:
    call = call_of(_example("orders").app)
    found = await call("find_orders", customer="Ada")
    assert found.structured_content == {"result": [{"number": "A-1", "total": 12.5}]}
    assert "must be one of" in text_of(await call("find_orders", customer="Ada", status="lost"))
    assert text_of(await call("find_orders", customer="Bob")).startswith("There is no customer 'Bob'.")


async def test_the_test_of_the_tool_in_the_readme() -> None:
    (tool_of_the_readme,) = [block.text for block in Page(ROOT / "README.md").blocks if block.language == "python"]
    app = func.FunctionApp()
    exec(tool_of_the_readme, {"app": app, "tool": tool, "Annotated": Annotated})
    await _example("test_count_words").test_words_are_counted(call_of(app))


async def test_a_file_of_tools_that_the_app_registers() -> None:
    app = func.FunctionApp()
    app.register_functions(_example("invoices").blueprint)
    assert text_of(await call_of(app)("total", amounts=[1, 2.5])) == "3.5"


async def test_bindings() -> None:
    call, queue = call_of(_example("bindings").app), Out()
    arguments = {"article": "tea", "prices": '{"tea": 3}', "queue": queue, "caller": {"sessionid": "a|b"}}
    assert text_of(await call("order", **arguments)) == "Ordered tea."
    assert json.loads(queue.value) == {"article": "tea", "session": "a|b"}


async def test_pictures() -> None:
    image, _ = (await call_of(_example("pictures").app)("draw_square", side=2)).content
    assert isinstance(image, ImageContent)


def _rows() -> list[list[str]]:
    """Returns the cells of the page's table of types."""
    lines = [line.strip("| \n") for line in _PAGE.text.splitlines() if line.startswith("| `") and "{" in line]
    return [[cell.strip(" `").replace("\0", "|") for cell in line.replace("\\|", "\0").split("|")] for line in lines]


async def test_the_table_of_types_is_what_each_lists_and_does() -> None:
    rows = {cells[0]: cells[1:] for cells in _rows()}
    assert set(rows) == set(FUNCTIONS)
    is_here = importlib.util.find_spec("fastmcp") is not None
    for name, (hint, has_default) in FUNCTIONS.items():
        function = function_of(hint, has_default=has_default)
        for makes, cells in ((of_tool, rows[name][0:2]), (of_mcp_tool, rows[name][2:4]), (of_fastmcp, rows[name][4:6])):
            if makes is of_fastmcp and not is_here:
                continue
            schema, answer = await makes(function)
            assert json.loads(cells[0]) == schema
            assert cells[1] == _short(await answer(ARGUMENTS[0]))


def _short(answer: str) -> str:
    if not answer.startswith("error: "):
        return answer
    return "one sentence" if "\n" not in answer else "lines of pydantic"


@pytest.mark.parametrize("name", FUNCTIONS)
async def test_ours_is_right_in_every_row(name: str) -> None:
    hint, has_default = FUNCTIONS[name]
    _, answer = await of_tool(function_of(hint, has_default=has_default))
    text, missing, null = [await answer(arguments) for arguments in ARGUMENTS]
    assert text.startswith("error: The argument 'n' must be ")
    assert 'but got "5"' in text
    assert "\n" not in text
    if has_default:
        assert (missing, null) == ("gets None", "gets None")
    else:
        assert missing == null == "One or more required tool properties are missing values. Please provide: n"


@pytest.mark.parametrize(("makes", "said"), [(of_tool, "hidden"), (of_mcp_tool, "hidden"), (of_fastmcp, "shown")])
async def test_what_a_client_reads_of_an_exception(makes: Any, said: str) -> None:
    if makes is of_fastmcp:
        pytest.importorskip("fastmcp")
    _, answer = await makes(function_of(int, has_default=False))
    assert ("the reason" in await answer({"n": 13})) is (said == "shown")
