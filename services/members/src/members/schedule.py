"""How the clock reaches members."""

from members.handlers import lapses
from shared.service import Job

JOBS = (Job(name="forget-unproven", every_seconds=600, run=lapses.forget),)
