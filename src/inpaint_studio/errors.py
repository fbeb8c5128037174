"""The errors a user can meet. Everything the program refuses is told as one sentence and one hint."""


class StudioError(Exception):
    """Something did not work: `message` says what in one sentence, `hint` what the user can do about it.

    The message begins with a capital letter and ends with a full stop, so that the window, the command line and the log
    can show it as it is.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(StudioError):
    """What was handed in (a file, a mask, an option, a target) cannot be used; nothing was changed."""


class NothingToCopyError(InputError):
    """The mask leaves nothing to copy from; an engine that continues what is left may still fill it."""


class OutOfMemoryError(StudioError):
    """There was not enough memory for what was asked; with less of it, or in a slower way, it may work."""


class EngineDiedError(StudioError):
    """The process that did the work has crashed, or gave no sign of life and was ended."""


class Cancelled(Exception):  # noqa: N818  a request of the user, not an error
    """The user asked to stop. Carries nothing and is never shown."""
