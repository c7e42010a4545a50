"""Refit the motion tables from what a car does on any CARLA server: record steps, then fit."""
