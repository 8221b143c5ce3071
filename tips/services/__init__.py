"""What can be done with tips: one module for each subject, one function for each act."""
