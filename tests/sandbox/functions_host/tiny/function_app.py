"""The least app that has an HTTP function, a queue function and a timer; it starts fast."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
recorded: dict[str, list[Any]] = {"messages": [], "timer": []}
gate = asyncio.Event()
log = logging.getLogger("tiny")


@app.route(route="recorded/{key}", methods=["GET"])
async def show_recorded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(recorded[req.route_params["key"]]), mimetype="application/json")


@app.route(route="gated")
async def gated(req: func.HttpRequest) -> str:
    await gate.wait()
    return "opened"


@app.route(route="open-gate", methods=["POST"])
async def open_gate(req: func.HttpRequest) -> str:
    gate.set()
    return "open"


@app.route(route="blocked")
def blocked(req: func.HttpRequest) -> str:
    log.info("blocked")
    time.sleep(60)
    return "never"


@app.route(route="logs")
async def logs(req: func.HttpRequest) -> str:
    log.info("an information line")
    log.warning("a warning line")
    return "logged"


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    recorded["messages"].append([text, message.dequeue_count])
    if text == "fail":
        raise RuntimeError("not this one")
    if text == "wait":
        await gate.wait()


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
async def nightly(timer: func.TimerRequest) -> None:
    status = getattr(timer, "schedule_status", None)
    recorded["timer"].append({"past_due": timer.past_due, "status": status})
    await asyncio.sleep(float(os.environ.get("TIMER_SECONDS", "0")))
