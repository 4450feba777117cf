"""What the processes of the bridge say to each other, and the values they share."""
