"""App settings that say what is started beside the app, where nobody has set them: what is missing, and what to write.

`func start` goes on without a word. In a project of others local.settings.json is often missing: git ignores it.
"""

import json
from collections.abc import Iterator

from functions_host.app.files import own_modules
from functions_host.app.settings import Settings
from functions_host.pool.setting import DEFAULT_ENDPOINT
from functions_host.pool.setting import SETTING as POOL_SETTING
from functions_host.storage.connections import is_named

_FILE = "local.settings.json"
_SAMPLES = (
    "local.settings.sample.json", "local.settings.json.sample", "local.settings.example.json",
    "local.settings.json.example", "sample.local.settings.json",
)  # fmt: skip
_STORAGE = "AzureWebJobsStorage"
_AZURITE = "UseDevelopmentStorage=true"


def missing_settings(settings: Settings) -> list[str]:
    """Returns a line on the settings that are missing, none where nothing is."""
    file = settings.app_directory / _FILE
    shown = f"{settings.app_directory.name}/{_FILE}"
    sample = next((name for name in _SAMPLES if (file.parent / name).is_file()), None)
    missing = list(_missing(settings))
    if not missing and (file.is_file() or not sample):
        return []
    lacks = " and ".join(f"no {noun} ({name})" for noun, name, _ in missing)
    fails = f"what needs {'it' if len(missing) == 1 else 'them'} fails"
    values = {name: value for _, name, value in missing}
    if file.is_file():
        return [f"{shown} names {lacks}: {fails}. Add to its Values: {json.dumps(values)[1:-1]}"]
    if sample:
        mend = f"Copy {sample} to that name, and fill in what it asks for."
    else:
        content = {"IsEncrypted": False, "Values": {"FUNCTIONS_WORKER_RUNTIME": "python"} | values}
        mend = f"Write it: {json.dumps(content)}"
    return [f"There is no {shown}{f', hence {lacks}: {fails}' if missing else ''}. {mend}"]


def _missing(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yields what is not there, by which setting, and which value is for this machine."""
    configuration = settings.configuration
    if not settings.custom_handler and not is_named(configuration, _STORAGE):
        yield "storage", _STORAGE, _AZURITE
    modules = own_modules(settings.app_directory)
    if configuration.get(POOL_SETTING) is None and any(POOL_SETTING.encode() in each.read_bytes() for each in modules):
        yield "session pool", POOL_SETTING, DEFAULT_ENDPOINT
