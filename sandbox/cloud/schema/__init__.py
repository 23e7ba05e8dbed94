"""What each package's own Python SDK says about its resources and data sources, and checks against it."""

from sandbox.cloud.schema.check import Coercion, Failure, check
from sandbox.cloud.schema.coerce import coerce
from sandbox.cloud.schema.sdk import FunctionType, ResourceType, Sdk
from sandbox.cloud.schema.shapes import Shape

__all__ = ["Coercion", "Failure", "FunctionType", "ResourceType", "Sdk", "Shape", "check", "coerce"]
