"""The clients of Google's services, each call with a time-out and with retries of what fails in passing."""

from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import DeadlineExceeded, InternalServerError, ServiceUnavailable, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.monitoring_v3 import MetricServiceClient

from newsreel.errors import BadInput

SECONDS_A_CALL = 20.0
COMPUTE = ("https://www.googleapis.com/compute/", "https://compute.googleapis.com/compute/")
"""Where node pools say that their groups are; nothing else is asked with our credentials."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, kw_only=True)
class Google:
    clusters: ClusterManagerClient
    metrics: MetricServiceClient
    session: Any
    """A `requests` session that signs what it sends; for Compute Engine, which says how large a node pool is to be."""
    compute: tuple[str, ...] = COMPUTE
    calls: dict[str, Any]
    """Timeout and retry, the same for each call."""
    credentials: Credentials | None = None


def connect() -> Google:
    """By the machine's own account, or what `gcloud auth application-default login` left. Raises BadInput without any."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError as fault:
        raise BadInput("no Google credentials; run `gcloud auth application-default login`") from fault
    return Google(
        clusters=ClusterManagerClient(credentials=credentials),
        metrics=MetricServiceClient(credentials=credentials),
        session=AuthorizedSession(credentials),  # type: ignore[no-untyped-call]
        calls=patience(),
        credentials=credentials,
    )


def patience(first: float = 1.0, all_in_all: float = 45.0) -> dict[str, Any]:
    """Seconds of the first pause, which doubles, and of all tries together."""
    passing = if_exception_type(TooManyRequests, ServiceUnavailable, DeadlineExceeded, InternalServerError)
    return {"timeout": SECONDS_A_CALL, "retry": Retry(passing, initial=first, maximum=10 * first, timeout=all_in_all)}
