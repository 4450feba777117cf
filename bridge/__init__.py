"""The live side: a band-mate for a DAW or a keyboard."""
