"""What `azd up` makes beside the resources and `azd down` takes away again, whatever goes wrong in between."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import after_down
import before_down
import before_provision
import pytest
from azd import Azure, HookError

from tests.infra.azure_stand_in import GROUP, StandIn, Stopped, running_azure

_VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_NAME = "remote-mcp-dev-s"
_APP = f"/graph/v1.0/applications(uniqueName='{_NAME}')"
_PLAIN = {"AZURE_ENV_NAME": "dev", "AZURE_SUBSCRIPTION_ID": "s", "AZURE_LOCATION": "eastus2"}
_CREATE = {**_PLAIN, "MCP_AUTH_CLIENT_ID": "create"}
_MANY = 99


class _Deployment:
    """An azd environment, and what becomes of it."""

    def __init__(self, stand_in: StandIn, azure: Azure, environment: dict[str, str]) -> None:
        self.stand_in, self.azure, self.environment = stand_in, azure, dict(environment)

    def up(self, stop_after: int | None = None) -> None:
        with self._run(stop_after):
            before_provision.check(self.environment, self.azure)

    def down(self, stop_after: int | None = None) -> None:
        with self._run(stop_after):
            before_down.remember(self.environment, self.azure)
            self.environment |= self.stand_in.set
            self.stand_in.group_exists = False
            after_down.clean_up(self.environment, self.azure)

    @contextmanager
    def _run(self, stop_after: int | None) -> Generator[None]:
        self.stand_in.begin(stop_after)
        try:
            yield
        finally:
            self.environment |= self.stand_in.set

    @property
    def app(self) -> dict[str, Any]:
        (app,) = self.stand_in.apps.values()
        return app

    def check_is_complete(self) -> None:
        app = self.app
        (scope,) = app["api"]["oauth2PermissionScopes"]
        assert (app["signInAudience"], app["api"]["requestedAccessTokenVersion"]) == ("AzureADMyOrg", 2)
        assert app["identifierUris"] == [f"api://{app['appId']}"]
        assert scope["value"] == "user_impersonation"
        assert app["api"]["preAuthorizedApplications"] == [
            {"appId": _VISUAL_STUDIO_CODE, "delegatedPermissionIds": [scope["id"]]}
        ]
        assert self.stand_in.principals == {app["appId"]}
        assert self.environment["MCP_AUTH_CLIENT_ID"] == app["appId"]

    def check_nothing_is_left(self) -> None:
        held = self.stand_in
        assert (held.apps, held.deleted_apps, held.principals, held.roles) == ({}, {}, set(), {})


@contextmanager
def _deployment(environment: dict[str, str]) -> Generator[_Deployment]:
    with running_azure() as (stand_in, azure):
        yield _Deployment(stand_in, azure, environment)


def test_an_entra_app_is_made_when_it_is_asked_for() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.check_is_complete()
        assert deployment.stand_in.pauses == []


@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_directory_that_is_late_is_waited_for(late: int) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.stand_in.late = late
        deployment.up()
        deployment.check_is_complete()
        assert deployment.stand_in.pauses
        deployment.down()
        deployment.check_nothing_is_left()


def test_a_directory_that_stays_late_is_told_and_the_next_run_goes_on() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.stand_in.late = _MANY
        with pytest.raises(HookError, match=r"did not answer in time: .* Run azd again in a minute"):
            deployment.up()
        deployment.stand_in.learn()
        deployment.up()
        deployment.check_is_complete()


@pytest.mark.parametrize(
    "request_",
    [f"GET {_APP}", f"PATCH {_APP}", "POST /graph/v1.0/servicePrincipals"],
    ids=["read", "write", "principal"],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_has_too_much_to_do_is_asked_later(request_: str, status: int) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.stand_in.fail(request_, [(status, {"error": {"message": "Later."}})] * 2)
        deployment.up()
        deployment.check_is_complete()
        # What the service asks for, where it asks for more than the pause would be.
        assert deployment.stand_in.pauses == ([7.0, 7.0] if status == 429 else [2.0, 4.0])


@pytest.mark.parametrize("late", [0, 2])
def test_a_run_that_is_stopped_after_any_step_is_made_up_for_by_the_next(late: int) -> None:
    for stop_after in range(1, _steps_of_up() + 1):
        with _deployment(_CREATE) as deployment:
            deployment.stand_in.late = late
            with pytest.raises(Stopped):
                deployment.up(stop_after)
            deployment.up()
            deployment.check_is_complete()
            deployment.down()
            deployment.check_nothing_is_left()


def test_a_run_that_is_stopped_after_any_step_leaves_nothing_that_azd_down_does_not_take() -> None:
    for stop_after in range(1, _steps_of_up() + 1):
        with _deployment(_CREATE) as deployment:
            with pytest.raises(Stopped):
                deployment.up(stop_after)
            deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
            deployment.down()
            deployment.check_nothing_is_left()


def test_azd_down_that_is_stopped_after_any_step_is_made_up_for_by_the_next() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
        deployment.down()
        steps = deployment.stand_in.steps
    assert steps >= 6  # the role found, remembered and deleted; the app found, deleted and purged
    for stop_after in range(1, steps + 1):
        with _deployment(_CREATE) as deployment:
            deployment.up()
            deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
            with pytest.raises(Stopped):
                deployment.down(stop_after)
            deployment.down()
            held = deployment.stand_in
            assert (held.apps, held.principals, held.roles) == ({}, set(), {})
            # The app may be left among the deleted ones, as the page on Azure says: its name is not lost.
            deployment.up()
            deployment.check_is_complete()


def _steps_of_up() -> int:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        assert deployment.stand_in.steps >= 7
        return deployment.stand_in.steps


@pytest.mark.parametrize(
    ("status", "code", "message", "said"),
    [
        (
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges",
            r"your account may not: Insufficient privileges\.",
        ),
        (401, "InvalidAuthenticationToken", "Expired.", r"your account may not: Expired\. Ask someone"),
        (400, "ServiceTreeValueMissing", "Missing.", "azd env set MCP_AUTH_SERVICE_MANAGEMENT_REFERENCE ID"),
        (400, "Request_BadRequest", "Not on a verified domain.", "Graph refuses it: Not on a verified domain. If your"),
        (500, "UnknownError", "", "did not answer in time: HTTP 500. Run azd again"),
        (429, "TooManyRequests", "Later.", "did not answer in time: Later. Run azd again"),
    ],
)
def test_an_app_that_cannot_be_made_is_told_with_the_reason(status: int, code: str, message: str, said: str) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.stand_in.fail(f"PATCH {_APP}", [(status, {"error": {"code": code, "message": message}})] * _MANY)
        with pytest.raises(HookError, match=said):
            deployment.up()
        assert deployment.environment["MCP_AUTH_CLIENT_ID"] == "create"
        deployment.down()
        deployment.check_nothing_is_left()


def test_a_tenant_that_wants_to_know_the_service_is_told() -> None:
    with _deployment({**_CREATE, "MCP_AUTH_SERVICE_MANAGEMENT_REFERENCE": "service"}) as deployment:
        deployment.up()
        assert deployment.app["serviceManagementReference"] == "service"


def test_every_client_that_may_call_is_authorized_before_and_a_change_is_made_by_the_next_run() -> None:
    with _deployment({**_CREATE, "MCP_AUTH_ALLOWED_CLIENT_IDS": f"{_VISUAL_STUDIO_CODE}, {_AZURE_CLI}"}) as deployment:
        deployment.up()
        api = deployment.app["api"]
        assert [one["appId"] for one in api["preAuthorizedApplications"]] == [_VISUAL_STUDIO_CODE, _AZURE_CLI]
        deployment.environment["MCP_AUTH_ALLOWED_CLIENT_IDS"] = ""
        deployment.up()
        deployment.check_is_complete()


def test_an_app_that_is_as_it_should_be_is_only_read() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.stand_in.asked.clear()
        deployment.up()
        assert all(request.startswith("GET ") for request, _ in deployment.stand_in.asked)


def test_an_app_that_may_not_be_changed_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.environment["MCP_AUTH_ALLOWED_CLIENT_IDS"] = _AZURE_CLI
        deployment.stand_in.fail(f"PATCH {_APP}", [(403, {"error": {"message": "Not yours."}})])
        deployment.up()
    assert "Warning: the Entra app was left as it is." in capsys.readouterr().out


def test_an_app_that_somebody_brings_is_neither_read_nor_deleted() -> None:
    with _deployment({**_PLAIN, "MCP_AUTH_CLIENT_ID": _AZURE_CLI}) as deployment:
        deployment.up()
        deployment.down()
        assert not any(
            " /graph" in request and not request.startswith("GET") for request, _ in deployment.stand_in.asked
        )
        assert deployment.environment["MCP_AUTH_CLIENT_ID"] == _AZURE_CLI


def test_environments_of_one_name_in_two_subscriptions_have_an_app_each() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        other = _Deployment(deployment.stand_in, deployment.azure, {**_CREATE, "AZURE_SUBSCRIPTION_ID": "other"})
        other.up()
        assert deployment.stand_in.apps.keys() == {_NAME, "remote-mcp-dev-other"}


def test_before_azd_has_asked_for_the_subscription_no_app_is_made() -> None:
    with _deployment({"AZURE_ENV_NAME": "dev", "MCP_AUTH_CLIENT_ID": "create"}) as deployment:
        with pytest.raises(HookError, match="azd env set AZURE_SUBSCRIPTION_ID ID"):
            deployment.up()
        assert deployment.stand_in.asked == []


def test_after_azd_down_the_next_azd_up_makes_another_app() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.down()
        assert deployment.environment["MCP_AUTH_CLIENT_ID"] == "create"
        deployment.up()
        deployment.check_is_complete()


def test_the_app_goes_even_when_entra_was_turned_off_again() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deployment.environment["MCP_AUTH_CLIENT_ID"] = ""
        deployment.down()
        deployment.check_nothing_is_left()


def test_an_app_that_may_be_deleted_but_not_for_good_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        object_id = deployment.app["id"]
        denied = (403, {"error": {"message": "Not you."}})
        deployment.stand_in.fail(f"DELETE /graph/v1.0/directory/deletedItems/{object_id}", [denied])
        deployment.down()
        assert deployment.stand_in.apps == {}
    assert "stays among the deleted ones for 30 days: Not you." in capsys.readouterr().out


def test_an_app_that_was_not_deleted_for_good_is_taken_back_by_the_next_azd_up() -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        object_id = deployment.app["id"]
        purge = f"DELETE /graph/v1.0/directory/deletedItems/{object_id}"
        deployment.stand_in.fail(purge, [(403, {"error": {"message": "Not you."}})])
        deployment.down()
        deployment.up()
        assert deployment.app["id"] == object_id
        deployment.check_is_complete()


@pytest.mark.parametrize("refused", ["GET {deleted}/microsoft.graph.application", "POST {deleted}/{object_id}/restore"])
def test_an_app_that_may_not_be_taken_back_is_told(refused: str) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        deleted, object_id = "/graph/v1.0/directory/deletedItems", deployment.app["id"]
        denied = (403, {"error": {"message": "Not you."}})
        deployment.stand_in.fail(f"DELETE {deleted}/{object_id}", [denied])
        deployment.stand_in.fail(refused.format(deleted=deleted, object_id=object_id), [denied])
        deployment.down()
        with pytest.raises(
            HookError, match=r"is not back: .*Administrator to restore `MCP server of dev` or to delete"
        ):
            deployment.up()


def test_an_app_that_may_not_be_deleted_is_named_and_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment(_CREATE) as deployment:
        deployment.up()
        denied = (403, {"error": {"message": "Not you."}})
        deployment.stand_in.fail(f"DELETE /graph/v1.0/applications/{deployment.app['id']}", [denied])
        deployment.down()
        assert "could not be deleted: Not you. `azd down` tries again" in capsys.readouterr().out
        deployment.down()
        deployment.check_nothing_is_left()


def test_a_role_goes_with_its_group_whoever_made_it() -> None:
    # As after a deployment that failed, or that a pipeline made: nothing of it is in this azd environment.
    with _deployment(_PLAIN) as deployment:
        deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
        deployment.down()
        deployment.check_nothing_is_left()
        assert deployment.environment["ROLES_TO_DELETE"] == ""


def test_no_other_role_is_touched() -> None:
    with _deployment(_PLAIN) as deployment:
        deployment.stand_in.add_role("MCP key reader of pooly", "/subscriptions/s/resourceGroups/rg-other", "r1")
        deployment.stand_in.add_role("Somebody else's", GROUP, "r2")
        deployment.down()
        assert len(deployment.stand_in.roles) == 2


def test_assignments_that_linger_are_waited_for() -> None:
    with _deployment(_PLAIN) as deployment:
        deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
        deployment.stand_in.lingering = 3
        deployment.down()
        deployment.check_nothing_is_left()
        assert deployment.stand_in.pauses == [5.0, 10.0, 15.0]


def test_a_role_that_stays_is_named_and_the_next_azd_down_tries_again(capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment(_PLAIN) as deployment:
        deployment.stand_in.add_role("MCP key reader of poolx", GROUP)
        deployment.stand_in.lingering = _MANY
        deployment.down()
        assert "az role definition delete --name r" in capsys.readouterr().out
        deployment.stand_in.lingering = 0
        deployment.down()
        deployment.check_nothing_is_left()


@pytest.mark.parametrize("status", [403, 429, 500])
def test_roles_that_cannot_be_read_stop_nothing(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment(_PLAIN) as deployment:
        listing = f"GET /arm{GROUP}/providers/Microsoft.Authorization/roleDefinitions"
        deployment.stand_in.fail(listing, [(status, {"error": {"message": "No."}})] * _MANY)
        deployment.down()
    assert "could not be seen: No.\nAfter `azd down`, look for it: az role definition list" in capsys.readouterr().out


def test_who_did_not_ask_for_entra_asks_nothing_of_graph() -> None:
    with _deployment(_PLAIN) as deployment:
        deployment.up()
        deployment.down()
        assert not any("/graph" in request for request, _ in deployment.stand_in.asked)


def test_where_somebody_brought_their_app_graph_may_refuse_to_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with _deployment({**_PLAIN, "MCP_AUTH_CLIENT_ID": _AZURE_CLI}) as deployment:
        deployment.stand_in.fail(f"GET {_APP}", [(403, {"error": {"message": "Not you."}})])
        deployment.down()
    assert capsys.readouterr().out == ""
