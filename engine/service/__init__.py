"""The engine process: the wire, its jobs, server and client."""
