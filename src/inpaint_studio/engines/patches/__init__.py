"""Filling holes by patches of the surroundings: multi-scale PatchMatch with several coarse layouts to choose from."""
