"""Many seeds at once: the screen that compares runs which differ only in their seed."""
