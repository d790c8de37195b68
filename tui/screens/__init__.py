"""The screens: the training itself, the settings of the run, and the help."""
