"""A small reference trainer, fed by `corpus.loader.TokenLoader`."""
