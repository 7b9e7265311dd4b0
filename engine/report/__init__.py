"""Reports growth analysts read first: small frames -> facts -> one self-contained HTML page (and the same as JSON).

`book.py` collects the figures and withholds small cells, the `…_figures.py` hold one function per figure, `drawing.py`,
`charts.py` and the two `…pictures.py` draw, `page.py` fills the templates. Charts are drawn by matplotlib as SVG: it is
here already (scikit-uplift needs it), the pictures need no script, print, follow light and dark by CSS variables, and a
page stays far below a megabyte, where Vega's runtime alone is 0.8 and Plotly's over 3.
"""
