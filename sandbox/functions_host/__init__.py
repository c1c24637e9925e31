"""A local Azure Functions host for Python apps, built on the engine that runs them in Azure.

Microsoft's `azure-functions-runtime` indexes the app, converts the bindings and calls the functions; what
is here does the host's part: HTTP routes and keys, timers, queue listeners, output bindings, admin endpoints.

    python -m sandbox.functions_host --root DIR
"""
