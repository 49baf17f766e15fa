"""What the fault tests share: how often to strike, and the ledger of what was saved meanwhile."""

import sys
from collections.abc import Callable, Iterator

import pytest

from host_tests.faults.ledger import Ledger

_SECONDS_A_ROUND = 30


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    rounds = _rounds(config)
    for item in items:
        if sys.platform == "win32" and "faults" in item.path.parts:
            item.add_marker(pytest.mark.skip("strikes by signals that Windows does not have"))
        if rounds > 1 and "faults" in item.path.parts:
            item.add_marker(pytest.mark.timeout(60 + _SECONDS_A_ROUND * rounds))


@pytest.fixture
def fault_rounds(request: pytest.FixtureRequest) -> int:
    """How often a fault strikes, each time at another moment."""
    return _rounds(request.config)


def _rounds(config: pytest.Config) -> int:
    return int(config.getoption("--fault-rounds") or 1)


@pytest.fixture
def ledger(record_property: Callable[[str, object], None], fault_rounds: int) -> Iterator[Ledger]:
    """An empty ledger; what is in it afterwards is in the report of the run."""
    ledger = Ledger()
    yield ledger
    record_property("ledger", (fault_rounds, ledger.sent, ledger.acknowledged))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _rounds(config) == 1:
        return
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "ledger" and report.when == "teardown":
                    rounds, sent, acknowledged = value
                    terminalreporter.line(f"{report.nodeid}: {rounds} rounds, {sent} sent, {acknowledged} acknowledged")
