"""The `cost` and the `capacity` pack in one process, which the engine has to ask but once about every resource."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / pack) for pack in ("cost", "capacity")]

from capacity_rules import RULES as CAPACITY
from cost_rules import RULES as COST

from penstock_cost.crossguard import pack

pack("penstock", [*COST, *CAPACITY])
