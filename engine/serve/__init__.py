"""`kindred serve`: one workspace in the browser, read-only and on this machine alone.

`guard` lets in who has the token, `app` names the addresses, `board` keeps the snapshot that is looked at and the
figures made of it, `segment` cuts them to some customers, `people` lists customers, `pages` says what stands where.
"""
