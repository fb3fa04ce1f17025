"""The steps of `docs/guide.md`, walked in a browser as people walk them. One module a chapter."""
