"""Going back without a function that says how, and with the data that was dropped on the way there.

`recording.py` keeps with each record what its migration touched; `which_way.py` decides whether a
step goes by its file or by that record, and `derived.py` makes the way of it; `aside.py` keeps what
is dropped, until `purge.py` removes it for good.
"""
