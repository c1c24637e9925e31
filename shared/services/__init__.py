"""What the app does, in terms of the ports: each service reads, lets `core` decide, and writes."""
