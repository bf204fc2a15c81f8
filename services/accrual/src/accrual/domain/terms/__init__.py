"""The public terms of a programme: what members read, made of the rules that run, and what a change of them means for members."""
