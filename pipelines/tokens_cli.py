"""`siku tokens import` and `export`: token folders from and to other formats. `app` is mounted by `pipelines.cli`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from corpus.errors import RecipeError
from corpus.shards import hash_file

app = typer.Typer(name="tokens", help="Tokens from and to other formats.", no_args_is_help=True)

_FORMATS = ("megatron", "datasets", "mds")
_FORMAT = typer.Option("--format", help="megatron (a prefix), datasets (Parquet, save_to_disk) or mds (a folder).")


@app.command("import")
def import_command(
    given: Annotated[str, typer.Argument(help="What to read: a prefix, a file or a folder, as the format has it.")],
    folder: Annotated[Path, typer.Argument(help="Token folder to write.")],
    format: Annotated[str, _FORMAT],
    vocab_size: Annotated[int | None, typer.Option(help="Number of ids; of megatron the largest and one.")] = None,
    source: Annotated[str, typer.Option(help="Source of documents that don't say theirs.")] = "imported",
    language: Annotated[str, typer.Option(help="Language of documents that don't say theirs.")] = "und",
    column: Annotated[str | None, typer.Option(help="Of ids; default: input_ids, of mds tokens.")] = None,
    labels: Annotated[str | None, typer.Option(help="Column of labels, -100 where not trained on (datasets).")] = None,
    mask: Annotated[str | None, typer.Option(help="Column of a mask, not 0 where trained on (datasets, mds).")] = None,
    dtype: Annotated[str | None, typer.Option(help="Of ids in columns of bytes (mds).")] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="tokenizer.json they were made with.")] = None,
    eos_id: Annotated[int | None, typer.Option(help="Id of the end token.")] = None,
    pad_id: Annotated[int | None, typer.Option(help="Id of padding.")] = None,
) -> None:
    """Write a token folder from Megatron-LM's files, a Hugging Face dataset or an MDS folder."""
    _check_format(format)
    if vocab_size is None and format != "megatron":
        raise RecipeError(f"--format {format} needs --vocab-size")
    about = {"vocab_size": vocab_size, "source": source, "language": language, "eos_id": eos_id, "pad_id": pad_id}
    about |= {"tokenizer_hash": hash_file(tokenizer) if tokenizer else None}
    about |= {"tokens": column, "labels": labels, "mask": mask, "bytes_dtype": dtype}
    options: dict[str, Any] = {name: value for name, value in about.items() if value is not None}
    known = {"megatron": (), "datasets": ("tokens", "labels", "mask"), "mds": ("tokens", "mask", "bytes_dtype")}
    for name in {"tokens", "labels", "mask", "bytes_dtype"} & set(options) - set(known[format]):
        raise RecipeError(f"--format {format} has no option for {name}")
    manifest = _importer(format)(given, folder, **options)
    _say(f"{folder}: {manifest.rows:,} documents, {manifest.info['num_tokens']:,} tokens")


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(help="Token folder to read.")],
    target: Annotated[str, typer.Argument(help="What to write: a prefix or a folder, as the format has it.")],
    format: Annotated[str, _FORMAT],
) -> None:
    """Write Megatron-LM's files, Parquet for datasets or an MDS folder from a token folder."""
    _check_format(format)
    if format == "megatron":
        from corpus.loader.convert_megatron import export_megatron

        written, left_out = export_megatron(folder, target), 0
    elif format == "datasets":
        from corpus.loader.convert_hf import export_hf

        written, left_out = export_hf(folder, target), 0
    else:
        from corpus.loader.convert_mds import export_mds

        counts = export_mds(folder, target)
        written, left_out = counts["documents"], counts["empty"]
    _say(f"{target}: {written:,} documents" + (f"; {left_out:,} without a token left out" if left_out else ""))


def _check_format(given: str) -> None:
    if given not in _FORMATS:
        raise RecipeError(f"--format {given!r}: allowed are {', '.join(_FORMATS)}")


def _importer(format: str) -> Any:
    if format == "megatron":
        from corpus.loader.convert_megatron import import_megatron

        return import_megatron
    if format == "datasets":
        from corpus.loader.convert_hf import import_hf

        return import_hf
    from corpus.loader.convert_mds import import_mds

    return import_mds


def _say(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text)
