"""``python -m authlens`` is ``authlens``."""

from authlens.cli import main

if __name__ == "__main__":
    main()
