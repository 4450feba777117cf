"""Songs to a dataset, and a dataset to batches."""
