"""The screens: training, settings, data, prompts and help."""
