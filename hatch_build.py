"""Build hook: writes the manual page into the wheel."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Generates the manual page, which is in no checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to the shared files, unless the installation is editable."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from tui.cli.man_page import man_page

        self._folder = TemporaryDirectory()
        page = Path(self._folder.name) / "nnfs-tui.1"
        page.write_text(man_page(), encoding="utf-8")
        build_data["shared_data"][str(page)] = "share/man/man1/nnfs-tui.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the folder of the page."""
        if version != "editable":
            self._folder.cleanup()
