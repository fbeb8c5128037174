"""The one place that tells the user what happened: a bar in the window, a log file, and hooks for what nobody caught."""

from inpaint_studio.ui.messages.bar import Messages
from inpaint_studio.ui.messages.hooks import handle_loop, install_hooks
from inpaint_studio.ui.messages.log import keep_log, log_path, open_log_folder
from inpaint_studio.ui.messages.queue import AdviceError, Kind, Message

__all__ = [
    "AdviceError",
    "Kind",
    "Message",
    "Messages",
    "handle_loop",
    "install_hooks",
    "keep_log",
    "log_path",
    "open_log_folder",
]
