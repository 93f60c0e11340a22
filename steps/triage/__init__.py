"""After a failure: is it the story's, or this node's?"""
