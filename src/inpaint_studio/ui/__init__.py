"""The window: everything of Qt."""
