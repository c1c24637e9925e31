"""Simulated services of the outside world, each an aiohttp application on its own port."""
