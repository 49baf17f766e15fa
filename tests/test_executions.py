"""What a caller may ask to be run, and how what ran is told to a model."""

import pytest

from executions import Execution, ExecutionError, checked_code, checked_environment_id


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
