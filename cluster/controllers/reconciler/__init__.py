"""The reconciler: looks at the stories under way and mends what Argo alone does not.

A node that is lost takes its story's pods along, and Argo waits for them for minutes or for ever (DESIGN.md, "Placement"). Here
each round is: look (`observe`), decide (`policy`, a pure function), act (`act`). It keeps nothing in memory that it could not
find again, so it may be killed at any time, and two of them do no harm.
"""
