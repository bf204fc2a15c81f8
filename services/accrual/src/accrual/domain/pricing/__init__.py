"""What a cart costs: discounts, to the cent, line by line. Pure, exact, and never below zero.

- `pricer`: `Pricer(document).price(purchase, state, known=…, coupons=…) -> Priced`; a programme's is `Programme.prices`.
- `compiling`: `compile_discounts(document, currency) -> DiscountSet`, once per version and currency.
- `carts`: `price(discounts, purchase, visit) -> Priced`: each line's new price and tax, what each discount took off and why the others did not.
- `reductions`: how much one discount takes off. `distribution`: how an amount is divided among lines.
- `receipts`: `receipt(…) -> tuple[str, …]`, what a till prints, in the member's language.

Discounts are asked by priority; each works on the price that those before it left. The order of the lines never matters.
"""
