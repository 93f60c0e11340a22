"""What happens to a story: one package a step, one contract between them."""
