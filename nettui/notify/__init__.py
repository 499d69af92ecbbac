"""Where news of findings goes besides the screen: what is told to whom, and the notifiers that carry it there."""
