"""Trainees that ship with the package, a folder each, as `a2d ship` packs them."""
