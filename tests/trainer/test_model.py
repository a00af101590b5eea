"""The model must not see across documents: packing may change nothing but speed."""

import torch

from trainer.model import Decoder, ModelOptions, document_mask

OPTIONS = ModelOptions(vocab_size=50, width=32, num_layers=2, num_heads=2)


def test_mask_is_causal_and_block_diagonal():
    mask = document_mask(torch.tensor([[0, 1, 0], [0, 1, 2]]))
    assert mask[0, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert mask[1, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


def test_packed_documents_give_the_logits_of_each_alone():
    generator = torch.Generator().manual_seed(1)
    documents = [torch.randint(0, 50, (length,), generator=generator) for length in (7, 1, 12)]
    model = Decoder(OPTIONS)
    positions = torch.cat([torch.arange(len(document)) for document in documents])
    with torch.no_grad():
        packed = model(torch.cat(documents)[None], positions[None])[0]
        alone = torch.cat([model(document[None], torch.arange(len(document))[None])[0] for document in documents])
        unpacked = model(torch.cat(documents)[None], torch.arange(20)[None])[0]
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(packed[7:], unpacked[7:], atol=1e-3)


def test_loss_ignores_labels_of_minus_100():
    ids = torch.randint(0, 50, (1, 9), generator=torch.Generator().manual_seed(2))
    positions, labels = torch.arange(9)[None], torch.full((1, 9), -100)
    labels[0, 2] = 5
    model = Decoder(OPTIONS)
    expected = -model(ids, positions)[0, 2].log_softmax(0)[5]
    torch.testing.assert_close(model.loss(ids, positions, labels), expected)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = Decoder(OPTIONS, seed=3).state_dict()
    torch.manual_seed(2)
    second = Decoder(OPTIONS, seed=3).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embed.weight"], Decoder(OPTIONS, seed=4).state_dict()["embed.weight"])
