"""Reading the kubeconfig of a cluster that exists."""

import os
from pathlib import Path
from typing import Any

import yaml


def chosen(given: str | None, context: str | None) -> str:
    """The kubeconfig that is meant, as YAML, with `context` (default: its own) as its current context.

    `given` is a kubeconfig or the path of one; None means the one that kubectl uses, which the variable KUBECONFIG
    names. Raises ValueError with a sentence for the user where it cannot be read or has no such context.
    """
    config = _parsed(_text(given))
    contexts = [entry.get("name") for entry in config.get("contexts") or [] if isinstance(entry, dict)]
    current = context or config.get("current-context")
    if not current:
        raise ValueError(f"The kubeconfig has no current context. Write the context: one of {_listed(contexts)}.")
    if current not in contexts:
        raise ValueError(f"The kubeconfig has no context '{current}'. Write one of {_listed(contexts)}.")
    return yaml.safe_dump({**config, "current-context": current}, sort_keys=False)


def _text(given: str | None) -> str:
    if given is not None and ("\n" in given or "{" in given):
        return given
    named = given or os.environ.get("KUBECONFIG", "").partition(os.pathsep)[0] or "~/.kube/config"
    try:
        return Path(named).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, RuntimeError):
        raise ValueError(
            f"The kubeconfig {named} cannot be read. Write the path of the cluster's, or the kubeconfig itself."
        ) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError("The kubeconfig is no YAML. Write a kubeconfig, or the path of one.") from None
    if not isinstance(config, dict) or not isinstance(config.get("contexts") or [], list):
        raise ValueError("This is no kubeconfig. Write one, or the path of one.")
    return config


def _listed(names: list[Any]) -> str:
    return ", ".join(str(name) for name in names) or "(it has none)"
