"""`python -m talweg` is `talweg`."""

from talweg.cli import main

if __name__ == "__main__":
    main()
