"""Songs to a dataset, a dataset to a network, and what is measured of it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
