"""The maps panel: the output of every hidden unit over the plane."""
