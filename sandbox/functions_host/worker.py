"""The worker: Microsoft's engine, which imports the app, indexes its functions and calls them.

One process hosts one app, because the engine keeps what it indexed in module state.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import azure_functions_runtime as engine

from sandbox.functions_host import protos
from sandbox.functions_host.errors import StartupError
from sandbox.functions_host.protos import (
    InvocationRequest,
    InvocationResponse,
    ParameterBinding,
    RetryContext,
    RpcFunctionMetadata,
    RpcTraceContext,
    StatusResult,
    TypedData,
)


@dataclass(frozen=True, slots=True)
class Call:
    """What a function is called with."""

    inputs: list[ParameterBinding]
    trigger_metadata: dict[str, TypedData] = field(default_factory=dict)
    trace: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry: RetryContext = field(default_factory=RetryContext)


async def index(root: Path) -> list[RpcFunctionMetadata]:
    """Import `function_app.py` in `root` and list its functions, exactly as Azure would.

    The working directory and the import path become those of the app. Raises `StartupError` with the app's
    own traceback when it does not import or a binding does not fit its function: then none is usable.
    """
    os.chdir(root)
    for folder in (root / ".python_packages" / "lib" / "site-packages", root):
        if folder.is_dir():
            sys.path.insert(0, str(folder))
    engine.start_threadpool_executor()
    request = SimpleNamespace(
        worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(root))
    )
    properties = {"protos": protos, "host": "127.0.0.1"}
    initialised = await engine.worker_init_request(SimpleNamespace(request=request, properties=properties))
    if initialised.result.status == StatusResult.Failure:
        exception = initialised.result.exception
        raise StartupError(
            f"The app in {root} cannot be indexed: {exception.message}\n{exception.stack_trace}"
        )
    listed = await engine.functions_metadata_request(None)
    found: list[RpcFunctionMetadata] = listed.function_metadata_results or []
    if not found:
        raise StartupError(f"No functions were found in {root}.")
    return found


async def invoke(function_id: str, invocation_id: str, call: Call) -> InvocationResponse:
    """Call a function on this event loop, or in the worker's threads when it is a plain `def`.

    What the function raises comes back as a failed result; only cancellation comes through.
    """
    request = InvocationRequest(
        invocation_id, function_id, call.inputs, call.trigger_metadata, call.trace, call.retry
    )
    wrapped = SimpleNamespace(request=SimpleNamespace(invocation_request=request))
    response: InvocationResponse = await engine.invocation_request(wrapped)
    return response


def current_invocation() -> str | None:
    """The id of the invocation that runs in this worker thread, None elsewhere."""
    found: str | None = engine.invocation_id_cv.get()
    return found
