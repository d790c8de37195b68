"""The boundary panel: the prediction over a plane, with the samples."""
