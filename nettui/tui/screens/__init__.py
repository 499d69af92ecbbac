"""The screens: which panes stand where, and the windows that open over them."""
