"""What is drawn over and under the pictures: the brand, still layers, and overlays of titles and captions for libass."""
