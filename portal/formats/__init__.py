"""How dates and numbers are written, where Django's own locale files differ from Vietnamese office use."""
