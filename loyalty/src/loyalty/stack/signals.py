"""Ctrl-C, `kill` and a closed terminal all mean the same: stop in order, once."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from loyalty.console import note

T = TypeVar("T")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):  # noqa: N818  it is what was asked for
    """The user asked to stop, and everything was stopped."""


async def until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run the work. At the first signal it is cancelled, cleans up, and Stopped is raised; further signals change nothing."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            note("Already stopping …")
            return
        asked = True
        task.cancel()  # before anything is printed: the terminal may be what went away
        note("\nStopping …")

    for number in STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError as error:
        if asked:
            raise Stopped from error
        raise
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)
