"""A RecordBatch must survive Beam's wire, and a slice must not drag its parent along."""

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam import coders
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from pipelines.arrow_coder import RecordBatchCoder

BATCH = pa.record_batch({"id": np.arange(4096), "text": ["四库" * 20] * 4096})


def test_round_trip_of_a_slice_is_small():
    coder = RecordBatchCoder()
    part = BATCH.slice(100, 64)
    encoded = coder.encode(part)
    assert coder.decode(encoded).equals(part)
    assert len(encoded) < len(coder.encode(BATCH)) / 32


def test_beam_uses_it_by_itself():
    assert isinstance(coders.registry.get_coder(pa.RecordBatch), RecordBatchCoder)


def _key(batch):
    return batch.num_rows % 2, batch


def _total(pair):
    return pair[0], sum(batch.num_rows for batch in pair[1])


def test_batches_go_through_a_group_by_key():
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        totals = (
            pipeline
            | beam.Create([BATCH.slice(0, n) for n in (1, 2, 3, 4)]).with_output_types(pa.RecordBatch)
            | beam.Map(_key).with_output_types(tuple[int, pa.RecordBatch])
            | beam.GroupByKey()
            | beam.Map(_total)
        )
        assert_that(totals, equal_to([(0, 6), (1, 4)]))
