"""Bindings as they were resolved in calls beside the extension: what expressions can name, and what came of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functions_host.app.settings import Settings, load_settings
from functions_host.bindings.dotnet_text import number_text

from host_tests.recorded_differences import check_differences
from host_tests.recording import RecordedHost, RecordedSet, recorded_sets, with_bindings
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("app")
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    return load_settings(folder, {}, 7071)


@shows("recorded.bindings")
async def test_bindings_are_resolved_as_beside_the_extension(settings: Settings):
    sets = recorded_sets("bindings")
    differing: dict[str, str] = {}
    for each in sets:
        if problems := [problem async for problem in _problems(each, settings)]:
            differing[each.id] = "\n".join([each.id, *problems])
    check_differences(differing, [each.id for each in sets])


async def _problems(recorded: RecordedSet, settings: Settings):
    binds = recorded.functions[0].binds
    calls = list(_calls(recorded))
    for number, bind in enumerate(binds):
        served = RecordedHost(with_bindings(recorded, [bind]), settings)
        await served.host.start()
        expected = iter(calls)
        for body in recorded.requests:
            began = len(served.host.calls)
            served.named.clear()
            await served.ask(body)
            if len(served.host.calls) == began:
                continue  # the request was refused before a function was called
            call, bound = next(expected, ({}, [{}] * len(binds)))
            function, made = served.host.calls[-1]
            value = made.trigger_value().value
            data = made.binding_data(function.trigger.binding_name, value)
            for problem in _of_data(data, call):
                yield f"  {body}\n    {problem}"
            if problem := _of_binding(served, json.loads(bind), bound[number]):
                yield f"  {bind}\n    {body}\n    {problem}"
        for call, _ in expected:
            yield f"  {bind}\n    not called, in error: {served.host.app.errors}; recorded: {call}"


def _calls(recorded: RecordedSet) -> Iterator[tuple[dict[str, str], list[dict[str, str]]]]:
    """Yields the data of each call that came to the function, and what was bound with it."""
    records = iter(recorded.bound)
    for record in records:
        yield record["data"], [next(records) for _ in recorded.functions[0].binds]


def _of_data(data: dict[str, Any], recorded: dict[str, str]) -> Iterator[str]:
    names = set(recorded) - {"sys"}  # which we have without a name
    if set(data) != names:
        yield f"names: {sorted(data)}; recorded: {sorted(names)}"
    for name in names & set(data):
        kind, _, text = recorded[name].partition(" ")
        if kind == "String":
            expected = text
        elif kind in ("Dictionary`2", "JObject"):
            expected = _texts(json.loads(text, parse_int=str, parse_float=lambda digits: number_text(float(digits))))
        else:
            continue  # of the .NET objects, expressions show what there is to see
        if data[name] != expected:
            yield f"{name}: {data[name]!r}; recorded: {recorded[name]}"


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(member) for name, member in value.items()}
    return None if value is None or isinstance(value, list) else str(value)


def _of_binding(served: RecordedHost, bind: dict[str, Any], recorded: dict[str, str]) -> str | None:
    error = served.executions[-1].error
    if "error" in recorded:
        kind, _, reason = recorded["error"].removesuffix(" <- ").partition(": ")
        # What the storage itself says, it says in words of its own.
        expected = "" if kind == "RequestFailedException" else reason.removesuffix(" (Parameter 'name')")
        return None if error and expected in error else f"ours: {error or served.named}; recorded: {recorded['error']}"
    if error:
        return f"ours: {error}; recorded: {recorded['value']}"
    given = served.worker.inputs[-1].get(bind["name"]) if "mcp" in bind["type"] else None
    ours = [*served.named] if given is None else [given.value]
    if bind.get("dataType") == "stream":
        return None  # the host has no stream to give to another process
    return None if ours == [recorded["value"]] else f"ours: {ours}; recorded: {recorded['value']}"
