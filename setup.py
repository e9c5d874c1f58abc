"""What pyproject.toml cannot say: the rooms found, the data put inside the package, and a build that leaves nothing.

`build/` would keep a file that the repository no longer has, and the next wheel would carry it.
"""

from tempfile import TemporaryDirectory

from setuptools import find_packages, setup

_INSIDE = {"engine._installed.policies": "policies", "engine._installed.schemas": "schemas"}

with TemporaryDirectory(prefix="bangfu-build-") as build:
    setup(
        packages=[*find_packages(include=["engine", "engine.*"]), *_INSIDE],
        package_dir=_INSIDE,
        options={"build": {"build_base": build}},
    )
