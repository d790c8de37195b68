"""Keys that arrive at once in the real program, as over a slow line."""

from tests.terminal.terminal import nnfs_tui


def test_what_is_typed_with_the_key_that_opens_a_dialog_goes_into_its_field() -> None:
    with nnfs_tui("xor", "--speed", "max", "--epochs", "300") as terminal:
        terminal.until("FINISHED")
        terminal.press(":120\r")
        terminal.until("epoch    120")
        terminal.press("h", "/learning\x1b", "\x1b", ":best\r")
        terminal.until("epoch    300")
        terminal.press(":7\x1b:45\r")
        terminal.until("epoch     45")
        # a burst that opens two dialogs one after the other, and quits
        terminal.press("?\x1bAq\x1bq")
        assert terminal.wait() == 0
        assert terminal.is_restored()


def test_bytes_that_are_no_text_are_no_keys() -> None:
    with nnfs_tui("xor", "--speed", "max", "--epochs", "300") as terminal:
        terminal.until("FINISHED")
        terminal.press("\udcff\udcfe\udcc3")
        terminal.press(":120\r")
        terminal.until("epoch    120")
