"""Pages of the desk, one module per subject. Views read what is visible, call one service, redirect."""
