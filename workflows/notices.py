"""Who is told how a story has ended, as a pod's environment has it (`steps.notices`, `steps.receiver`)."""

from workflows.settings import Settings

__all__ = ["SECRET", "secret_of", "variables_of"]

SECRET = "NEWSREEL_WEBHOOK_SECRET"  # noqa: S105


def variables_of(settings: Settings) -> dict[str, str]:
    """Empty where nobody is to be told."""
    told = {"NEWSREEL_DONE_TOPIC": settings.done_topic, "NEWSREEL_WEBHOOK": settings.webhook}
    told["NEWSREEL_RECEIVERS"] = ",".join(settings.webhook_receivers)
    return {name: value for name, value in told.items() if value}


def secret_of(settings: Settings) -> tuple[str, str] | None:
    """Name and key of the Secret that webhooks are signed with; None where there are none."""
    return (settings.webhook_secret, "secret") if settings.webhook or settings.webhook_receivers else None
