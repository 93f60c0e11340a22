"""The submitter: submits saved revisions that have no Workflow, and sends the notifications that runs could not send.

    observe    saved revisions, workflows and outcomes     policy    what to do about them, a pure function
    act        submits, or records a failure               notifier  sends missing notifications of ended runs
    dead_letter_server   receives what the Sensor cannot submit and publishes it to the dead-letter topic

A message may be lost, repeated or late; a saved revision is neither. The message is only the fast way to a Workflow.
"""
