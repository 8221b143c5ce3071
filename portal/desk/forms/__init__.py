"""Forms of the desk, one module per subject. They read what was typed; the services judge it."""
