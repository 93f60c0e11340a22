"""The newsroom: a web page on which an editor writes a story, and gets the finished video back.

    __main__ wiring app routes/        the program, what it is made of, and its HTTP routes (OpenAPI at /openapi.json)
    guard identity error_handlers      who may ask, from where, how often; what an error looks like
    stories pictures media             stories in storage: a draft that changes, revisions that never do; videos
    checks preview                     help while writing: faults and length, a spoken sentence, a scene's still
    runs kubernetes_runs local_runs    the run of a revision, on a cluster or on this machine (`local_run` is its process)
    views telemetry                    JSON of the API; log, metrics, audit and product events

It knows a story by its schema and storage by `newsreel.storage.store`; the video is made by the WorkflowTemplate `story`.
"""
