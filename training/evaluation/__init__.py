"""`schmubert evaluate`: draws, figures and experiments."""
