"""Programs for who works on newsreel itself; no image and no wheel holds them."""
