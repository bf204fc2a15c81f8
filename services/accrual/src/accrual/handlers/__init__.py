"""What happens for each message: lock, load, let the domain decide, write, and say what follows.

`purchases`, `activities` and `members` handle a topic each; `routes` finds and locks accounts, `books` carries them through a
batch, `rewards` and `explanations` put results into words; `catalogue` keeps the compiled programmes, `clockwork` does what is due.

What is counted for all accounts together: `counting` locks it and finds codes, `tally` carries it and knows who holds it, `usage` gives it back,
`surroundings` lets the rules see it, with segments; `segments` handles their topic, `coupons` issues codes, `budgets` says what is left.

Of friends: `inviting` keeps who invited whom, `referrals` gives both their points or takes them back.

Of posts and contests: `posts` lets one wait, `approving` is what operators decide; `scores` counts purchase by purchase, `settling` gives the prizes.

Of purchases: `receipts` decides them, `corrections` decides them anew; `sequels` are what follows them, `returns` decides these, `reversals`
takes points back, `confirmations` sets points free, `debts` pays what is owed. `finding` and `loading` read what that needs (`pasts`), `waiting`
keeps what came too early, `quoting` answers what a return would take. `bodies` and `keys` are how purchases are kept and found.
"""
