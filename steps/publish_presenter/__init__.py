"""A trained presenter goes to a folder or a bucket, its sheet last."""
