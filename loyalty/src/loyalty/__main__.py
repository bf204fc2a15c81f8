"""`python -m loyalty` is the `loyalty` command."""

from loyalty.main import app

app()
