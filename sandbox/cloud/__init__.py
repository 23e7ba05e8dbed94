"""A pretend cloud: a strict stand-in for the providers of aws, azure-native, gcp, kubernetes and random.

`python -m sandbox.cloud --state DIR` serves it to Pulumi's engine. `Cloud(DIR)` looks into it from tests and tools.
"""

from sandbox.cloud.api import Cloud
from sandbox.cloud.store import CloudResource, Operation

__all__ = ["Cloud", "CloudResource", "Operation"]
