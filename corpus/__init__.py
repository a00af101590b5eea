"""Siku's library: columnar operators on `pyarrow.RecordBatch`, with no Beam and no command line in it."""
