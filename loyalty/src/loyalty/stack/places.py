"""Where a local stack keeps its things."""

from dataclasses import dataclass
from pathlib import Path

from loyalty.console import COULD_NOT, Failure


@dataclass(frozen=True, slots=True)
class Places:
    """One folder holds everything of one stack; deleting the folder of a stopped stack deletes the stack."""

    folder: Path

    @property
    def state(self) -> Path:
        """Who runs, where, and how it is reached."""
        return self.folder / "stack.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.folder / "stack.lock"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.folder / "logs"

    @property
    def keys(self) -> Path:
        """The keys of this stack, made at the first start."""
        return self.folder / "keys"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL."""
        return self.folder / "postgres"

    @property
    def broker(self) -> Path:
        """The embedded broker."""
        return self.folder / "broker"


def default_folder() -> Path:
    """Name `.local` in the project; every command takes another with `--data` or `LOYALTY_DATA`."""
    return project_root() / ".local"


def project_root() -> Path:
    """Find the checkout this command was installed from, with its `programmes/`; otherwise the working folder has to be one."""
    candidates = [*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "programmes").is_dir() and (folder / "services").is_dir():
            return folder
    raise Failure("No checkout of the project found.", advice="Run the command inside the project's folder.", code=COULD_NOT)
