"""Makes a function's layers readable where its variables say: Lambda unpacks all of them into ``/opt``.

ministack 1.5 runs a function as a process of this machine, whose ``/opt`` is not the function's, and unpacks each layer
into a folder of its own. So a variable whose value lies in ``/opt`` gets that of a folder that has all the layers.
Source: AWS Lambda, "Layers".
"""

from __future__ import annotations

import importlib
import io
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

OPT = "/opt/"


def serve() -> None:
    """From now on, for each function that is started."""
    workers: Any = importlib.import_module("ministack.core.lambda_runtime").Worker
    layer: Any = importlib.import_module("ministack.services.lambda_svc")._resolve_layer_zip
    spawn = workers._spawn

    def spawn_with_layers(worker: Any) -> None:  # noqa: ANN401 (ministack's own type)
        own = worker.config
        layers = [content for attached in own.get("Layers", []) if (content := layer(attached))]
        if layers:
            # Kept by the worker, and removed with it.
            worker.opt = tempfile.TemporaryDirectory(prefix="opt-")
            for content in layers:
                zipfile.ZipFile(io.BytesIO(content)).extractall(worker.opt.name)
            worker.config = {**own, "Environment": moved(own.get("Environment", {}), f"{worker.opt.name}/")}
        try:
            spawn(worker)
        finally:
            worker.config = own

    workers._spawn = spawn_with_layers


def moved(environment: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """A function's environment whose values in ``/opt`` are in the folder instead."""
    variables = environment.get("Variables", {})
    return {
        **environment,
        "Variables": {
            name: folder + value.removeprefix(OPT) if value.startswith(OPT) else value
            for name, value in variables.items()
        },
    }
