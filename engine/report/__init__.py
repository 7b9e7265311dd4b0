"""Reports growth analysts read first: small frames -> facts -> one self-contained HTML page (and the same as JSON).

`book.py` collects the figures and withholds small cells, the `…_figures.py` hold one function per figure, `page.py`
fills the templates. `engine/charts` draws: as SVG without a script, which prints, and follows light and dark.
"""
