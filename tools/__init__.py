"""Programs for developers of newsreel; they are in no image and no wheel."""
