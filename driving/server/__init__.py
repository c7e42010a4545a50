"""The embedded CARLA-compatible server: bytes, world, cameras and sockets as separate modules."""
