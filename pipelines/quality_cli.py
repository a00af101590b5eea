"""`siku quality train`, `train-lm` and `score`. `app` is mounted by `pipelines.cli`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    name="quality", help="Train quality classifiers and language models, and look at scores.", no_args_is_help=True
)

_SPLIT = typer.Option(help="Of plain text files: what one document is, file, line or blank_line.")


@app.command()
def train(
    positive: Annotated[list[str], typer.Option(help="File or glob of good documents; repeatable.")],
    negative: Annotated[list[str], typer.Option(help="File or glob of bad documents; repeatable.")],
    lang: Annotated[str, typer.Option(help="Language the model is for, e.g. zh.")],
    out: Annotated[Path, typer.Option(help="Folder for model.bin, card.json and card.md.")],
    features: Annotated[str | None, typer.Option(help="Recipe by name; default: the language's.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw, the split and the training.")] = 0,
    min_bytes: Annotated[int, typer.Option(help="Leave out shorter documents.")] = 100,
    epoch: Annotated[int | None, typer.Option(help="Passes over the training text.")] = None,
    split: Annotated[str, _SPLIT] = "file",
) -> None:
    """Train a classifier that tells good documents from bad ones."""
    from pipelines.quality_train import QualityOptions, train_quality

    options = QualityOptions(language=lang, features=features, seed=seed, min_bytes=min_bytes, split=split, epoch=epoch)
    card = train_quality(positive, negative, out, options)
    auc, held = card["held_out"]["auc"], card["held_out"]
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{out}: {card['features_name']}, {card['training_documents']:,} documents; held out {auc['num_good']:,} good "
        f"and {auc['num_bad']:,} bad: AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}), "
        f"calibration error {held['calibration_error']:.3f}. All of it: {out / 'card.md'}"
    )


@app.command("train-lm")
def train_lm_command(
    reference: Annotated[list[str], typer.Option(help="File or glob of text held for good; repeatable.")],
    lang: Annotated[str, typer.Option(help="Language of the text, e.g. zh.")],
    out: Annotated[Path, typer.Option(help="The model file to write, e.g. models/zh.lm.arrow.")],
    order: Annotated[int, typer.Option(help="Tokens of the longest n-gram.")] = 5,
    min_count: Annotated[int, typer.Option(help="Leave out rarer n-grams of 3 tokens and more.")] = 2,
    split: Annotated[str, _SPLIT] = "file",
) -> None:
    """Train an n-gram language model for perplexities."""
    from corpus.ops.perplexity import NgramOptions
    from pipelines.quality_lm import train_lm

    card = train_lm(reference, out, lang, NgramOptions(order=order, min_count=min_count), split=split)
    grams = ", ".join(f"{count:,}" for count in card["ngrams"])
    Console(soft_wrap=True, highlight=False).print(
        f"{out}: {card['documents']:,} documents, {card['tokens']:,} tokens; n-grams of 1 to {order}: {grams}"
    )


@app.command()
def score(
    model: Annotated[
        str, typer.Argument(help="Folder, FILE#LABEL of a bare fastText model, or an n-gram or KenLM model file.")
    ],
    files: Annotated[list[str], typer.Argument(help="Files or globs of documents.")],
    split: Annotated[str, _SPLIT] = "file",
) -> None:
    """Show how the documents of files score: percentiles, and the beginnings of the ends."""
    from pipelines.quality_score import score_files

    scored = score_files(model, files, split=split)
    console = Console(highlight=False)
    table = Table(*(f"{percent} %" for percent in scored.percentiles), title=f"{scored.num_documents:,} documents")
    table.add_row(*(f"{value:.3g}" for value in scored.percentiles.values()))
    console.print(table)
    for title, rows in (("lowest", scored.lowest), ("highest", scored.highest)):
        console.print(title)
        for value, text in rows:
            console.print(f"  {value:8.3g}  {text}", markup=False, no_wrap=True, overflow="ellipsis")
