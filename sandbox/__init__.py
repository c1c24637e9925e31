"""The outside world on one machine: a simulated directory, its services, and the seed data behind them."""
