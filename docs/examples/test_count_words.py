"""A test of the README's tool: the fixture `call` calls it in this process."""

import pytest

from tests.clients import text_of
from tests.in_process import Call

pytestmark = pytest.mark.anyio


async def test_words_are_counted(call: Call) -> None:
    assert text_of(await call("count_words", text="as you like it")) == "4"
