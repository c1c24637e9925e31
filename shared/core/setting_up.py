"""A connection that is set up: from the first choice to the configuration in force."""

from datetime import datetime

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.errors import SetupChanged
from shared.core.setup import Setup, SetupStep, changed, previewed


def begun(connection: Connection, now: datetime) -> Connection:
    """The connection with a setup, unless it was ever connected: then what is in force stays so."""
    if connection.setup is not None or connection.connected_at is not None:
        return connection
    setup = Setup(connection.configuration, now, based_on=connection.configuration_version)
    return msgspec.structs.replace(connection, setup=setup)


def opened(connection: Connection, now: datetime) -> Setup:
    """The connection's setup, or one of the configuration in force that is not kept yet."""
    if connection.setup is not None:
        return connection.setup
    return Setup(
        connection.configuration,
        now,
        first=False,
        version=0,
        based_on=connection.configuration_version,
        done=tuple(SetupStep),
    )


def drafted(
    connection: Connection,
    now: datetime,
    version: int,
    draft: Configuration,
    *,
    step: SetupStep | None = None,
    names: dict[str, str] | None = None,
) -> Connection:
    """The connection with another draft. Raises SetupChanged unless `version` is the setup's."""
    setup = _of_version(connection, now, version)
    return msgspec.structs.replace(connection, setup=changed(setup, draft, step, names))


def shown(connection: Connection, now: datetime, version: int, run_id: str) -> Connection:
    """The connection whose draft a run shows. Raises SetupChanged unless `version` is the setup's."""
    return msgspec.structs.replace(connection, setup=previewed(_of_version(connection, now, version), run_id))


def in_force(connection: Connection, version: int, based_on: int, run_id: str | None) -> Connection:
    """The connection that goes by the draft, with the run that is to begin with it under way.

    Raises SetupChanged unless `version` is the setup's and `based_on` the configuration's.
    """
    setup = connection.setup
    if setup is None or setup.version != version or connection.configuration_version != based_on:
        raise SetupChanged
    return msgspec.structs.replace(
        connection,
        configuration=setup.draft,
        configuration_version=connection.configuration_version + 1,
        setup=None,
        current_run=run_id or connection.current_run,
    )


def dropped(connection: Connection) -> Connection:
    """The connection without the draft; a first setup begins again with the configuration in force."""
    setup = connection.setup
    if setup is None or not setup.first:
        return msgspec.structs.replace(connection, setup=None)
    fresh = Setup(
        connection.configuration,
        setup.started_at,
        version=setup.version + 1,
        based_on=connection.configuration_version,
    )
    return msgspec.structs.replace(connection, setup=fresh)


def _of_version(connection: Connection, now: datetime, version: int) -> Setup:
    setup = opened(connection, now)
    if setup.version != version:
        raise SetupChanged
    return setup
