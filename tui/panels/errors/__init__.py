"""The errors panel: the confusion matrix, or predicted against true values."""
