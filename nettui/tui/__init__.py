"""The screen: draws Frames, sends commands. The only room that imports textual."""
