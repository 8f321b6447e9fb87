"""`newstap completion`: what a shell needs to complete commands, options and names, made of the parser itself."""
