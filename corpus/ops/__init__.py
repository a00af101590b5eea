"""Pure functions on RecordBatches: what is measured on a document and what the rules say about it."""
