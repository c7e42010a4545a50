"""Learning to drive from a camera with an expert that sees the whole state: A2D and its rivals."""
