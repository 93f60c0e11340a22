"""dlib: 68 landmarks of the presenter's face in every frame of the footage, and training of a predictor for a presenter."""
