"""Commands to try next, written so that they work where they are read."""

import os
import shutil
import sys
from pathlib import Path

from loyalty.stack.places import Places, default_folder

NAME = "loyalty"


def try_next(words: str, places: Places) -> str:
    """Write a command for the stack of a folder, as it can be typed in the working folder."""
    option = "" if places.folder == default_folder().resolve() else f" --data {_short(places.folder)}"
    return f"{_ourselves()} {words}{option}"


def _ourselves() -> str:
    """Say `loyalty` if the shell finds us under that name, else where we are, as `.venv/bin/loyalty`."""
    me = Path(sys.argv[0])
    found = shutil.which(NAME)
    if me.name != NAME or (found is not None and Path(found).resolve() == me.resolve()):
        return NAME
    return _short(me)


def _short(path: Path) -> str:
    """Write a path the shorter way: from here, or in full."""
    return min(os.path.relpath(path), str(path), key=len)
