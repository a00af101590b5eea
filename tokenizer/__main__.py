"""`python -m tokenizer`: the same commands as `siku tokenizer`."""

from tokenizer.cli import main

main()
