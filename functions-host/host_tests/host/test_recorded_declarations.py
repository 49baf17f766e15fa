"""Sets of raw bindings and returned values, as the extension itself has answered them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from functions_host.app.settings import Settings, load_settings
from functions_host.errors import PersonError

from host_tests.recorded_differences import check_differences
from host_tests.recording import RecordedHost, RecordedSet, recorded_sets, same_answer
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio

# What the recording host notes of a function that it does not have.
_IN_ERROR = ("declare | ", "Host.Startup | Error indexing method")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("app")
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    return load_settings(folder, {}, 7071)


@shows("recorded.declarations")
async def test_declarations_and_results_are_answered_as_the_extension_answered_them(settings: Settings):
    sets = recorded_sets("declarations")
    differing: dict[str, str] = {}
    for each in sets:
        if problems := [problem async for problem in _problems(each, settings)]:
            differing[each.id] = "\n".join([f"{each.id}: {each.functions}, {each.returns}", *problems])
    check_differences(differing, [each.id for each in sets])


async def _problems(recorded: RecordedSet, settings: Settings):
    served = RecordedHost(recorded, settings)
    try:
        await served.host.start()
    except PersonError as error:
        for problem in _of_refusal(recorded, str(error)):
            yield problem
        return
    if recorded.start:
        yield f"  started; recorded: {recorded.start}"
        return
    app = served.host.app
    in_error = [note for note in recorded.notes if note.startswith(_IN_ERROR)]
    if bool(in_error) != bool(app.errors or app.not_run):
        yield f"  in error: {[*app.errors, *app.not_run]}; recorded: {in_error}"
    for body, answer in zip(recorded.requests, recorded.answers, strict=True):
        ours = await served.ask(body)
        if not same_answer(ours, answer.body):
            yield f"  {body}\n    ours:     {ours.strip()}\n    recorded: {answer.body.strip()}"


def _of_refusal(recorded: RecordedSet, reason: str) -> Iterator[str]:
    if not recorded.start:
        yield f"  refused: {reason}"
    if "function_app.py" not in reason or not any(f"'{each.name}'" in reason for each in recorded.functions):
        yield f"  refused without saying where: {reason}"
