"""The HTTP surfaces: the API, the way to Microsoft and back, and the portal."""
