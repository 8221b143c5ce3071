"""State changes of the directory; each is one function and one audit entry."""
