"""The boundary panel: the prediction at each place of a plane, with the samples."""
