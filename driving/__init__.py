"""CARLA as a gymnasium environment, and an embedded server that answers the official client."""
