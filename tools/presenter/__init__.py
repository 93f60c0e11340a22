"""Draw the example presenter: her footage, training clip, predictor and visemes, from which `newsreel train` makes a bundle."""
