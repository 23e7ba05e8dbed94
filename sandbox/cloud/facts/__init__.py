"""What the SDKs' types do not carry: a YAML table per package, with the source of every row.

A file is named after its package (`gcp.yaml`) and maps a resource token to its facts. Every key but `source`
may be left out; a key that is not listed here is refused.

```yaml
gcp:container/nodePool:NodePool:
  source: "hashicorp/terraform-provider-google google/services/container/resource_container_node_pool.go@<commit>"
  id: "projects/{project}/locations/{location}/clusters/{cluster|last}/nodePools/{name}"
  name: {property: name, auto: true, max_length: 40, pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$"}
  replace_on: [location, cluster, nodeConfig.machineType, "nodeConfig.guestAccelerators[*].type"]
  computed: [nodeCount, location]
  sets: [nodeLocations, nodeConfig.oauthScopes]
  enums: {autoscaling.locationPolicy: [BALANCED, ANY]}
  patterns: {name: "^[a-z][-a-z0-9]*$"}
  ranges: {maxPodsPerNode: [8, 256], autoscaling.minNodeCount: [0, null]}
  conflicts: [[autoscaling.minNodeCount, autoscaling.totalMinNodeCount]]
  exactly_one_of: [[a, b]]
  at_least_one_of: [[a, b]]
  required_with: [[a, b]]
  parents: {cluster: "gcp:container/cluster:Cluster"}
  defaults: {project: "{provider.project}", deletionPolicy: DELETE}
  outputs: {selfLink: "https://container.googleapis.com/v1/{id}", instanceGroupUrls: ["…/{random:hex:8}-grp"]}
  deletion: forgotten
```

Paths are camelCase wire names joined by dots; `[*]` stands for every item of a list. A path that ends on an object
covers everything below it.

- `source`: where the row was read: repository, file and commit.
- `id`: template of the cloud's id. Without it the id is the resource's name.
- `name`: the property that names the thing. With `auto` a missing one becomes `<name in the program>-<7 hex digits>`
  in Check, cut to `max_length`; `pattern` and `max_length` hold for given names too.
- `replace_on`: a change of these replaces the resource. Without the key every change is made in place.
- `computed`: optional inputs that the cloud fills itself: leaving one out later is no change.
- `sets`: lists whose order means nothing.
- `enums`, `patterns` (searched in the value's text: anchor them), `ranges` (inclusive, `null` = no bound): what the
  provider itself refuses before it calls the cloud.
- `conflicts`: at most one of each group; `exactly_one_of`, `at_least_one_of`: as they say; `required_with`: all of
  the group or none.
- `parents`: property → token of the resource that it names; creating fails with the cloud's 404 when that does not
  exist. A value is matched by id, self link or name.
- `defaults`: filled in Check when absent: constants or templates.
- `outputs`: what the cloud computes: constants, templates, or lists and maps of them. An input of the same name wins.
- `deletion`: `normal`, or `forgotten` for things that no cloud call can delete: the provider forgets them, the name
  stays taken.

Templates: `{property}` or `{a.b}` is that value; `{property|last}` its last path segment; `{provider.x}` the
provider's setting x; `{id}` the resource's id; `{random:hex:8}` and `{number:12}` digits that stay the same for the
same resource; `{now}` the time of creation (RFC 3339). A template with an unknown value is unknown. A value that is
nothing but one `{property}` keeps that property's type.
"""

from sandbox.cloud.facts.model import Facts, NameRule
from sandbox.cloud.facts.rules import violations
from sandbox.cloud.facts.table import load
from sandbox.cloud.facts.templates import Scope, expand

__all__ = ["Facts", "NameRule", "Scope", "expand", "load", "violations"]
