"""Machine types as the data source shows them, as far as the machine catalogue knows them."""

from __future__ import annotations

from penstock_cost import UnknownMachineType, efa, machine
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.errors import CloudError
from sandbox.cloud.values import Properties


def get_instance_type(question: Question) -> Properties:
    """vCPU, memory, GPUs and EFA interfaces; the rest of the answer is empty."""
    name = question.arguments["instanceType"]
    try:
        found = machine("aws", name)
    except UnknownMachineType as unknown:
        raise CloudError(f"The sandbox does not know the machine type {name}: {unknown}") from None
    gpus: list[Properties] = []
    if found.accelerator is not None:
        kind, count = found.accelerator.type.upper(), found.accelerator.count
        memory = int(found.accelerator.memory_gib * 1024)
        gpus.append({"count": count, "manufacturer": "NVIDIA", "memorySize": memory, "name": kind})
    fabric = efa(name)
    return question.answer(
        {
            "id": name,
            "instanceType": name,
            "region": question.region,
            "defaultVcpus": int(found.vcpu),
            "memorySize": int(found.memory_gib * 1024),
            "supportedArchitectures": [found.architecture],
            "gpuses": gpus,
            "totalGpuMemory": sum(gpu["count"] * gpu["memorySize"] for gpu in gpus),
            "efaSupported": fabric is not None,
            "efaMaximumInterfaces": fabric.interfaces if fabric else 0,
            "maximumNetworkCards": fabric.network_cards if fabric else 1,
        }
    )
