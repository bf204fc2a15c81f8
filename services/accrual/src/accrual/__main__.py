"""`python -m accrual`."""

from accrual.app import main

main()
