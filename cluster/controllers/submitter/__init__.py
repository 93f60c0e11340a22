"""Between the newsroom and the cluster: "this story is ready", by Pub/Sub, and what becomes of the stories that were saved.

    message     the one message, checked at the door       desk     what is saved, and how it has ended
    publisher   publishes messages                         policy   what is to be done about it, a pure function
    topics      topics and subscriptions, as data          rounds   looks, decides and does it, round after round
    letters     keeps what is not ours, with the reason

A message may be lost, come twice, or come late; a revision in storage is neither. So the message is only the quick way.
"""
