"""The inputs of `CronScaleToZero`."""

from typing import NotRequired, TypedDict

from penstock.autoscaling.pods.args import Behavior, Target
from penstock.autoscaling.pods.event_args import Trigger


class CronScaleToZeroArgs(TypedDict):
    """Replicas in a window of time, and none outside of it."""

    target: Target
    """What it scales."""
    timezone: str
    """The IANA name of the time zone, for example `America/Los_Angeles`: the window follows its summer time."""
    start: str
    """When the window opens: minute, hour, day of the month, month, day of the week; for example `0 9 * * 1-5`."""
    end: str
    """When it closes, for example `0 18 * * 1-5`."""
    desired_replicas: int
    """The replicas in the window, at least 1."""
    max_replicas: int
    """The most replicas, at least those of the window. Without other triggers those are what there is."""
    triggers: NotRequired[list[Trigger]]
    """What asks for more replicas than those of the window. Default: nothing."""
    hard_off: NotRequired[bool]
    """Whether outside of the window there are none, whatever the other triggers say. Default: false, they wake the
    target. It needs KEDA 2.20 or later, and triggers whose threshold is a count for each replica."""
    pod_labels: NotRequired[dict[str, str]]
    """With `hard_off`: labels that the target's pods have and no others in their namespace, by which they are counted,
    so that in the window their number stays while another trigger fails. Default: see `replicas_when_unknown`."""
    replicas_when_unknown: NotRequired[int]
    """With `hard_off`: the replicas in the window while another trigger fails, for more than three polls. Default:
    those of the window. Not with `pod_labels`."""
    cooldown_seconds: NotRequired[int]
    """How long after the window, and after the last activity, the replicas go to 0, 0 to 86400. Default: 300."""
    polling_seconds: NotRequired[int]
    """How often it is looked whether the window is open while there are no replicas, 1 to 3600. Default: 30."""
    behavior: NotRequired[Behavior]
    """How fast the replicas may change in the window. Default: as Kubernetes does it."""
