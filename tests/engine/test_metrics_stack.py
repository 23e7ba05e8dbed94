"""`MetricsStack` through the real engine: charts in their order, nothing to do the second time, and down again."""

import json

from tests.engine.conftest import MakeSandbox

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
PROGRAM = """
import json
import pulumi
import pulumi_kubernetes as k8s
import penstock

nvidia = {{"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 1, "accelerator_resource": "nvidia.com/gpu"}}
base = {{"cloud": "existing", "purchase": "on_demand", "machine_types": ["m"], "max_nodes": 4, "labels": {{}}, "taints": []}}
pools = [
    {{**base, "name": "web", "min_nodes": 1, "capacity": {{**nvidia, "accelerators": 0}}}},
    {{**base, "name": "gpu", "min_nodes": 0, "capacity": nvidia}},
]
kubeconfig = json.dumps({{
    "current-context": "c", "contexts": [{{"name": "c", "context": {{"cluster": "c"}}}}],
    "clusters": [{{"name": "c", "cluster": {{"server": "https://127.0.0.1:6443"}}}}]}})
stack = penstock.MetricsStack(
    "metrics",
    {{"cluster": {{"cloud": "existing", "name": "c", "location": "here", "zones": []}}, "cloud": "existing",
     "pools": pools, **{more}}},
    pulumi.ResourceOptions(provider=k8s.Provider("inside", kubeconfig=kubeconfig)),
)
pulumi.export("prometheus", stack.prometheus_url)
pulumi.export("charts", stack.charts)
"""


def program(more: str) -> dict[str, str]:
    text = PROGRAM.format(more=more)
    return {"Pulumi.yaml": "name: metrics\nruntime: python\n", "Pulumi.dev.yaml": "", "__main__.py": text}


def test_a_stack_comes_up_in_order_changes_nothing_again_and_goes_down(sandbox: MakeSandbox) -> None:
    everything = '{"custom_metrics": True, "event_autoscaling": True, "vertical_autoscaling": True}'
    project = sandbox(files=program(everything))
    project.pulumi("up", check=True)
    made = [done for done in project.cloud.log() if done.op == "create" and done.type == RELEASE]
    charts = [done.urn.rpartition("::metrics-")[2] for done in made]
    assert sorted(charts) == [
        "dcgm-exporter",
        "keda",
        "kube-prometheus-stack",
        "metrics-server",
        "prometheus-adapter",
        "vertical-pod-autoscaler",
    ]
    for later in ("keda", "prometheus-adapter", "dcgm-exporter"):
        assert charts.index("kube-prometheus-stack") < charts.index(later)
    releases = {found.inputs["name"]: found.inputs for found in project.cloud.resources(RELEASE)}
    assert releases["prometheus-adapter"]["values"]["rules"]["custom"][0]["name"]["as"] == "queue_depth"
    outputs = json.loads(project.pulumi("stack output", args=["--json"], check=True).stdout)
    assert outputs["prometheus"] == "http://prometheus-operated.monitoring.svc:9090"
    assert set(outputs["charts"]) == set(charts)
    project.pulumi("up", args=["--expect-no-changes"], check=True)

    project.pulumi("destroy", check=True)
    gone = [done.type for done in project.cloud.log() if done.op == "delete"]
    assert gone.count(RELEASE) == len(charts)
    assert gone.index(NAMESPACE) > gone.index(RELEASE)


def test_what_cannot_work_is_refused_at_preview_with_its_reason(sandbox: MakeSandbox) -> None:
    project = sandbox(files=program('{"mode": "lightweight", "hpa_metrics": ["queue_depth"]}'))
    refused = project.pulumi("preview")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "MetricsStack 'metrics' cannot be deployed" in said
    assert "mode: lightweight has none, so let these autoscalers go by CPU or memory" in said
    assert "Traceback" not in said
