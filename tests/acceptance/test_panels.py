"""The panels: closed and brought back, put in order again, and found at the next start as they were left."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMenu, QWidget

from inpaint_studio.settings import Settings
from inpaint_studio.studio.preferences import load_layout
from inpaint_studio.ui.window import MainWindow
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def choose(user: User, *titles: str) -> None:
    """Click through the menus: the bar's title first."""
    bar = user.window.menuBar()
    action = next(one for one in bar.actions() if one.text().replace("&", "") == titles[0])
    QTest.mouseClick(bar, _LEFT, _NONE, bar.actionGeometry(action).center())
    for title in titles[1:]:
        menu = action.menu()
        assert isinstance(menu, QMenu)
        assert menu.isVisible(), title
        action = next(one for one in menu.actions() if one.text().replace("&", "") == title)
        place = menu.actionGeometry(action).center()
        if action.menu() is None:
            QTest.mouseClick(menu, _LEFT, _NONE, place)
        else:
            user.move(place, on=menu)
            QTest.keyClick(menu, Qt.Key.Key_Right)


def close_by_its_button(dock: QWidget) -> None:
    button = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    QTest.mouseClick(button, _LEFT, _NONE, QPoint(4, 4))


def test_a_closed_panel_comes_back_from_the_menu(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        dock = user.widget("dock.fill")
        assert isinstance(dock, QDockWidget)
        assert user.window.actions_by_name["action.panel_fill"].isChecked()
        close_by_its_button(dock)
        assert not dock.isVisible()
        assert not user.window.actions_by_name["action.panel_fill"].isChecked()
        choose(user, "View", "Panels", "Fill Panel")
        assert dock.isVisible()
        assert user.window.actions_by_name["action.panel_fill"].isChecked()
        choose(user, "View", "Panels", "Fill Panel")
        assert not dock.isVisible()

    at_the_window(scenario, picture)


def test_panels_are_put_back(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        window = user.window
        docks = [user.widget(name) for name in ("dock.fill", "dock.layers", "dock.history")]
        for dock in docks:
            close_by_its_button(dock)
        user.key(Qt.Key.Key_F8)
        assert user.is_there("dock.navigator")
        choose(user, "View", "Panels", "Put the Panels Back")
        assert all(dock.isVisible() for dock in docks)
        assert not user.is_there("dock.navigator")
        assert all(window.dockWidgetArea(dock) is Qt.DockWidgetArea.RightDockWidgetArea for dock in docks)
        # what belongs to nothing that is open stays away
        assert not user.is_there("dock.candidates")
        assert not user.is_there("dock.review")

    at_the_window(scenario, picture)


def test_the_next_window_is_as_this_one_was_left(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        window = user.window
        close_by_its_button(user.widget("dock.history"))
        user.key(Qt.Key.Key_F8)
        # hidden by Tab is for the moment
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_Tab)
        assert not user.is_there("dock.layers")
        await window.panels.keep()
        assert user.is_there("dock.layers")
        assert load_layout().panels
        other = MainWindow(Settings())
        try:
            other.panels.restore()
            assert other.history.isHidden()
            assert not other.navigator.isHidden()
            assert not other.layers.isHidden()
            assert other.candidates.isHidden()
            assert other.review.dock.isHidden()
            assert not other.actions_by_name["action.panel_history"].isChecked()
            assert other.actions_by_name["action.navigator"].isChecked()
        finally:
            other.engine.close()
            other.may_close = True
            other.close()
            other.deleteLater()

    at_the_window(scenario, picture)


def test_a_window_is_no_larger_than_its_screen(at_the_window: Run) -> None:
    async def scenario(user: User) -> None:
        user.window.resize(4000, 3000)
        user.window.panels.restore()
        least, room = user.window.minimumSizeHint(), user.window.screen().availableGeometry()
        assert user.window.width() <= max(room.width(), least.width())
        assert user.window.height() <= max(room.height(), least.height())
        assert least.width() < 1280
        assert least.height() < 680

    at_the_window(scenario)


def test_a_file_of_before_opens_from_the_menu(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        await user.window.settle()
        choose(user, "File", "Open Recent", picture.name)
        await user.opened(1)
        assert user.window.windowTitle().startswith(picture.name)

    at_the_window(scenario, picture)


def test_menus_open_by_alt_and_a_letter_of_their_own(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        letters = [title.text().partition("&")[2][:1].lower() for title in user.window.menuBar().actions()]
        assert all(letters)
        assert len(set(letters)) == len(letters)
        user.key(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
        menu = next(one.menu() for one in user.window.menuBar().actions() if one.text() == "&Mask")
        assert menu.isVisible()
        QTest.keyClick(menu, Qt.Key.Key_Escape)

    at_the_window(scenario, picture)


def test_about_says_the_version(at_the_window: Run) -> None:
    async def scenario(user: User) -> None:
        from inpaint_studio import __version__

        choose(user, "Help", "About Inpaint Studio")
        await user.until_there("dialog.about")
        assert __version__ in user.text("about.facts")
        user.click("about.close")
        await user.until_gone("dialog.about")

    at_the_window(scenario)
