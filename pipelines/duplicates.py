"""`siku duplicates WORK [--doc ID]`: which documents went for which, and what differs between them.

Without `--doc` the largest clusters, the least similar members of each first, differences in one line; with it the one
cluster of a document, side by side, with what decided who is kept. What is read is in `pipelines.clusters`, how much of
it is shown in `pipelines.cluster_views`; here it is printed. Output is text without markup: what looks like it in the
data is data.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from corpus.errors import RecipeError
from pipelines.cluster_views import BRIEF, EARLIER, FULL, RANK, bin_name, count_line, size_classes, summarised, views
from pipelines.clusters import check_work, find, gather, survey
from pipelines.reselect import stored_recipe
from pipelines.text_diff import visible
from pipelines.two_columns import broken, two_columns

_BAR = 40
_ID_CHARS = 12
_NAMES = {"priority": "source priority", "num_chars": "length", "content_hash": "content hash"}
_INDENT = "    "
_LEAST_WIDTH = 20


def show(work: Path, doc: str | None, top: int, as_json: bool, console: Console) -> None:
    """Print clusters, or with `doc` the cluster of one document.

    Args:
        doc: the beginning of its id, kept or removed.
        top: the number of clusters, the largest.

    Raises:
        RecipeError: there is no finished dedup, or no such document; `top` is not positive.
        ShardError: its documents are of another run than its duplicates.
    """
    if top < 1:
        raise RecipeError(f"--top {top}: expected 1 or more")
    check_work(work)
    options = stored_recipe(work).dedup
    if doc is None:
        numbers, largest = survey(work, top)
        summary = summarised(numbers, options.measure)
        chosen = gather(work, [head.id for head in largest], BRIEF.members)
        shown = views(work, chosen, BRIEF)
    else:
        decision = find(work, doc)
        summary = {"id": decision.id, "kept": decision.kept_id is None}
        chosen = gather(work, [decision.kept_id or decision.id], FULL.members, {decision.id}, options.against)
        shown = views(work, chosen, FULL)
    if as_json:
        result = json.dumps({"summary": summary, "clusters": list(shown)}, ensure_ascii=False, indent=1)
        console.file.write(result + "\n")
        return
    if doc is None:
        _print_summary(summary, work, console)
    for place, view in enumerate(shown, 1):
        _print_cluster(view | {"measure": options.measure}, f"{place}. " if doc is None else "", work, doc, console)


def _print_summary(summary: Mapping[str, Any], work: Path, console: Console) -> None:
    levels = ", ".join(f"{count:,} {level}" for level, count in summary["levels"].items())
    line = (
        f"{summary['documents']:,} documents, {summary['clusters']:,} clusters, {summary['removed']:,} removed"
        f"{f' ({levels})' if levels else ''}; {work}"
    )
    console.print(Text(line, "bold"), soft_wrap=True)
    if summary["removed_for_earlier"]:
        console.print(Text(f"{summary['removed_for_earlier']:,} of them for documents of earlier runs"))
    if not summary["removed"]:
        return
    if summary["jaccard"]:
        columns = "".join(f"{level:>9}" for level in summary["measured"])
        console.print(Text(f"\n{f'{_measure(summary)} with the kept one':<25}{columns}"))
    _print_bins([(row["from"], [row[level] for level in summary["measured"]]) for row in summary["jaccard"]], console)
    sizes = "   ".join(f"{text} × {count:,}" for text, count in size_classes(summary["sizes"]))
    console.print(Text(f"\ndocuments in a cluster × clusters:   {sizes}"), soft_wrap=True)
    _print_legend(console)


def _measure(values: Mapping[str, Any]) -> str:
    return values["measure"].capitalize()


def _print_bins(rows: Sequence[tuple[float, list[int]]], console: Console) -> None:
    most = max((sum(counts) for _, counts in rows), default=0)
    for low, counts in rows:
        bar = "█" * -(-_BAR * sum(counts) // most)
        console.print(Text(f"  {bin_name(low):<23}{''.join(f'{count:>9,}' for count in counts)}  {bar}".rstrip()))


def _print_legend(console: Console) -> None:
    legend = Text("\nmarks: ", "dim")
    legend.append("[-only in the kept one-]", "red").append(" ").append("{+only in this one+}", "green")
    legend.append("; ~ behind: only written in another way, of no account")
    legend.append("; … 99 …: so many characters alike, left out")
    console.print(legend, soft_wrap=True)


def _print_cluster(view: Mapping[str, Any], number: str, work: Path, doc: str | None, console: Console) -> None:
    kept, size = view["kept"], view["documents"]
    if size == 1:
        console.print(Text(f"{kept['id']} stays; no duplicate of it is known"), soft_wrap=True)
        return
    levels = ", ".join(f"{count:,} {level}" for level, count in view["levels"].items())
    console.print(Text(f"\n{number}{size:,} documents, removed: {levels}", "bold"), soft_wrap=True)
    _print_facts("kept", kept, doc, "green", console)
    _print_indented(Text(visible(kept["beginning"]), "dim"), console)
    if doc is not None:
        if view["jaccard"]:
            console.print(Text(f"\n{_measure(view)} with the kept one"))
            _print_bins([(row["from"], [row["documents"]]) for row in view["jaccard"]], console)
        _print_legend(console)
    for member in view["members"]:
        what = member["level"] if member["jaccard"] is None else f"{member['level']} {member['jaccard']:.4f}"
        _print_facts(what, member, doc, "red", console)
        if doc is not None:
            _print_indented(Text(_rank_line(kept, member)), console)
        _print_indented(Text(count_line(member), "dim"), console)
        if member["diff"] and doc is None:
            _print_indented(marked(member["diff"]), console)
        for line in two_columns(member["diff"], _width(console)) if doc is not None else ():
            console.print(Text(_INDENT).append(line), soft_wrap=True)
        if member["changes_left_out"]:
            _print_indented(Text(f"and {member['changes_left_out']:,} more", "dim"), console)
    if view["members_left_out"]:
        more = f"  and {view['members_left_out']:,} more, as similar or more so"
        hint = f": siku duplicates {work} --doc {kept['id'][:_ID_CHARS]}" if doc is None else ""
        console.print(Text(more + hint), soft_wrap=True)


def _print_facts(what: str, facts: Mapping[str, Any], doc: str | None, style: str, console: Console) -> None:
    line = Text("  ").append(what, f"bold {style}")
    asked = doc is not None and facts["id"].startswith(doc)
    line.append(f"  {facts['id'] if doc is not None else facts['id'][:_ID_CHARS]}", "bold" if asked else "")
    line.append(f"  {facts['source']}  quality {facts['quality']:.3f}  {facts['num_chars']:,} chars")
    if facts["url"]:
        line.append(f"  {visible(facts['url'])}", "dim")
    console.print(line, soft_wrap=True)


def _rank_line(kept: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    """Which values of the rank were compared, up to the one that decided: kept one's, then this one's."""
    decided = member["decided_by"]
    if decided == EARLIER:
        return "kept for it is of an earlier run"
    compared = RANK[: RANK.index(decided) + 1]
    pairs = [f"{_NAMES.get(name, name)} {_value(kept[name])} and {_value(member[name])}" for name in compared]
    return f"kept for its {_NAMES.get(decided, decided)}: {', '.join(pairs)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _print_indented(text: Text, console: Console) -> None:
    for line in broken(text, _width(console)):
        console.print(Text(_INDENT).append(line), soft_wrap=True)


def _width(console: Console) -> int:
    return max(console.width - len(_INDENT), _LEAST_WIDTH)


def marked(runs: Sequence[Mapping[str, Any]]) -> Text:
    """A diff with the marks of `git diff --word-diff`; in colours where there is a terminal."""
    text = Text()
    styles = {"kept": ("[-", "-]", "red"), "other": ("{+", "+}", "green")}
    runs = list(runs)
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        if run["kind"] == "elided":
            text.append(f" … {run['num_chars']:,} … ", "dim")
        elif run["kind"] == "same":
            text.append(visible(run["text"]))
        else:
            left, right, style = styles[run["kind"]]
            pair_follows = run["kind"] == "kept" and after is not None and after["kind"] == "other"
            body = run["text"].rstrip()
            text.append(left + visible(body) + right, style)
            text.append("~" if run["folded"] and not pair_follows else "", style)
            text.append("" if pair_follows else visible(run["text"][len(body) :]))
    return text
