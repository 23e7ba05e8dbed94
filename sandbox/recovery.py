"""Setting a stack right whose last run was killed, or whose cloud died under it.

Pulumi notes in a stack's checkpoint which operation it starts, and strikes the note out when it has the
answer. Notes that a killed run has left are dealt with here before the next run. Of an unfinished creation
pulumi cannot know whether the resource exists, but the sandbox can look into its cloud: what exists is taken
into the state, and a refresh does the rest. (`pulumi refresh --import-pending-creates`, which is meant for this,
strikes the note out in 3.258 without taking the resource in.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sandbox.checkpoint import Checkpoint, Record
from sandbox.cloud import Cloud, Operation
from sandbox.processes import Pulumi
from sandbox.progress import say


def recover(pulumi: Pulumi, checkpoint: Checkpoint, cloud: Cloud) -> None:
    """Make a stack's state agree with the cloud if its last run was killed, and say what was found."""
    dead, notes = checkpoint.dead_locks(), checkpoint.pending()
    # A recovery that is killed itself leaves this file, so that the next run refreshes even without a note.
    begun = pulumi.folder / f".{checkpoint.stack}.recovering"
    if dead or notes or begun.exists():
        say(f"The last run on stack {checkpoint.stack} was cut short.")
    if dead:
        pulumi.ask("cancel", "--yes", checkpoint.stack)
        say(f"  The lock of process {dead[0]}, which has ended, is removed.")
    if not notes and not begun.exists():
        return
    begun.touch()
    if any(note["type"] == "creating" for note in notes):
        exported = json.loads(pulumi.ask("stack", "export"))
        settle_creations(exported["deployment"], cloud)
        state = pulumi.folder / f".{checkpoint.stack}.settled.json"
        state.write_text(json.dumps(exported))
        pulumi.ask("stack", "import", "--file", str(state))
        state.unlink()
    for note in notes:
        if note["type"] != "creating":
            say(f"  {note['resource']['urn']} was left while {note['type']}: its state is read anew.")
    pulumi.ask("refresh", "--yes", "--skip-preview")
    begun.unlink()


def settle_creations(deployment: Record, cloud: Cloud) -> None:
    """Take what exists although its creation was not finished into a deployment, and drop the notes."""
    resources: list[Record] = deployment.setdefault("resources", [])
    known = {(resource["urn"], resource.get("id")) for resource in resources}
    existing = cloud.resources()
    for note in deployment.pop("pending_operations", []):
        resource = note["resource"]
        urn = resource["urn"]
        # Components and providers exist in the state alone.
        if note["type"] != "creating" or not resource.get("custom") or resource["type"].startswith("pulumi:"):
            continue
        born = next((found for found in existing if found.urn == urn and (urn, found.id) not in known), None)
        if born:
            adopt({**resource, "id": born.id, "outputs": {}}, resources)
            say(f"  {urn} was left while creating: it exists, as {born.id}, and is kept.")
        else:
            say(f"  {urn} was left while creating: it does not exist yet.")


def adopt(newcomer: Record, resources: list[Record]) -> None:
    """Put a resource among those of a stack, in place of an older one that it was to replace."""
    for index, resource in enumerate(resources):
        if resource["urn"] == newcomer["urn"] and not resource.get("delete"):
            gone = resource.get("pendingReplacement")
            older = [] if gone else [{**resource, "delete": True}]
            resources[index : index + 1] = [newcomer, *older]
            return
    resources.append(newcomer)


def forget_lost_answers(checkpoint: Checkpoint, cloud: Cloud, done: Sequence[Operation]) -> None:
    """Delete what a cloud that has died created, in what it has `done` last, without living to say so.

    Pulumi took the creation for failed and kept no note, so there is nothing to take the resource in with.
    """
    ours = f"urn:pulumi:{checkpoint.stack}::{checkpoint.project}::"
    known = {(resource["urn"], resource.get("id")) for resource in checkpoint.resources()}
    noted = {note["resource"]["urn"] for note in checkpoint.pending()}
    for last in done:
        lost = last.op == "create" and last.urn.startswith(ours) and last.urn not in noted
        if lost and (last.urn, last.id) not in known and cloud.find(last.type, last.id):
            cloud.remove(last.type, last.id)
            say(f"  It could not say any more that it had created {last.urn}: that is deleted again.")
