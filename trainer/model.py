"""A small decoder-only transformer that reads packed rows: documents of a row do not see one another.

RMSNorm (https://arxiv.org/abs/1910.07467) before each block, rotary positions
(https://arxiv.org/abs/2104.09864) taken from `position_ids`, SwiGLU (https://arxiv.org/abs/2002.05202),
scaled-dot-product attention under a causal mask that is block-diagonal by document, embedding and output
tied.

The mask is made from `position_ids` alone: a segment begins where they are 0. It is dense, of shape [B, 1,
T, T], so this model is for reading and testing; long rows want a kernel that takes `cu_seqlens`.

Legend: B rows, T tokens, D width, H heads, K width of a head, V vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class ModelOptions:
    """Sizes of the model.

    Fields:
        vocab_size: V.
        width: D, a multiple of `2 * num_heads`.
        num_layers: blocks.
        num_heads: H.
        rope_base: slowest rotation's base.
    """

    vocab_size: int
    width: int = 128
    num_layers: int = 4
    num_heads: int = 4
    rope_base: float = 10_000.0

    def __post_init__(self) -> None:
        if self.width % (2 * self.num_heads):
            raise ValueError(f"width {self.width} is no multiple of 2 * num_heads = {2 * self.num_heads}")


class Decoder(nn.Module):
    """Token ids and positions -> logits.

    Args:
        options: sizes.
        seed: of the initial weights; they depend on nothing else.

    Example: `Decoder(ModelOptions(vocab_size=8000))(input_ids, position_ids)` -> logits of shape `[B, T, V]`.
    """

    def __init__(self, options: ModelOptions, seed: int = 0) -> None:
        super().__init__()
        self.options = options
        self.embed = nn.Embedding(options.vocab_size, options.width)
        self.blocks = nn.ModuleList(_Block(options) for _ in range(options.num_layers))
        self.norm = nn.RMSNorm(options.width)
        generator = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                narrow = (2 * options.num_layers) ** -0.5 if name.endswith("out.weight") else 1.0
                nn.init.normal_(weight, std=0.02 * narrow, generator=generator)

    def forward(self, input_ids: Tensor, position_ids: Tensor) -> Tensor:
        """Logits of shape `[B, T, V]`.

        Args:
            input_ids: int64 `[B, T]`.
            position_ids: int64 `[B, T]`, 0 at the start of every segment.
        """
        mask_B1TT = document_mask(position_ids)
        rotation = rotary_tables(position_ids, self.options.width // self.options.num_heads, self.options.rope_base)
        hidden_BTD = self.embed(input_ids)
        for block in self.blocks:
            hidden_BTD = block(hidden_BTD, rotation, mask_B1TT)
        return functional.linear(self.norm(hidden_BTD), self.embed.weight)

    def loss(self, input_ids: Tensor, position_ids: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy over the labels that are not -100."""
        logits_BTV = self(input_ids, position_ids)
        return functional.cross_entropy(logits_BTV.flatten(0, 1).float(), labels.flatten())


def document_mask(position_ids: Tensor) -> Tensor:
    """Who may look at whom, bool `[B, 1, T, T]`: the same segment, not later.

    Example: positions [0, 1, 0] -> [[1, 0, 0], [1, 1, 0], [0, 0, 1]].
    """
    segment_BT = (position_ids == 0).cumsum(dim=1)
    same_BTT = segment_BT[:, :, None] == segment_BT[:, None, :]
    length = position_ids.shape[1]
    causal_TT = torch.ones(length, length, dtype=torch.bool, device=position_ids.device).tril()
    return (same_BTT & causal_TT)[:, None]


def rotary_tables(position_ids: Tensor, head_width: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position's angles, each `[B, 1, T, K / 2]`."""
    steps = torch.arange(0, head_width, 2, device=position_ids.device, dtype=torch.float32)
    angles = position_ids[:, None, :, None].float() * base ** (-steps / head_width)
    return angles.cos(), angles.sin()


def rotate(heads_BHTK: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair (k, k + K / 2) by its angle."""
    cos, sin = rotation
    left, right = heads_BHTK.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, left * sin + right * cos), dim=-1)


class _Block(nn.Module):
    def __init__(self, options: ModelOptions) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(options.width)
        self.attention = _Attention(options)
        self.mlp_norm = nn.RMSNorm(options.width)
        self.mlp = _SwiGLU(options.width)

    def forward(self, hidden_BTD: Tensor, rotation: tuple[Tensor, Tensor], mask_B1TT: Tensor) -> Tensor:
        hidden_BTD = hidden_BTD + self.attention(self.attention_norm(hidden_BTD), rotation, mask_B1TT)
        return hidden_BTD + self.mlp(self.mlp_norm(hidden_BTD))


class _Attention(nn.Module):
    def __init__(self, options: ModelOptions) -> None:
        super().__init__()
        self.num_heads = options.num_heads
        self.qkv = nn.Linear(options.width, 3 * options.width, bias=False)
        self.out = nn.Linear(options.width, options.width, bias=False)

    def forward(self, hidden_BTD: Tensor, rotation: tuple[Tensor, Tensor], mask_B1TT: Tensor) -> Tensor:
        heads = self.qkv(hidden_BTD).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind(0)
        query, key = rotate(query, rotation), rotate(key, rotation)
        mixed_BHTK = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask_B1TT)
        return self.out(mixed_BHTK.transpose(1, 2).flatten(2))


class _SwiGLU(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = -(-8 * width // 3 // 32) * 32
        self.gate_up = nn.Linear(width, 2 * inner, bias=False)
        self.out = nn.Linear(inner, width, bias=False)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        gate, up = self.gate_up(hidden_BTD).chunk(2, dim=-1)
        return self.out(functional.silu(gate) * up)
