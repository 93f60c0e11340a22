"""Training of a presenter's generator: dataset, trainer, evaluation on held-out frames, and the loop over them."""
