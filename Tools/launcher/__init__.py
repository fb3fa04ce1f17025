"""Sets up, builds, starts and tests the product. Standard library only: it runs before anything is installed."""
