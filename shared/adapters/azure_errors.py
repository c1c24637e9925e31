"""What errors of the Azure SDKs mean for us."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.core.errors import OperatorError, RetryLater

_BUSY = frozenset({408, 429, 500, 502, 503, 504})


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn outages of an Azure service into RetryLater and refusals of our identity into OperatorError.

    The SDK has retried already. Answers that callers understand (404, 409, 412) pass unchanged.
    """
    code = service.lower().replace(" ", "_")
    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        raise RetryLater.soon(f"{code}_unavailable", f"{service} did not answer.") from error
    except ClientAuthenticationError as error:
        raise _without_token(error, code, service) from error
    except AttributeError as error:
        # Making a row without a token, azure-data-tables stumbles over the answer that there is not.
        if not isinstance(error.__context__, ClientAuthenticationError):
            raise
        raise _without_token(error.__context__, code, service) from error
    except HttpResponseError as error:
        if error.status_code in _BUSY:
            raise RetryLater.soon(f"{code}_unavailable", f"{service} is busy.") from error
        if error.status_code in (401, 403):
            raise _refused(code, service) from error
        raise


def _without_token(error: ClientAuthenticationError, code: str, service: str) -> OperatorError | RetryLater:
    if error.response is None and "AADSTS" not in error.message:
        # Nobody refused anything: there was no token to be had. azure-identity says so in words only.
        return RetryLater.soon("identity_unavailable", "There is no token for this service.")
    return _refused(code, service)


def _refused(code: str, service: str) -> OperatorError:
    return OperatorError(
        f"{code}_refused",
        f"{service} refused this service's own identity.",
        f"The operator must give the service's identity its role on {service} and check the address.",
    )
