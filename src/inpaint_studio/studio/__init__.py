"""What a user can do, without a window: open, fill, undo, export, prove."""
