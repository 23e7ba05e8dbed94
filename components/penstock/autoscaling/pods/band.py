"""Replicas by targets that count only beyond a band: the formula in which KEDA puts the signals together.

A ratio again, compared as a `Value` with 1. Requests that wait come first, then latency. GPU utilization is a guard:
it is near 100 % at any load, so it asks for replicas only where more requests wait than would let them go, and holds
them only where some wait at all. Between the bands nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.autoscaling.pods.tables import Band, Signal
from penstock.autoscaling.pods.trigger_spec import number

_QUEUE, _P95, _GPU = Signal.WAITING_REQUESTS, Signal.P95_SECONDS, Signal.GPU_PERCENT
SIGNALS = (_QUEUE, _P95, _GPU)


def formula(band: Band, targets: Mapping[Signal, float]) -> str:
    """Which way replicas go, as a ratio."""
    up, down = ({signal: number(value) for signal, value in side.items()} for side in (band.up, band.down))
    target = {signal: number(value) for signal, value in targets.items()}
    busy = f"({_GPU} > {up[_GPU]} and {_QUEUE} > {down[_QUEUE]})"
    idle = f"({_GPU} < {down[_GPU]} or {_QUEUE} < {number(band.guard_waiting_requests)})"
    demand = f"{_QUEUE} / {target[_QUEUE]}, {_P95} / {target[_P95]}"
    return (
        f"{_QUEUE} > {up[_QUEUE]} or {_P95} > {up[_P95]} or {busy}"
        f" ? max({demand}, {busy} ? {_GPU} / {target[_GPU]} : 0)"
        f" : ({_QUEUE} < {down[_QUEUE]} and {_P95} < {down[_P95]} and {idle} ? max({demand}) : 1)"
    )
