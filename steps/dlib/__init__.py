"""dlib finds the face in a presenter's footage: `step` does it, `train` teaches dlib a presenter, `measures` reads faces."""
