"""What a machine is told before it becomes a node: pure functions. EKS adds how it joins the cluster.

Sources: awslabs/amazon-eks-ami nodeadm/internal/system/local_disk.go@1336332 and the API of nodeadm's NodeConfig;
Bottlerocket's documentation of bootstrap commands and of `apiclient ephemeral-storage`.
"""

import base64
import json

from penstock.nodes.args import NodeImage

_NODE_CONFIG = {
    "apiVersion": "node.eks.aws/v1alpha1",
    "kind": "NodeConfig",
    "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
}
_BOUNDARY = "penstock"
_FILLED_BY_PODS = ["/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"]


def uses_local_disks(image: NodeImage) -> str:
    """The user data, in base64, of a node that keeps images, logs and what pods write on the machine's own disks."""
    text = _settings() if image is NodeImage.BOTTLEROCKET else _mime_parts()
    return base64.b64encode(text.encode()).decode()


def _mime_parts() -> str:
    """For Amazon Linux 2023, whose nodeadm takes its configuration from a part of its own type. JSON is YAML."""
    head = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n'
    part = f"--{_BOUNDARY}\nContent-Type: application/node.eks.aws\n\n{json.dumps(_NODE_CONFIG)}\n"
    return f"{head}{part}--{_BOUNDARY}--\n"


def _settings() -> str:
    """For Bottlerocket, which takes TOML. JSON's lists of texts are TOML's."""
    storage = ["apiclient", "ephemeral-storage"]
    commands = [[*storage, "init"], [*storage, "bind", "--dirs", *_FILLED_BY_PODS]]
    return (
        "[settings.bootstrap-commands.local-disks]\n"
        f"commands = {json.dumps(commands)}\n"
        'mode = "always"\n'
        "essential = true\n"
    )
