"""The sample pictures, one scene a file, and the small studio they share."""
