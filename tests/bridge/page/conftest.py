"""The server is tested where what [page] installs is there."""

from importlib.util import find_spec

from schmubert.bridge.page.process import PACKAGES

missing = [name for name in (*PACKAGES, "httpx") if find_spec(name) is None]
collect_ignore = ["test_app.py"] if missing else []
