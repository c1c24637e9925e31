"""Microsoft Graph, read only."""
