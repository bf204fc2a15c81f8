"""Using points: how many may be used (`rules`), what is booked (`bookings`), and what comes back with the goods (`giving_back`)."""
