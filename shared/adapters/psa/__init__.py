"""Contacts in somebody else's PSA: what all of them share, and a module for each."""
