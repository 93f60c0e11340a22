"""Errors of Google's client libraries as ours, for Cloud Storage and Pub/Sub alike."""

from collections.abc import Iterator
from contextlib import contextmanager

from newsreel.errors import BadInput, Conflict, Unavailable

NO_CREDENTIALS = "no credentials; run `gcloud auth application-default login`"


@contextmanager
def translate_missing_credentials(service: str) -> Iterator[None]:
    """Raise BadInput where there are no credentials, or a file of them that cannot be read."""
    from google.auth.exceptions import DefaultCredentialsError

    try:
        yield
    except (DefaultCredentialsError, OSError) as fault:
        raise BadInput(f"{service}: {NO_CREDENTIALS}") from fault


@contextmanager
def translate_google_errors(
    subject: object, service: str, *, not_found: str | None = None, denied: str | None = None
) -> Iterator[None]:
    """Raise a service's errors about `subject` (an address, a topic) as ours.

    `not_found` and `denied` say what to do; without them the service's own message is shown. Raises Conflict for a precondition
    that does not hold, Unavailable for what the same call may do later, BadInput for what it will never do.
    """
    from google.api_core import exceptions as api
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        yield
    except api.PreconditionFailed as fault:
        raise Conflict(f"{subject}: changed or made by another run meanwhile") from fault
    except api.NotFound as fault:
        raise BadInput(f"{subject}: {not_found or refused(service, fault)}") from fault
    except (api.Forbidden, api.Unauthorized) as fault:
        raise BadInput(f"{subject}: {denied or refused(service, fault)}") from fault
    except (api.TooManyRequests, api.ServerError, api.RetryError, api.Aborted, api.Cancelled) as fault:
        raise Unavailable(f"{subject}: {service} does not answer ({type(fault).__name__})") from fault
    except api.GoogleAPICallError as fault:
        raise BadInput(f"{subject}: {refused(service, fault)}") from fault
    except GoogleAuthError as fault:
        if isinstance(fault, TransportError) or fault.retryable:
            raise Unavailable(f"{subject}: Google's sign-in does not answer") from fault
        raise BadInput(f"{subject}: access is denied; the credentials are not valid here") from fault
    except (ConnectionError, TimeoutError) as fault:
        raise Unavailable(f"{subject}: {service} does not answer ({type(fault).__name__})") from fault


def refused(service: str, fault: Exception) -> str:
    return f"{service} refuses it: {getattr(fault, 'message', fault)}"
