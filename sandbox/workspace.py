"""Running pulumi on a project against the pretend cloud, without the project noticing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox.checkpoint import Checkpoint
from sandbox.cloud import Cloud
from sandbox.engine import find_engine
from sandbox.errors import SandboxError
from sandbox.locks import locked
from sandbox.processes import Fault, Pulumi, RunningCloud, end, wait
from sandbox.progress import say
from sandbox.recovery import forget_lost_answers, recover
from sandbox.stackfiles import StackFiles

OPERATIONS: dict[str, tuple[str, ...]] = {
    "preview": (),
    "up": ("--yes",),
    "refresh": ("--yes", "--skip-preview"),
    "destroy": ("--yes",),
    "import": ("--yes", "--skip-preview", "--generate-code=false"),  # Code is made from schemas that no SDK carries.
}
"""The commands of pulumi that need the cloud, and what is added to them. Since nothing real is at stake, nobody is
asked; but `up` and `destroy` preview first, so that what is refused there (bad input, protection) changes nothing."""
PREVIEWING = ("up", "destroy")


# The cluster that exists already, for programs that take the one that kubectl would.
_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: sandbox
contexts: [{name: sandbox, context: {cluster: sandbox, user: sandbox}}]
clusters: [{name: sandbox, cluster: {server: "https://sandbox.invalid:6443"}}]
users: [{name: sandbox, user: {}}]
"""


@dataclass(frozen=True)
class Result:
    """How a run of pulumi ended."""

    returncode: int
    stdout: str
    stderr: str


class Sandbox:
    """A project, and the folder in which its sandbox lives: engine, backend, cloud and copies of stack files.

    That folder, `home`, is `.sandbox` in the project by default. `engine` is the path of a `pulumi`; by default
    one is found or made. `skip_previews` lets `up` and `destroy` go ahead at once. `cloud_program` is the module that
    serves the cloud, with its words: `sandbox.cluster.platform` has one with a real cluster in it. Everything here
    raises `SandboxError`, a message for the user, when it cannot go on.
    """

    def __init__(
        self,
        project: Path,
        home: Path | None = None,
        engine: Path | None = None,
        *,
        skip_previews: bool = False,
        cloud_program: Sequence[str] = ("sandbox.cloud",),
    ) -> None:
        self.skip_previews = skip_previews
        self._cloud_program = cloud_program
        self.project = project.resolve()
        self.home = (home or project / ".sandbox").resolve()
        self._engine = engine
        self._files = StackFiles(self.project, self.home)

    @cached_property
    def engine(self) -> Path:
        """The `pulumi` that is run."""
        return self._engine or find_engine(self._own_home() / "engine")

    @property
    def cloud(self) -> Cloud:
        """What exists in the pretend cloud, which all stacks share."""
        return Cloud(self._own_home() / "cloud")

    def pulumi(
        self,
        command: str,
        *,
        stack: str | None = "dev",
        args: Sequence[str] = (),
        faults: Sequence[Fault] = (),
        env: Mapping[str, str] | None = None,
        check: bool = False,
    ) -> Result:
        """Run a command, such as "preview" or "stack output", to its end. With `check`, a failure raises.

        A new `stack` is created first; `None` is for commands that need none. `env` is added to pulumi's own.
        """
        with self.start(command, stack=stack, args=args, faults=faults, env=env) as process:
            stdout, stderr = process.communicate()
        result = Result(process.returncode, stdout, stderr)
        if check and result.returncode:
            raise SandboxError(f"`pulumi {command}` ended with {result.returncode}.\n{stdout}{stderr}")
        return result

    def run(
        self,
        command: str,
        *,
        stack: str | None,
        args: Sequence[str] = (),
        faults: Sequence[Fault] = (),
        env: Mapping[str, str] | None = None,
    ) -> int:
        """Run a command on this process's own terminal and return pulumi's exit code."""
        with self.start(command, stack=stack, args=args, faults=faults, env=env, on_terminal=True) as process:
            return wait(process)

    @contextmanager
    def start(
        self,
        command: str,
        *,
        stack: str | None = "dev",
        args: Sequence[str] = (),
        faults: Sequence[Fault] = (),
        env: Mapping[str, str] | None = None,
        on_terminal: bool = False,
    ) -> Iterator[subprocess.Popen[str]]:
        """The running pulumi. Leaving the block interrupts it if it still runs, and ends its cloud."""
        verb, *words = command.split()
        defaults = () if "--preview-only" in args else OPERATIONS.get(verb, ())
        if defaults and self.skip_previews and verb in PREVIEWING:
            defaults = (*defaults, "--skip-preview")
        with ExitStack() as held:
            pulumi, checkpoint = self._prepare(held, stack)
            server = None
            if verb in OPERATIONS:
                server = held.enter_context(RunningCloud.of(self.home, faults, pulumi.holds, self._cloud_program))
                pulumi.holds += (server.lifeline,)
                pulumi.environment["PULUMI_DEBUG_PROVIDERS"] = server.providers
            if server and checkpoint:
                recover(pulumi, checkpoint, self.cloud)
            before = len(self.cloud.log())
            pulumi.environment.update(env or {})
            with pulumi.start([verb, *words, *defaults, *args], on_terminal) as process:
                try:
                    yield process
                finally:
                    end(process, signal.SIGINT)
            if server and server.died and checkpoint:
                say(f"The sandbox's cloud died in this run, so what it had begun failed: see {self.home}/cloud.log.")
                forget_lost_answers(checkpoint, self.cloud, self.cloud.log()[before:])

    def _prepare(self, held: ExitStack, stack: str | None) -> tuple[Pulumi, Checkpoint | None]:
        """Copies, lock and stack for a run. What `held` holds is let go when the run has ended."""
        files, locks = self._files, self._own_home() / "locks"
        with locked(locks / "files", "Another run is copying files: waiting for it."):
            files.refresh()
        pulumi = Pulumi(self.engine, files.folder, self._environment(stack))
        if stack is None:
            return pulumi, None
        busy = f"Another run is working on stack {stack}: waiting for it to end."
        # Pulumi and the cloud hold the lock too, so that it stands until all three have ended.
        pulumi.holds = (held.enter_context(locked(locks / f"{files.name}.{stack}", busy)),)
        files.refresh_stack(stack)
        checkpoint = Checkpoint(self.home / "backend", files.name, stack)
        if not checkpoint.file.exists():
            pulumi.ask("stack", "init", stack, "--no-select")
        return pulumi, checkpoint

    def _own_home(self) -> Path:
        """The sandbox's folder, made if need be and hidden from git."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / ".gitignore").write_text("*\n")
        return self.home

    def _environment(self, stack: str | None) -> dict[str, str]:
        """What pulumi sees. Nothing of the user's own pulumi, such as a token or a backend, reaches it."""
        backend = self.home / "backend"
        backend.mkdir(exist_ok=True)
        others = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        path = [str(Path(sys.executable).parent), str(self.engine.parent), os.environ.get("PATH", os.defpath)]
        kubeconfig = self.home / "kubeconfig"
        kubeconfig.write_text(_KUBECONFIG, encoding="utf-8")
        return {
            **others,
            "PATH": os.pathsep.join(path),
            "KUBECONFIG": str(kubeconfig),
            "PENSTOCK_PYTHON": sys.executable,
            "PULUMI_HOME": str(self.home / "pulumi"),
            # Without `metadata=skip` a run that is killed can leave a half-written file beside the checkpoint, which
            # makes pulumi refuse the checkpoint.
            "PULUMI_BACKEND_URL": f"{backend.as_uri()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **({"PULUMI_STACK": stack} if stack else {}),
        }
