"""Textual's own driver for a Unix terminal, sending only the cells that change."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from tui.screen_model import ScreenModel, is_frame


class ThriftyDriver(LinuxDriver):
    """Passes everything on but frames, of which it sends what the terminal does not show already."""

    _model: ScreenModel | None = None

    def write(self, data: str) -> None:
        """Send data, reduced if it is a frame."""
        if self._model is None:
            self._model = ScreenModel()
        if is_frame(data):
            size = self._get_terminal_size()
            if self._model.size != size:
                self._model.forget(*size)
            data = self._model.reduce(data)
            if self._model.overflowed:
                # drawn for a size that the terminal no longer has: Textual thinks that all is well
                self._app.call_later(self._app.screen.refresh, layout=True)
            if not data:
                return
        elif "\x1b[?1049" in data:
            self.forget()  # another screen: at the start, and after having been suspended
        super().write(data)

    def forget(self) -> None:
        """Send the next frame whole, for the terminal may show anything."""
        if self._model is not None:
            self._model.forget(*self._model.size)
