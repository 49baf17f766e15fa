"""Storage connections: from the `connection` of a binding to a connection string.

https://learn.microsoft.com/azure/azure-functions/functions-reference#connections
"""

from urllib.parse import urlsplit

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError

_AZURITE_BLOB_PORT = 10000
_AZURITE_QUEUE_PORT = 10001
_AZURITE_ACCOUNT = "devstoreaccount1"


def storage_connection_string(configuration: Configuration, name: str) -> str:
    """Returns the connection string that `name` stands for. Raises BindingError if there is none to use here."""
    name = name or "Storage"
    for candidate in _settings_of(name):
        value = configuration.get(candidate)
        if value:
            return _modelled(candidate, value)
        if configuration.section(candidate):
            raise BindingError(
                f"The connection '{name}' is identity-based ({candidate}__...), which needs Azure: "
                f"give '{candidate}' a connection string in local.settings.json to run here."
            )
    raise BindingError(
        f"Storage account connection string 'AzureWebJobs{name}' does not exist. "
        "Make sure that it is a defined App Setting."
    )


def is_named(configuration: Configuration, name: str) -> bool:
    """Returns whether a setting says what `name` stands for, be it usable here or not."""
    return any(configuration.get(each) or configuration.section(each) for each in _settings_of(name))


def _settings_of(name: str) -> tuple[str, ...]:
    # The first that exists wins. So `AzureWebJobsStorage` is found under its own name, and `Storage` is it too.
    return (f"ConnectionStrings:AzureWebJobs{name}", f"AzureWebJobs{name}", f"ConnectionStrings:{name}", name)


def azurite_blob_port(connection_string: str) -> int | None:
    """Returns the port of the Azurite on this machine that `connection_string` means; None if it means another."""
    return _azurite_port(connection_string, "blobendpoint", _AZURITE_BLOB_PORT)


def azurite_queue_port(connection_string: str) -> int | None:
    """Returns the same of its queues, None as well if the connection string names none."""
    return _azurite_port(connection_string, "queueendpoint", _AZURITE_QUEUE_PORT)


def may_need_proxy(connection_string: str) -> bool:
    """Tells whether clients of the SDK should look into the environment for a proxy.

    Nobody goes through one to this machine, and the look, which reads .netrc as well, takes longer than the request.
    """
    return azurite_blob_port(connection_string) is None


def _azurite_port(connection_string: str, member: str, default: int) -> int | None:
    parts = _parts(connection_string)
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        return default
    endpoint = urlsplit(parts.get(member, ""))
    on_this_machine = endpoint.hostname in ("127.0.0.1", "localhost", "::1") and endpoint.scheme == "http"
    return endpoint.port if on_this_machine and parts.get("accountname") == _AZURITE_ACCOUNT else None


def _modelled(name: str, connection_string: str) -> str:
    if "developmentstorageproxyuri" in _parts(connection_string):
        raise BindingError(f"DevelopmentStorageProxyUri in '{name}' is not modelled: give BlobEndpoint instead.")
    return connection_string


def _parts(connection_string: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in connection_string.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, value in pairs}
