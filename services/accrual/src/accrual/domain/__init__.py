"""The rules of accrual. Pure: no I/O, no clock, no randomness, no async; whoever calls loads, and saves what comes back.

From an event to the ledger, in the order a handler meets it:

- `document.reading`: `read(text) -> Document` raises `DocumentError` with all `problems` (line, path, message, advice);
  `read_json(dict)` the same for what `Document.as_json() -> dict` gave;
  `Document.fingerprint() -> str`: equal documents, equal fingerprints.
- `compiler`: `compile_document(document) -> Programme`, once per version.
- `programmes`: `Programmes(iterable of Programme)` knows which version is in force.
  `select(fact, now=…) -> Programme | Refusal` finds the version by merchant or programme and by time: unknown, in the future,
  too old, not in force. Ask it before anything else of a fact. `conflicts(programme) -> tuple[Problem, …]` before
  publishing. `latest(id)`, `version(id, number)`.
- `programme`: `Programme.counters(fact) -> tuple[CounterKey, …]` names the counters to load;
  `Programme.decide(fact, state) -> Decision` refuses what only the version knows: currency, zone, too many points;
  `Programme.earn(fact, state) -> (Decision, AccountState)` carries the state on to the account's next event in the
  same batch; `Programme.worth(points, currency) -> int` in minor units.
- `facts`: `Purchase` of `Line`s, `Activity`, `Registration`.
- `accounts`: `AccountState(purchases, counters, profile, shared, codes)`, `CounterKey(rule, period)`: two plain texts.
- `budgets` names what is counted for all accounts together; `coupons`: `CouponBook(…)` says which coupons a purchase shows, which are `usable`, and what
  `use` counts; `usage` what is given back; `fraud`: `FraudLimits.decide(…)` before the rules, `spending_from(profile)`.
- `decisions`: `Grant` | `NothingEarned` | `Refusal(reason: Reason, text)`; `Explanation` of `Step`s and `NotGiven`s; `Effects` are what a decision brings
  about beside points: shared counters, rewards, coupons used.
- `returns`: `resolve(purchase, before, asked) -> Returned | Refusal` finds the lines that come back, `spread` those of several purchases;
  `Returned.plus` adds returns up, `left_of` says what is left.
- `given`: `given_from(stored explanation) -> Given`, the rules that gave.
- `keeping`: `keep(programme, purchase, given, returned) -> Kept` by the version that decided the purchase; `undone(state, before, after)`
  gives counters back.
- `reversing`: `plan(Due(…), own=…, others=…) -> Reversal` says which lots give how much, and what is forgiven or owed.
- `corrections`: `earned_anew` decides again, `raised` is the grant of what is kept beyond `Due.had`. `exchanges`: `as_exchanged`, `told`.
- `ledger`: `grant`, `activate`, `expire`, `claim`, `reverse`, `pay_debt` turn a decision, a due lot or a reversal into a
  `Booking(transaction, accounts, lots)`.
- `entries`: `Account`, `Balance`, `Bucket`, `Entry`, `Transaction`, `Stamp`, `SystemAccount.ISSUED.id_in(programme)`.
- `lots`: `Lot`, `usable`, `expired`, `balance_of(lots, at=…)`, `consume` (first what expires first), `reduced`.
- `pricing`: `Programme.prices.price(purchase, state, known=…, coupons=…) -> Priced`, a cart after discounts, line by line.
- `tiers`: `Programmes.timelines[id]` has the levels of all versions; `Climb(timeline, history, assignments)` knows the level on any day,
  `outlook` what is ahead.
- `social`: `normalised(link)`, `Programme.social` says which links are taken; `contests`: `Programme.contests.scores(fact, returned)`.
- `chain`: `GENESIS`, `canonical(transaction) -> bytes`, `link(previous, bytes) -> bytes`; its docstring is the specification.
"""
