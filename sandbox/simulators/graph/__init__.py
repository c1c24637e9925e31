"""A simulated Microsoft Graph v1.0: users with delta, groups, the organization, licences and batches."""

from __future__ import annotations

from sandbox.simulators.graph.application import graph_application

__all__ = ["graph_application"]
