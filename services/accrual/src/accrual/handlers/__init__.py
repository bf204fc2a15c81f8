"""What happens for each message: lock, load, let the domain decide, write, and say what follows.

`purchases`, `activities` and `members` handle a topic each; `routes` finds and locks accounts, `books` carries them through a
batch, `rewards` and `explanations` put results into words; `catalogue` keeps the compiled programmes, `clockwork` does what is due.
"""
