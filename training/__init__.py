"""Songs to a dataset, a dataset to a network, and what is measured of it."""
