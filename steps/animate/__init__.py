"""Animation: phones with their times and the voice to a speaking presenter's landmarks in every frame.

    phones -> visemes -> coarticulation ----> mouth and jaw in the head's frame --+
    voice  -> prosody --> nods, brows, opening of vowels -------------------------+-> motion: pixels
    footage -> head ----> pose, blinks, brows in a seamless loop -----------------+

The head's frame is the presenter's face upright and frontal: origin midway between the outer eye corners, unit the distance
between them, y down. Times are seconds; a frame shows the moment in its middle.
"""
