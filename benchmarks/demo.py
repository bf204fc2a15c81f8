"""P14: how long a newcomer waits for the first grant."""

import asyncio
import sys

import orjson

from loyalty.console import Failure
from loyalty.stack.places import Places


async def seconds_to_first_grant(places: Places) -> float:
    """Run `loyalty demo` as a process of its own, to its end, and return what it says of itself. A violation fails."""
    command = [sys.executable, "-m", "loyalty", "demo", "--json", "--broker", "kafka", "--data", str(places.folder)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL)
    try:
        said, complaints = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()  # it stops its own servers
        raise
    if process.returncode:
        raise Failure(f"`loyalty demo` failed:\n{complaints.decode(errors='replace')[-2000:]}")
    summary = orjson.loads(said.splitlines()[-1])
    if summary["violations"]:
        raise Failure(f"`loyalty demo` found {summary['violations']} violations.")
    seconds: float = summary["seconds_to_first_grant"]
    return seconds
