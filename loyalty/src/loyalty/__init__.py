"""The `loyalty` command: run the platform on one machine, feed it, check it, look inside."""
