"""The verbs, by the thing that they are about."""

import typer

from shared.admin import accounts, audit, connections, credential, customers, keys, queues, runs, tables

app = typer.Typer(no_args_is_help=True, help="Administer Tenantry.", pretty_exceptions_enable=False)
app.add_typer(accounts.app, name="accounts")
app.add_typer(keys.app, name="keys")
app.add_typer(customers.app, name="customers")
app.add_typer(connections.app, name="connections")
app.add_typer(runs.app, name="runs")
app.add_typer(queues.app, name="queues")
app.add_typer(credential.app, name="credential")
app.add_typer(tables.app, name="tables")
app.add_typer(audit.app, name="audit")
