"""Perform the submitter's actions: create a Workflow, or record a failure. Each is idempotent."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from kubernetes import client

from cluster.controllers.submitter.policy import Attempt
from newsreel.argo.runs import failure_of
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS, build_workflow
from newsreel.runtime.failure_reason import NO_REASON
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Failure

SECONDS_A_CALL = 20


def workflow_for(message: Message, finals: object) -> dict[str, Any]:
    """The same Workflow as the Sensor submits for the message (`cluster.manifests.message_trigger`)."""
    return build_workflow(message.id, message.revision, address=message.story, finals=str(finals), priority=message.priority)


def submit(api: client.ApiClient, namespace: str, workflow: dict[str, Any]) -> bool:
    """False if it exists already. Raises ApiException for any other refusal."""
    try:
        client.CustomObjectsApi(api).create_namespaced_custom_object(
            GROUP, VERSION, namespace, WORKFLOWS, workflow, _request_timeout=SECONDS_A_CALL
        )
    except client.ApiException as fault:
        if fault.status != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def failure_record(last: Attempt | None, why: str, now: datetime) -> Failure:
    """The failure to record, with the UID of its run: notifications keep that id after the run is deleted."""
    failure = Failure(why=why, time=now.replace(microsecond=0))
    return failure.model_copy(update={"run": last.uid, "status": last.failed_as}) if last else failure


def failure_sentence(api: client.ApiClient, namespace: str, name: str) -> str:
    """Why a workflow failed, in one line."""
    try:
        workflow = client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, namespace, WORKFLOWS, name, _request_timeout=SECONDS_A_CALL
        )
    except client.ApiException as fault:
        if fault.status != HTTPStatus.NOT_FOUND:
            raise
        return "the workflow has been deleted"
    failure = failure_of(workflow)
    return failure.sentence if failure else NO_REASON
