"""A story on its way to a cluster: saved in the stories' bucket, given to Argo, looked after.

saving    story and pictures into the bucket, the story last
order     the Workflow that is asked for: its name, labels, and what travels
cluster   the few calls of the Kubernetes API this takes, their errors as ours
submit    `newsreel submit`: save, keep what was asked for beside it, then a message, or the workflow itself
waiting   the same with `--wait`: how it goes until it is over
runs      what became of stories, read from Argo's records
table     the same as people read it: `newsreel status`
logs      `newsreel logs`: what the steps have written
"""
