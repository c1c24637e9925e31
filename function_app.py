"""What Azure sees: every function by name. What each one does is in `shared/`."""

import azure.functions as func

from shared import entry_points

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.function_name("api")
@app.route("api/{*path}", methods=ALL_METHODS)
async def api(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The HTTP API; it checks the API key itself."""
    return await _answer(req, context)


@app.function_name("connect")
@app.route("connect/{*path}", methods=ALL_METHODS)
async def connect(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Where a customer's admin leaves for Microsoft and comes back from it."""
    return await _answer(req, context)


@app.function_name("portal")
@app.route("portal/{*path}", methods=ALL_METHODS)
async def portal(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """A customer's page; it checks the browser's session itself."""
    return await _answer(req, context)


@app.function_name("fan_out")
@app.timer_trigger("timer", "%SYNC_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def fan_out(timer: func.TimerRequest) -> None:
    """One message for every connected customer, at every slot of the schedule."""
    await entry_points.fan_out()


@app.function_name("sync")
@app.queue_trigger("message", "sync-requests", "AzureWebJobsStorage")
async def sync(message: func.QueueMessage) -> None:
    """One run, or the proof of one consent."""
    await _work(message, "sync-requests")


@app.function_name("sync_poison")
@app.queue_trigger("message", "sync-requests-poison", "AzureWebJobsStorage")
async def sync_poison(message: func.QueueMessage) -> None:
    """A message that failed on every delivery: its run says so."""
    await entry_points.give_up(message.get_body(), message.id, "sync-requests")


@app.function_name("publish")
@app.queue_trigger("message", "publish-requests", "AzureWebJobsStorage")
async def publish(message: func.QueueMessage) -> None:
    """What happened takes its place in the account's feed of events."""
    await _work(message, "publish-requests")


@app.function_name("publish_poison")
@app.queue_trigger("message", "publish-requests-poison", "AzureWebJobsStorage")
async def publish_poison(message: func.QueueMessage) -> None:
    """A message that failed on every delivery comes again later: no event is given up."""
    await entry_points.give_up(message.get_body(), message.id, "publish-requests")


@app.function_name("deliver")
@app.queue_trigger("message", "webhook-deliveries", "AzureWebJobsStorage")
async def deliver(message: func.QueueMessage) -> None:
    """One attempt to send one event to one webhook endpoint."""
    await _work(message, "webhook-deliveries")


@app.function_name("deliver_poison")
@app.queue_trigger("message", "webhook-deliveries-poison", "AzureWebJobsStorage")
async def deliver_poison(message: func.QueueMessage) -> None:
    """An attempt that failed on every delivery of its message counts as missed."""
    await entry_points.give_up(message.get_body(), message.id, "webhook-deliveries")


@app.function_name("housekeeping")
@app.timer_trigger("timer", "0 */15 * * * *", run_on_startup=False, use_monitor=True)
async def housekeeping(timer: func.TimerRequest) -> None:
    """Expired links, old events and deliveries go, and a fan-out that died is finished."""
    await entry_points.housekeeping()


@app.function_name("observe")
@app.timer_trigger("timer", "0 7-59/15 * * * *", run_on_startup=False, use_monitor=True)
async def observe(timer: func.TimerRequest) -> None:
    """How many customers are connected, how fresh their contacts are, and who is late, for telemetry."""
    await entry_points.observe()


async def _work(message: func.QueueMessage, queue: str) -> None:
    await entry_points.work(
        message.get_body(), message.id, queue, message.dequeue_count, message.insertion_time
    )


async def _answer(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    # Imported here: indexing the app, and instances that only ever sync, need no web framework.
    from shared.web.functions import answer

    return await answer(req, context)
