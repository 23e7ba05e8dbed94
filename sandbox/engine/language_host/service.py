"""The calls of the engine, and the server that answers them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent import futures
from importlib import metadata
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from .children import Children, chunks
from .python import Python, install_commands, interpreter, plugin_arguments

MESSAGE_WAS_SHOWN = 32
"""The executor's exit code when the user has been told already why the program failed."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs, policy packs and component packages written in Python."""

    def __init__(self, executor: str, engine: str) -> None:
        self.executor = executor
        self.engine = engine
        self.children = Children()
        # A signal handler may put into a SimpleQueue at any moment; setting an Event there could dead-lock.
        self.stop: queue.SimpleQueue[None] = queue.SimpleQueue()

    def Handshake(self, _request: pb.LanguageHandshakeRequest, _context: Any) -> pb.LanguageHandshakeResponse:
        """There is nothing to agree on."""
        return pb.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Empty, _context: Any) -> plugin_pb2.PluginInfo:
        """This host is as old as the SDK whose stubs it uses."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetRequiredPackages(
        self, _request: pb.GetRequiredPackagesRequest, _context: Any
    ) -> pb.GetRequiredPackagesResponse:
        """Nothing is required: the sandbox attaches its own providers, and others must not be downloaded."""
        return pb.GetRequiredPackagesResponse()

    def GetRequiredPlugins(
        self, _request: pb.GetRequiredPluginsRequest, _context: Any
    ) -> pb.GetRequiredPluginsResponse:
        """As `GetRequiredPackages`, which newer engines call."""
        return pb.GetRequiredPluginsResponse()

    def About(self, request: pb.AboutRequest, _context: Any) -> pb.AboutResponse:
        """What runs the program."""
        python = Python.of(request.info)
        return pb.AboutResponse(executable=python.executable, version=python.version)

    def GetProgramDependencies(
        self, request: pb.GetProgramDependenciesRequest, _context: Any
    ) -> pb.GetProgramDependenciesResponse:
        """What is installed beside the program; only what nothing else requires, unless all is asked for."""
        python = Python.of(request.info)
        hidden = [] if request.transitiveDependencies else python.needed
        found = [
            pb.DependencyInfo(name=name, version=version)
            for name, version in sorted(python.installed.items())
            if name not in hidden
        ]
        return pb.GetProgramDependenciesResponse(dependencies=found)

    def InstallDependencies(
        self, request: pb.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.InstallDependenciesResponse]:
        """Install what a project asks for, passing on what the tools print."""
        for argv in install_commands(request.info):
            folder = request.info.root_directory
            child = self.children.start(argv, context, cwd=folder, env={}, output=subprocess.PIPE)
            for stream, data in chunks(child):
                yield pb.InstallDependenciesResponse(**{stream: data})
            if child.wait() != 0:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"`{' '.join(argv)}` failed in {folder}.")

    def Run(self, request: pb.RunRequest, context: grpc.ServicerContext) -> pb.RunResponse:
        """Run a program to its end."""
        flags = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "pwd": request.info.program_directory,
            "dry_run": str(request.dryRun).lower(),
            "parallel": str(request.parallel),
        }
        argv = [interpreter(request.info), "-u", self.executor]
        argv += [word for flag, value in flags.items() if value for word in (f"--{flag}", value)]
        argv += [request.info.entry_point or ".", *request.args]
        env = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        folder = request.info.program_directory
        code = self.children.start(argv, context, cwd=folder, env=env, output=None).wait()
        if code == MESSAGE_WAS_SHOWN or self.children.ending:
            return pb.RunResponse(bail=True)
        return pb.RunResponse(error=f"The program ended with exit code {code}." if code else "")

    def RunPlugin(self, request: pb.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[pb.RunPluginResponse]:
        """Run a policy pack or a component package until the engine gives it up, passing on what it prints."""
        argv = [interpreter(request.info), "-u", *plugin_arguments(request)]
        env = dict(entry.split("=", 1) for entry in request.env)
        child = self.children.start(argv, context, cwd=request.pwd, env=env, output=subprocess.PIPE)
        for stream, data in chunks(child):
            if stream == "stdout":
                yield pb.RunPluginResponse(stdout=data)
            else:
                yield pb.RunPluginResponse(stderr=data)
        yield pb.RunPluginResponse(exitcode=child.wait())

    def Cancel(self, _request: Empty, _context: Any) -> Empty:
        """End this host and what it runs."""
        self.stop.put(None)
        return Empty()


def serve(arguments: Sequence[str], make: type[LanguageHost] = LanguageHost) -> None:
    """Answer the engine's calls until the host is told to stop. `arguments` are those of the command line."""
    executor, *_, engine = arguments
    host = make(executor, engine)
    # A call of RunPlugin holds its thread for as long as the plugin lives.
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=64),
        options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: host.stop.put(None))
    threading.Thread(target=watch_engine, args=(host.stop,), daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    host.stop.get()
    host.children.end_all()
    server.stop(grace=1).wait()


def watch_engine(stop: queue.SimpleQueue[None]) -> None:
    """Ask for the end when the engine is gone: it holds the other end of standard input."""
    while os.read(0, 4096):
        pass
    stop.put(None)
