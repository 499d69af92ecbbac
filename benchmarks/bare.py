"""The least that a Textual program can be: an empty app. What its first picture costs, any other's costs too."""

from textual.app import App


class Bare(App[None]):
    """Nothing but Textual's own screen."""


if __name__ == "__main__":
    Bare().run()
