"""The denoisers: networks in torch, exported ones, and their files."""
