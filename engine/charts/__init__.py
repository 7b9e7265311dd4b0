"""Charts: one Vega-Lite specification each, for pages, for `--plot` and for whoever embeds them.

`chart.py` says what a chart is, `bars.py`, `points.py`, `grids.py` and `network.py` hold the kinds, `render.py` turns a
specification into SVG, PNG or HTML, `album.py` collects the charts of a page, and one file per subject says which
those are. Nothing here reads a workspace.
"""
