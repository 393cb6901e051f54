"""A scene drawn: hikers on their landscape as maps, a mountain, films and an interactive page."""
