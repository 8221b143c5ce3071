"""The demonstration: a fictional district of the size of a programme of 2021, its people, posts and tips."""
