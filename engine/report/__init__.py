"""Reports growth analysts read first: small frames -> facts -> one self-contained HTML page (and the same as JSON).

`book.py` collects the figures and withholds small cells, `influence.py`, `loyalty.py`, `offers.py`, `faces.py`,
`experiment.py` and `explain.py` hold one function per figure, `page.py` fills the templates. `engine/charts` draws: as
SVG without a script, which prints, and follows light and dark.
"""
