"""`python -m members`."""

from members.app import main

main()
