"""`siku tokenizer train` and `siku tokenizer show`. `app` is mounted by the entry point `siku.commands`."""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer, decoders

from corpus.errors import InputError, SikuError
from tokenizer.train import TrainOptions, train_tokenizer

app = typer.Typer(name="tokenizer", help="Train and look at tokenizers.", no_args_is_help=True)


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder for tokenizer.json, tokenizer_config.json and card.json.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further inputs.", show_default=False)] = None,
    input: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of Arrow parts, or a file of JSON lines or text; repeatable."),
    ] = None,
    vocab_size: Annotated[int, typer.Option(help="Entries, with 256 bytes and 4 special tokens.")] = 8000,
    column: Annotated[str, typer.Option(help="Name of the text column or field.")] = "text",
    max_bytes: Annotated[int | None, typer.Option(help="Train on about so many bytes of the input.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw of training and held-out documents.")] = 0,
) -> None:
    """Train a byte-level BPE."""
    inputs = [*(input or []), *(more or [])]
    try:
        if not inputs:
            raise InputError("no input; name a folder or files with --input")
        options = TrainOptions(vocab_size=vocab_size, column=column, max_bytes=max_bytes, seed=seed)
        card = train_tokenizer(inputs, out, options)
    except SikuError as error:
        _fail(error)
    _report(card, out)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="A folder that `train` wrote.")],
    text: Annotated[str, typer.Argument(help="What to tokenize.")],
) -> None:
    """Show the tokens of a text: id, bytes, and characters where the bytes are whole ones."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        _fail(InputError(f"there is no {path}; run `siku tokenizer train --out {folder}` first"))
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    ids = tokenizer.encode(text).ids
    table = Table("id", "bytes", "text")
    for token_id in ids:
        piece = tokenizer.id_to_token(token_id) or ""
        table.add_row(str(token_id), _bytes_of(piece).hex(" "), decoders.ByteLevel().decode([piece]))
    console = Console()
    console.print(table)
    num_bytes = len(text.encode())
    console.print(f"{len(ids)} tokens, {num_bytes} bytes, {num_bytes / max(1, len(ids)):.2f} bytes per token")


def main() -> None:
    """Entry of `python -m tokenizer`."""
    app(prog_name="python -m tokenizer")


def _bytes_of(piece: str) -> bytes:
    """Undo the byte-level alphabet: the 188 printable bytes stand for themselves, the others follow from
    U+0100."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
    return bytes(alphabet[char] for char in piece)


def _report(card: dict[str, Any], out: Path) -> None:
    console = Console()
    table = Table("language", "training bytes", "bytes per token, held out", title=str(out))
    for language, num_bytes in card["training_bytes"].items():
        measured = card["held_out"].get(language)
        table.add_row(language, f"{num_bytes:,}", f"{measured['bytes_per_token']:.3f}" if measured else "no document")
    console.print(table)
    console.print(f"{card['vocab_size']:,} entries of {card['vocab_size_asked']:,} asked for, hash {card['hash']}")


def _fail(error: SikuError) -> NoReturn:
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(2)
