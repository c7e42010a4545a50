"""Which scripted drivers a scenario has."""

from __future__ import annotations

from driving.drivers import DRIVERS, Driver
from driving.overtakers import OVERTAKERS
from scenarios.catalogue import SCENARIOS

SCRIPTS: dict[str, dict[str, Driver]] = {
    scenario: OVERTAKERS if scenario == "overtaking_truck" else DRIVERS for scenario in SCENARIOS
}
