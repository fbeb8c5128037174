"""An open photo with its layers, what can be done to it, and the way back."""
