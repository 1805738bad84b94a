"""What a migration has done, asked and been told so far, where no one transaction holds it all.

A run that dies is finished by the next: the migration's function runs once more and is answered
from the journal up to where it died, then it goes on. `recorder.py` is where a statement passes;
`entries.py` says what is kept of it and `store.py` where; `tape.py` answers from it; `values.py`
keeps values, and `sameness.py` knows them again; `served.py` gives the function the same time and
the same chance, and `served_models.py` its models; `connection.py` is what the function sees.
"""
