"""The program that `pulumi up` runs: reads the stack's settings and wires components. It defines no resource itself."""

import pulumi

from penstock.problems import InvalidSpec
from settings import read
from wiring import deploy

try:
    settings = read(pulumi.runtime.get_config_env())
except InvalidSpec as error:
    problems = "".join(f"\n  - {problem}" for problem in error.problems)
    raise pulumi.RunError(
        f"The settings in Pulumi.{pulumi.get_stack()}.yaml cannot be deployed. Nothing was changed.{problems}"
    ) from None

for name, value in deploy(settings).items():
    pulumi.export(name, value)
