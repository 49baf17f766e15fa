"""What a caller may ask to be run, and how what ran is told to a model."""

import pytest

from executions import Execution, ExecutionError, checked_code, checked_environment_id
from tool_results import Image


@pytest.mark.parametrize(
    ("execution", "text"),
    [
        (Execution("e", "1\n", ""), "1"),
        (Execution("e", "", ""), "(It printed nothing.)"),
        (Execution("e", "", "", {"executionResult": 150}), "Value of the last expression: 150"),
        (Execution("e", "", "Traceback ...\nKeyError: 'a'\n"), "stderr:\nTraceback ...\nKeyError: 'a'"),
        (Execution("e", "out\n", "err\n", {"exitCode": 3}), "out\n\nstderr:\nerr\n\nExit code: 3"),
        (Execution("e", "out", "", {"exitCode": 0}), "out"),
    ],
)
def test_the_text_has_stdout_then_stderr_then_how_it_ended(execution: Execution, text: str) -> None:
    assert execution.text == f"{text}\n\nenvironmentId: e"


@pytest.mark.parametrize(("stdout", "stderr"), [("x" * 4096, ""), ("", "x" * 4096)])
def test_output_as_long_as_the_platform_keeps_is_said_to_be_cut(stdout: str, stderr: str) -> None:
    execution = Execution("e", stdout, stderr)
    assert "(Cut: no more than 4096 characters" in execution.text
    assert execution.structured.get("outputIsCut") is True


def test_output_that_is_not_cut_says_nothing_of_it() -> None:
    execution = Execution("e", "x" * 4095, "x" * 4095)
    assert "Cut" not in execution.text
    assert "outputIsCut" not in execution.structured


@pytest.mark.parametrize("value", [None, ""])
def test_no_environment_means_a_new_one(value: object) -> None:
    assert checked_environment_id(value) is None


@pytest.mark.parametrize("value", ["abcd", "0d72ca36-7599-48d0-b584-51e441e72bdc", "a" * 128, "a|b;<c>"])
def test_any_identifier_that_the_platform_takes_is_taken(value: str) -> None:
    assert checked_environment_id(value) == value


@pytest.mark.parametrize("value", ["1", "abc", "a" * 129, "with space", "a/b/c", "über", 5, {}, "abcd\n"])
def test_an_impossible_environment_is_refused_with_what_to_do(value: object) -> None:
    with pytest.raises(ExecutionError, match="launchShell"):
        checked_environment_id(value)


@pytest.mark.parametrize("value", [None, "", "  \n", 5, ["print(1)"]])
def test_nothing_to_run_is_refused(value: object) -> None:
    with pytest.raises(ExecutionError, match="pythonCode has to be text"):
        checked_code(value, "pythonCode")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("print(1)", "print(1)"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("\n```\nprint(1)\nprint(2)\n```\n", "print(1)\nprint(2)"),
        ("~~~~py\n```\n~~~~", "```"),
        ("```python\na\n```\nand\n```\nb\n```", "```python\na\n```\nand\n```\nb\n```"),
        ('text = """\n```\nx\n```\n"""', 'text = """\n```\nx\n```\n"""'),
        ("\ufeffprint(1)", "print(1)"),
        ("echo a\r\necho b\r\n", "echo a\necho b\n"),
    ],
)
def test_code_is_run_as_its_author_means_it(written: str, meant: str) -> None:
    assert checked_code(written, "pythonCode") == meant


@pytest.mark.parametrize("code", ["echo a\0b", "```python\n```", "\ufeff"])
def test_code_that_cannot_be_run_is_refused(code: str) -> None:
    with pytest.raises(ExecutionError, match="shellCommand"):
        checked_code(code, "shellCommand")


@pytest.mark.parametrize("value", ["null", "None", " undefined", "NONE", "string"])
def test_a_word_for_nothing_is_no_environment(value: str) -> None:
    with pytest.raises(ExecutionError, match="is no environmentId"):
        checked_environment_id(value)


def test_a_figure_that_was_lost_is_said_with_what_to_do() -> None:
    shown = Execution("e", "<Figure size 640x480 with 1 Axes>\n", "")
    assert "If you have not saved it" in shown.text
    assert "call readFile" in shown.text
    assert "call readFile" not in Execution("e", "a Figure\n", "").text
    assert "call readFile" not in Execution("e", shown.stdout, "", images=[Image(b"")]).text


def test_a_long_wait_for_an_earlier_call_is_said() -> None:
    assert "waited 7 s for an earlier call" in Execution("e", "", "", waited=7.2).text
    assert "waited" not in Execution("e", "", "", waited=1).text
