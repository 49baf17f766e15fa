"""Which session pool the tools of an app run code in: one that is started here, another one, or none."""

import os
from typing import TYPE_CHECKING

import msgspec

from functions_host.app.settings import Configuration, Settings
from functions_host.console import Console
from functions_host.pool.setting import SETTING, is_default_pool, read_pool_setting
from functions_host.start_options import StartOptions

if TYPE_CHECKING:
    from functions_host.pool.pool import SessionPool


def pool_to_start(settings: Settings, options: StartOptions, console: Console) -> "SessionPool | None":
    """Returns the pool that is to be started here, its port taken; None if the settings mean another, or none."""
    endpoint = settings.configuration.get(SETTING)
    if not options.session_pool:
        if _is_chosen_pool(endpoint):
            console.write(f"Session pool: {endpoint}, which is not started here (--no-session-pool)")
        elif endpoint:
            console.write("Session pool: none, so tools that run code will fail (--no-session-pool)", "yellow")
        return None
    setting = read_pool_setting(endpoint)
    if setting is None:
        return None
    if setting.port is None:
        console.write(f"Session pool: {setting.endpoint}")
        return None
    from functions_host.pool.pool import PoolOptions, SessionPool  # a quarter of a second, for those who want one

    port = setting.port if options.session_pool_port is None else options.session_pool_port
    pool_options = PoolOptions(
        port=port,
        or_any_port=setting.is_default and options.session_pool_port is None,
        key=settings.configuration.get("SESSION_POOL_MCP_API_KEY") or PoolOptions.key,
        egress=options.egress,
        isolation=options.isolation,
        packages=options.session_pool_packages,
        cache=options.cache,
    )
    pool = SessionPool(pool_options, console)
    taken = pool.listen().getsockname()[1]
    if port and taken != port:
        console.write(f"Port {port} is taken, so the session pool is on port {taken}; the app is told.", "yellow")
    return pool


def with_pool(settings: Settings, options: StartOptions, pool: "SessionPool | None") -> Settings:
    """Returns the settings with the pool's address as it is: on another port than they say, or nowhere."""
    endpoint = settings.configuration.get(SETTING)
    if not options.session_pool:
        if _is_chosen_pool(endpoint):
            return settings
        # What answers there is the pool of somebody's other start.
        return _in_environment(settings, {k: v for k, v in settings.environment.items() if k != SETTING})
    setting = read_pool_setting(endpoint)
    if pool is None or setting is None or setting.port is None:
        return settings
    return _in_environment(settings, settings.environment | {SETTING: pool.endpoint})


def _in_environment(settings: Settings, environment: dict[str, str]) -> Settings:
    return msgspec.structs.replace(settings, environment=environment, configuration=Configuration(environment))


def _is_chosen_pool(endpoint: str | None) -> bool:
    """Whether a person has named the pool, rather than the template whose settings they run."""
    return bool(os.environ.get(SETTING)) or (endpoint is not None and not is_default_pool(endpoint))
