"""A small app with one of everything; what its functions were given is read back over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import typing
from collections import defaultdict

import azure.functions as func
from more_functions import blueprint  # type: ignore[import-not-found]
from recording import recorded  # type: ignore[import-not-found]
from web import web  # type: ignore[import-not-found]

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)

gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
log = logging.getLogger("sample")
middleware = func.AsgiMiddleware(web)  # type: ignore[no-untyped-call]


@app.route(route="recorded/{key}", methods=["GET"])
def show_recorded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(recorded[req.route_params["key"]]), mimetype="application/json")


@app.route(route="echo/{*rest}")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "headers": dict(req.headers),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="items", methods=["GET"])
async def list_items(req: func.HttpRequest) -> str:
    return "list"


@app.route(route="items", methods=["POST"])
async def create_item(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("created", status_code=201, headers={"Location": "/api/items/1"})


@app.route(route="items/{id:int}")
async def item_by_number(req: func.HttpRequest) -> str:
    return f"number {req.route_params['id']}"


@app.route(route="items/{name}")
async def item_by_name(req: func.HttpRequest) -> str:
    return f"name {req.route_params['name']}"


@app.route(route="items/special")
async def special_item(req: func.HttpRequest) -> str:
    return "special"


@app.route(route="optional/{id?}")
async def optional_segment(req: func.HttpRequest) -> str:
    return f"id {req.route_params.get('id')}"


@app.route(route="binary")
async def binary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(bytes(range(256)) + req.get_body(), mimetype="application/octet-stream")


@app.route(route="cookies")
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("cookies")
    response.headers.add("Set-Cookie", "session=a1; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600")
    response.headers.add(
        "Set-Cookie", "gone=; Path=/portal; Domain=example.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    )
    response.headers.add("Set-Cookie", 'odd="a=b c"; SameSite=Strict')
    return response


@app.route(route="fails")
async def fails(req: func.HttpRequest) -> str:
    raise RuntimeError("the function's own failure")


@app.route(route="nothing")
async def nothing(req: func.HttpRequest):  # type: ignore[no-untyped-def]
    return None


@app.route(route="plain")
def plain(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    log.info("logged by a plain function")
    return func.HttpResponse(
        json.dumps(
            {
                "thread": threading.current_thread() is not threading.main_thread(),
                "function": context.function_name,
                "trace": context.trace_context.trace_parent,
            }
        )
    )


@app.route(route="logs")
async def logs(req: func.HttpRequest) -> str:
    log.info("logged by an async function")
    print("printed by a function")  # noqa: T201
    return "logged"


@app.route(route="gated/{key}")
async def gated(req: func.HttpRequest) -> str:
    recorded["gated"].append(req.route_params["key"])
    await gates[req.route_params["key"]].wait()
    return "opened"


@app.route(route="open-gate/{key}", methods=["POST"])
async def open_gate(req: func.HttpRequest) -> str:
    gates[req.route_params["key"]].set()
    return "open"


@app.route(route="setting/{name}")
async def setting(req: func.HttpRequest) -> str:
    return os.environ.get(req.route_params["name"], "-")


@app.route(route="needs-function-key", auth_level=func.AuthLevel.FUNCTION)
async def needs_function_key(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="needs-master-key", auth_level=func.AuthLevel.ADMIN)
async def needs_master_key(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="switched-off")
async def switched_off(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="web/{*path}")
async def asgi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await middleware.handle_async(req, context)


@app.route(route="enqueue", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="%QUEUE_PREFIX%-work", connection="AzureWebJobsStorage")
async def enqueue(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(req.get_body().decode())
    return "sent"


@app.route(route="enqueue-many", methods=["POST"])
@app.queue_output(arg_name="messages", queue_name="%QUEUE_PREFIX%-made", connection="STORAGE_BY_ITS_OWN_NAME")
async def enqueue_many(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> str:  # noqa: UP006
    messages.set(req.get_json())
    return "sent"


@app.queue_trigger(arg_name="message", queue_name="%QUEUE_PREFIX%-work", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    inserted, expires = message.insertion_time, message.expiration_time
    recorded["work"].append(
        {
            "id": message.id,
            "body": text,
            "attempt": message.dequeue_count,
            "lifetime": (expires - inserted).days if inserted and expires else None,
            "hidden": message.time_next_visible is not None,
            "receipt": bool(message.pop_receipt),
        }
    )
    if text.startswith("fail"):
        raise RuntimeError("not this one")
    if text.startswith("gate"):
        await gates[text.split()[1]].wait()


@app.queue_trigger(
    arg_name="message",
    queue_name="%QUEUE_PREFIX%-binary",
    connection="AzureWebJobsStorage",
    data_type=func.DataType.BINARY,
)
async def binary_work(message: func.QueueMessage) -> None:
    recorded["binary-work"].append(message.get_body().hex())


@app.queue_trigger(arg_name="text", queue_name="%QUEUE_PREFIX%-slow", connection="AzureWebJobsStorage")
def slow_work(text: str) -> None:
    recorded["slow-work"].append(text)


def describe(timer: func.TimerRequest) -> dict[str, object]:
    return {"past_due": timer.past_due, "status": getattr(timer, "schedule_status", None)}


@app.timer_trigger(arg_name="timer", schedule="%OFTEN%", run_on_startup=False)
async def often(timer: func.TimerRequest) -> None:
    recorded["often"].append(describe(timer))


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", run_on_startup=True)
async def at_startup(timer: func.TimerRequest) -> None:
    recorded["at-startup"].append(describe(timer))


@app.timer_trigger(arg_name="timer", schedule="12:00:00")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
async def with_retries(timer: func.TimerRequest, context: func.Context) -> None:
    recorded["with-retries"].append(
        [context.retry_context.retry_count, context.retry_context.max_retry_count]
    )
    raise RuntimeError("every time")


@app.timer_trigger(arg_name="timer", schedule="0 0 25 * * *")
async def wrong_schedule(timer: func.TimerRequest) -> None:
    raise AssertionError


@app.queue_trigger(arg_name="message", queue_name="%NOT_SET%", connection="AzureWebJobsStorage")
async def wrong_queue(message: func.QueueMessage) -> None:
    raise AssertionError


@app.queue_trigger(arg_name="message", queue_name="queue", connection="ByIdentity")
async def wrong_connection(message: func.QueueMessage) -> None:
    raise AssertionError


@app.route(route="admin/mine")
async def reserved_route_is_only_reserved_at_the_root(req: func.HttpRequest) -> str:
    return "mine"
