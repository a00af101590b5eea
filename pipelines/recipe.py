"""Recipes: what to run, as frozen pydantic models; `configs/*.yaml` hold values only.

An unknown key, a value of the wrong type or out of range stops the run before anything starts, with the file, the key,
what was given and what is allowed. Fields that change the bytes of the output enter a stage's fingerprint; `runner`
does not.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from corpus.dedup import Bands, choose_bands
from corpus.ops.default_rules import DEFAULT_RULES, DEFAULT_THRESHOLDS

_MOST_POSITIONS = 4096  # of a signature; 0.75 needs 125

STAGES = ("download", "extract", "dedup", "select", "trim", "tokenizer", "tokenize")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Source(_Section):
    """Files of one origin."""

    name: str = Field(pattern=r"^[\w-][\w.-]*$", max_length=64)
    """Stands in every document, count and file name. Letters of any script, digits, `_`, `-`, and `.` inside."""
    files: list[str] = Field(min_length=1)
    """Paths, globs (`**` descends), http(s) URLs, or `sample:/NAME` for the generated sample crawl."""
    format: Literal["auto", "jsonl", "json", "parquet", "arrow", "text", "html", "warc"] = "auto"
    """`auto` looks at the content, not at the name."""
    fields: dict[str, str | list[str]] = {}
    """Where the publisher keeps `text`, `answer`, `title`, `url`, `timestamp`; a list is joined by blank lines, and the
    answer stands behind the text."""
    split: Literal["file", "line", "blank_line"] = "file"
    """Plain text only: what one document is."""
    priority: int = Field(0, ge=-(1 << 31), lt=1 << 31)
    """Of two duplicates the one from the source with the higher priority stays."""
    dedup_on: Literal["text", "prompt"] = "text"
    """What of a document is compared. `prompt`, for instruction data: instruction and input without the answer, so that
    of the answers to one prompt the best stays; a document without a prompt is compared by its whole text."""
    rules: dict[str, list[str]] | None = None
    """Language -> rule sets for this source, in place of `select.rules`; {} for none. The published rules are for web
    pages: textbooks with code, poems and classical texts fail them."""
    sha256: dict[str, str] = {}
    """File or URL, as in `files`, -> expected SHA-256; one that differs is refused."""


class Sample(_Section):
    """The crawl that the project generates itself, served over HTTP on this machine."""

    documents: int = Field(3000, ge=100)
    """About how many documents; 3,000 are about 8 MB of raw files."""
    seed: int = 7


class Download(_Section):
    retries: int = Field(4, ge=0, le=20)
    """Attempts after the first; a cut transfer goes on where it stopped."""
    timeout_s: float = Field(30.0, gt=0)


class Extract(_Section):
    language_model: str = "lid.176.ftz"
    """Name in the model registry (`siku models`)."""
    chinese_words: Literal["characters", "jieba"] = "characters"
    """What a word is in mostly-Han documents. `jieba` needs its dictionary (`siku models get jieba-dict`), as rule sets
    published for words do; the signals then take about three times as long."""
    scores: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=64)], str] = {}
    """Name -> model, each a column `score_NAME`: a folder of `siku quality train`, a file of `siku quality train-lm`,
    a KenLM model, or FILE#LABEL of a fastText model; docs/quality.md. One more pass over the texts a model."""
    part_bytes: int = Field(256 << 20, ge=1 << 16)
    """UTF-8 bytes of text after which a new part is begun; larger parts are fewer files and coarser restarts."""


class ScoreCut(_Section):
    """Which documents stay by one of `extract.scores`: a minimum, a maximum or both; or a share; or buckets."""

    minimum: float | None = None
    maximum: float | None = None
    top_share: float | None = Field(None, gt=0, le=1)
    """Share of each language's documents, those with the highest scores; see `pipelines.score_cuts` for of which."""
    by: Literal["documents", "chars"] = "documents"
    """What `top_share` is a share of."""
    keep: list[Literal["head", "middle", "tail"]] = []
    """For perplexities, cc_net's: `head` to the 30th percentile of each language, `middle` to the 60th, `tail`."""
    language: str | None = None
    """Only its documents are judged; by default all that have the score."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        kinds = [self.minimum is not None or self.maximum is not None, self.top_share is not None, bool(self.keep)]
        if sum(kinds) != 1:
            given = self.model_dump(exclude_defaults=True)
            raise ValueError(f"{given} is no cut; give minimum, maximum or both, or top_share, or keep")
        return self


class Dedup(_Section):
    """Near-duplicates: MinHash-LSH proposes, exact Jaccard decides; docs/dedup.md."""

    url: bool = False
    """Of the documents of one URL (`corpus.dedup.urls`) only the best is compared, the others go for it. Off by
    default: texts at one URL may have nothing in common (home pages, feeds, two years between two crawls), many
    publishers give all records of a page, site or dump one URL, and copies of a text go without this. 2 to 8
    microseconds a URL."""
    threshold: float = Field(0.75, ge=0.3, le=1.0)
    """A document goes only if its exact shingle Jaccard with a kept document is at least this."""
    measure: Literal["jaccard", "containment"] = "jaccard"
    """`containment`: the share of the document's own shingles that the kept one has, so parts of longer documents go as
    well. What is wholly in one of up to twice its length is found as surely as `recall` says, what is in a longer one
    less and less: of parts of a third 84 in 100. About twice the bands, and more pairs to verify."""
    recall: float = Field(0.9985, gt=0.5, lt=1.0)
    """Share of pairs at the threshold that LSH must propose; more bands, more memory on disk."""
    rows_per_band: int | None = Field(None, ge=1, le=16)
    """By default what the threshold allows, 5 at most: `corpus.dedup.bands`. Fewer rows propose more pairs to verify,
    more rows need more bands."""
    shingle_tokens: int = Field(5, ge=1, le=64)
    """Tokens of a shingle: a Han or kana character is one token, elsewhere a word is."""
    seed: int = Field(1, ge=0)
    keep_index: bool | Literal["shingles"] = False
    """Leave `duplicates/index/`, by which later runs are held against this one; about 250 bytes a document. With
    `shingles` their hashes as well, 8 bytes each, so that later runs need none of this one's texts."""
    against: list[str] = []
    """Work folders of earlier runs with an index. What duplicates a document that one of them kept goes; their texts
    are not read again but for the few that may be similar, and not even those if they left their shingles."""

    @model_validator(mode="after")
    def _signature_is_bounded(self) -> Self:
        bands = self.bands()
        if bands.num * bands.rows > _MOST_POSITIONS:
            raise ValueError(
                f"threshold {self.threshold} with recall {self.recall} and {bands.rows} rows a band needs "
                f"{bands.num:,} bands, more than {_MOST_POSITIONS:,} signature positions; lower rows_per_band or recall"
            )
        return self

    def bands(self) -> Bands:
        """Those that `sign` makes keys of."""
        return choose_bands(self.threshold, self.recall, self.rows_per_band, self.measure)


class Pii(_Section):
    """Personal data and secrets, replaced in the text of kept documents; docs/pii.md."""

    kinds: list[str] = []
    """Of `email`, `ip`, `phone`, `resident_id`, `resident_id_15`, `bank_card`, `key`; none by default. One pass over
    the kept texts, and a copy of those in which something is found."""
    replacements: dict[str, str] = {}
    """Kind -> what stands in its place, instead of `<EMAIL>` and so on."""


class BenchmarkFile(_Section):
    """A file of test items that the corpus must not hold."""

    name: str = Field(pattern=r"^[\w-][\w.-]*$", max_length=64)
    """Stands in the reason, `contamination.NAME`, and in the evidence."""
    path: str
    template: str
    """How an item is printed, `{question}\\n{answer}`, or one of the ready ones: docs/decontamination.md."""
    format: Literal["", "jsonl", "json", "csv", "tsv", "parquet"] = ""
    """Told by the file's name unless given."""


class Decontaminate(_Section):
    """Documents that hold items of benchmarks are dropped; each text is searched, see docs/decontamination.md."""

    benchmarks: list[BenchmarkFile] = []
    n: int = Field(13, ge=1, le=63)
    """Tokens a window: Han characters, or words."""
    min_item_tokens: int = Field(10, ge=1, le=63)
    """Shorter items are not looked for."""
    min_tokens: int | None = Field(None, ge=1)
    """Least run of tokens that a document and an item share, `n` unless given; a shorter item counts where the whole of
    it is there."""
    min_share: float = Field(0.0, ge=0, le=1)
    """Least share of an item's windows that the document holds."""


class Blocklists(_Section):
    """Lists that the user brings; docs/blocklists.md."""

    words: list[str] = []
    """Files of terms, one a line. Each text is searched."""
    max_words_per_1000_chars: float = Field(1.0, ge=0)
    urls: list[str] = []
    """Files of domains and URL prefixes, one a line. About 10 microseconds a document."""


class Select(_Section):
    languages: list[str] = ["en", "zh"]
    """Other languages are dropped; [] keeps all."""
    min_language_score: float = Field(0.5, ge=0, le=1)
    rules: dict[str, list[str]] = DEFAULT_RULES
    """Language -> rule sets by name."""
    thresholds: dict[str, float | None] = DEFAULT_THRESHOLDS
    """`rule_set.rule` -> value, in place of the published one, e.g. `gopher_quality.min_words: 20`; null turns the rule
    off. Laid over the default, which corrects rules that mostly err (docs/reading.md)."""
    min_quality: dict[str, float] = {}
    """Language -> least quality score; none by default."""
    scores: dict[str, ScoreCut] = {}
    """Name in `extract.scores` -> what stays; docs/quality.md. Shares and buckets take a pass over the column first."""
    upsample: dict[PositiveInt, PositiveInt] = {}
    """Least size of the duplicate cluster -> times that its kept document stands in the tokens, e.g. {1: 1, 5: 2}; none
    by default, and then no column `repeats`."""
    decontaminate: Decontaminate = Decontaminate()
    blocklists: Blocklists = Blocklists()
    pii: Pii = Pii()

    @field_validator("thresholds", mode="before")
    @classmethod
    def _names_with_a_dot(cls, thresholds: Any) -> Any:
        """`--set select.thresholds.SET.RULE=5` makes {SET: {RULE: 5}} of the name."""
        if not isinstance(thresholds, dict):
            return thresholds
        flat: dict[str, Any] = dict(DEFAULT_THRESHOLDS)
        for name, value in thresholds.items():
            flat |= (
                {f"{name}.{rule}": bound for rule, bound in value.items()} if isinstance(value, dict) else {name: value}
            )
        return flat


class Repeated(_Section):
    """What becomes of a line or paragraph that is repeated; docs/trimming.md."""

    keep: Literal["all", "first", "none"] = "all"
    """`first`: all but its first occurrence go, that of the source with the highest priority, then of the smallest id.
    `none`: it goes wherever it stands, once it stands in `min_documents` documents. `all`: not looked for."""
    min_documents: int = Field(2, ge=2)
    """With `keep: none`; 2 is CCNet's for paragraphs, lines of navigation are in many more."""

    @model_validator(mode="after")
    def _has_a_use_for_its_bound(self) -> Self:
        if self.min_documents != 2 and self.keep != "none":  # a stored recipe names the default too
            raise ValueError(f"min_documents {self.min_documents} has no use with keep: {self.keep}; add keep: none")
        return self


class Trim(_Section):
    """Repeated text is cut out of the documents that were kept; everything is off by default. docs/trimming.md."""

    lines: Repeated = Repeated()
    """Lines, compared without case, width, script, punctuation and white space."""
    paragraphs: Repeated = Repeated()
    """The same lines compared as CCNet does: digits are one, punctuation and accents go, scripts differ."""
    sentences: int = Field(0, ge=0, le=64)
    """All but the first of a span of so many sentences go; 3 is C4's, 0 is off."""
    substring_tokens: int = Field(0, ge=0)
    """All but the first of a run of so many tokens go, inside groups of parts; 50 is Lee et al.'s, 0 is off."""
    substring_group_bytes: int = Field(256 << 20, ge=1 << 16, lt=1 << 31)
    """UTF-8 bytes of text that are searched together for substrings; memory is some times that."""
    min_chars: int = Field(200, ge=1)
    """A document is dropped if something was cut from it and fewer characters are left."""
    max_share_cut: float = Field(1.0, gt=0, le=1)
    """... or if more than this share of its characters was cut."""

    @field_validator("substring_tokens")
    @classmethod
    def _is_off_or_a_run(cls, tokens: int) -> int:
        if tokens == 1:
            raise ValueError("a run of 1 token is every word that occurs again; give 2 or more (50), or 0 for off")
        return tokens

    @property
    def is_on(self) -> bool:
        """Whether anything is looked for, and so whether a run has this stage."""
        kinds = self.lines.keep != "all" or self.paragraphs.keep != "all"
        return kinds or self.sentences > 0 or self.substring_tokens > 0


class Tokenizer(_Section):
    path: str | None = None
    """A `tokenizer.json` to use; without one a tokenizer is trained on the selected documents."""
    vocab_size: int = Field(16384, ge=300, le=1 << 24)
    max_bytes: int = Field(1 << 30, ge=1 << 10)
    """Training text at most, sampled by document; memory grows with the distinct words in it."""


class Tokenize(_Section):
    append_eos: bool = True
    """Ends each document with the tokenizer's `<|endoftext|>`."""
    loss: Literal["all", "answer"] = "all"
    """What is trained on of documents that have a prompt: all, or what is behind it. `answer` encodes slower, since the
    tokenizer must say where in the text each token begins."""


class Runner(_Section):
    """Where the pipelines run. Not part of any fingerprint: the bytes do not depend on it."""

    name: Literal["local", "in_memory", "DataflowRunner", "FlinkRunner", "SparkRunner"] = "local"
    """`local` is Beam's FnApiRunner with worker processes, `in_memory` the same in this process."""
    num_workers: int = Field(0, ge=0, le=4096)
    """Worker processes of `local`; 0 is one a core, and none for stages with little input."""
    options: list[str] = []
    """Passed to Beam as they are, e.g. `--region=us-central1`."""


class Recipe(_Section):
    """A whole run."""

    name: str = "siku"
    work: str | None = None
    """Where everything is written; `--work` overrides it."""
    sources: list[Source] = Field(min_length=1)
    sample: Sample | None = None
    """Generate and serve the sample crawl that `sample:/NAME` files refer to."""
    download: Download = Download()
    extract: Extract = Extract()
    dedup: Dedup = Dedup()
    select: Select = Select()
    trim: Trim = Trim()
    tokenizer: Tokenizer = Tokenizer()
    tokenize: Tokenize = Tokenize()
    runner: Runner = Runner()

    @field_validator("sources")
    @classmethod
    def _names_are_unique(cls, sources: list[Source]) -> list[Source]:
        names = [source.name for source in sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}; a source may have several files instead")
        return sources

    @model_validator(mode="after")
    def _sample_files_have_a_sample(self) -> Self:
        wanted = [file for source in self.sources for file in source.files if file.startswith("sample:/")]
        if wanted and self.sample is None:
            raise ValueError(f"{wanted[0]!r} is a file of the sample crawl; add `sample: {{documents: 3000}}`")
        return self

    @model_validator(mode="after")
    def _sha256_names_files(self) -> Self:
        for source in self.sources:
            for file in source.sha256:
                if file not in source.files:
                    raise ValueError(f"sha256 of source {source.name!r} names {file!r}, which is not in its files")
        return self
