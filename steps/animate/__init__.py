"""From phones in time to a presenter who speaks them: landmarks for every frame.

    phones -> visemes -> coarticulation ----> mouth and jaw in the head's frame --+
    voice  -> prosody --> nods, brows, how far a vowel opens ---------------------+-> motion: pixels
    footage -> head ----> pose, blinks, brows, a loop without a seam -------------+

The head's frame is the presenter's face upright and frontal: origin midway between the outer eye corners, unit the distance
between them, y down. Times are seconds; a frame shows the moment in its middle.
"""
