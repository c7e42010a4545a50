"""CARLA sensors as arrays, matched to the tick by frame number."""
