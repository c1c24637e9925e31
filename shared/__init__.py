"""Tenantry: keeps a PSA's contacts in step with its customers' Entra ID tenants."""

__version__ = "0.1.0"
