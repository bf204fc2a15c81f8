"""PostgreSQL refuses to run as root. As root we run it as another system user, in places that user can enter."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from shared.local.processes import Account

_USER = "pgserver"  # the name that the wheel itself uses
_ELSEWHERE, _PREFIX = Path("/var/tmp"), "loyalty-postgres-"  # noqa: S108  _own_folder trusts nobody's
_ORIGIN = "origin"  # which folder a place stands in for


def server_account() -> Account:
    """Return the account PostgreSQL runs as: ours, or if we are root an unprivileged one (made if need be)."""
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(_USER)
    except KeyError:
        entry = _make_user()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def place_for(folder: Path, account: Account) -> Path:
    """Return where the data of a folder can live: there, or beside the system's temporary files if the account cannot enter it."""
    if not account.uid or _open_to_all(folder):
        return folder
    _forget_deserted()
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    place = _own_folder(_ELSEWHERE / f"{_PREFIX}{name}")
    (place / _ORIGIN).write_text(str(folder))
    return place


def programs_for(site: Path, needed: Sequence[str], place: Path, account: Account) -> Path:
    """Return a folder in which the account can use the needed folders of `site`: that, or a copy of them in the place.

    They stay beside each other, as programs find their libraries by the way from one to the other.
    """
    if not account.uid or _open_to_all(site):
        return site
    copy, partial = place / "programs", place / "programs.partial"
    if not copy.exists():
        shutil.rmtree(partial, ignore_errors=True)
        for name in needed:
            if (site / name).exists():
                shutil.copytree(site / name, partial / name, symlinks=True)
        partial.rename(copy)
    return copy


def give(path: Path, account: Account) -> None:
    """Make the account the owner of a file or folder that we made for it."""
    if account.uid:
        os.chown(path, account.uid, account.gid)


def _make_user() -> pwd.struct_passwd:
    program = shutil.which("useradd")
    if program is None:
        return pwd.getpwnam("nobody")
    subprocess.run([program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _USER], check=True, capture_output=True)  # noqa: S603
    return pwd.getpwnam(_USER)


def _open_to_all(path: Path) -> bool:
    path = path.resolve()
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents) if each.exists())


def _forget_deserted() -> None:
    """Remove the places of folders that are gone: whoever deletes a checkout does not know of them."""
    for place in _ELSEWHERE.glob(f"{_PREFIX}*"):
        origin, running = place / _ORIGIN, place / "data" / "postmaster.pid"
        if place.is_symlink() or place.stat().st_uid != os.geteuid() or not origin.exists() or Path(origin.read_text()).exists():
            continue
        if not (running.exists() and psutil.pid_exists(int(running.read_text().split("\n", 1)[0] or 0))):
            shutil.rmtree(place, ignore_errors=True)


def _own_folder(path: Path) -> Path:
    path.mkdir(mode=0o711, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to somebody else; remove it")
    return path
