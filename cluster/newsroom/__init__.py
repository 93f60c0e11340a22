"""The newsroom: a page on which an editor writes a story, and gets the finished video back.

    app routes/                        what can be asked over HTTP (OpenAPI at /openapi.json), and the page itself
    guard identity limits              who may ask, how much, and from where
    stories drafts documents           stories as they are kept: a draft that changes, revisions that never do
    faults length pictures voice still what helps while writing
    runs local_runs kubernetes_runs    a story on its way to a video, on this machine or on a cluster
    media                              the video back
    log metrics audit product          what people look at who run the service, and who improve it

It knows a story by its contract and storage by `newsreel.storage.store`; how a video is made it leaves to the WorkflowTemplate.
"""
