"""Sees what a programme does before members feel it: real purchases go through the rules that would run, and through the programme's economics."""
