"""text-dedup's worker of `dedup.py` (see `dedup_worker.py`): `text_dedup.minhash` with the configuration of its README.

5-grams, 240 permutations, bands chosen by the library, `check_false_positive = true`, one process. Tokens are what lies
between characters that are not letters or digits, so a Chinese clause is one token. A document of fewer than five
tokens is taken out of the data set by the library (its default `min_length`); here that counts as removed.
"""

from pathlib import Path

from datasets import disable_caching, load_from_disk
from dedup_worker import work
from text_dedup.config.base import load_config_from_toml
from text_dedup.minhash import main

CONFIG = """
[input]
input_type = "local_files"
file_type = "parquet"
[input.read_arguments]
path = "parquet"
data_files = "{path}"
split = "train"
cache_dir = "{folder}/cache"
[algorithm]
algorithm_name = "minhash"
text_column = "text"
seed = 42
num_proc = 1
batch_size = 10000
num_perm = 240
threshold = {threshold}
false_positive_weight = 0.5
false_negative_weight = 0.5
hash_bits = 64
ngram_size = 5
check_false_positive = true
[output]
output_dir = "{folder}/output"
clean_cache = false
save_clusters = false
[debug]
enable_profiling = false
"""


def keep(path: Path, folder: Path, language: str, threshold: float, way: str) -> list[int]:
    disable_caching()
    file = folder / "config.toml"
    file.write_text(CONFIG.format(path=path, folder=folder, threshold=threshold))
    main(load_config_from_toml(file))
    return [int(each) for each in load_from_disk(str(folder / "output"))["id"]]


if __name__ == "__main__":
    work(keep, ("text-dedup", "datasets", "polars"))
