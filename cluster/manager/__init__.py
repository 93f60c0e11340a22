"""The manager: story nodes are there while there are stories, and are gone when there are none.

Each round is: look (`observe`), decide (`policy`, a pure function), act (`act`). What it must remember from one round to the
next is one small document with a lease in it (`memory`), changed by generation check alone: a second manager waits.
"""
