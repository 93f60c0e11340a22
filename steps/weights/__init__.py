"""`newsreel weights`: what a file of weights is, the same as safetensors with a model card, and what the catalogue has."""
