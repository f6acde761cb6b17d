"""SigLIP in PyTorch, small: module names give the tensor names that open_clip and timm publish."""

import json
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

IMAGE_SIZE, PATCH, WIDTH, HEADS, MLP_RATIO = 64, 16, 128, 4, 4
VISION_DEPTH, TEXT_DEPTH, CONTEXT = 4, 2, 32
EPS = 1e-6


def config(vocab_size):
    """open_clip_config.json: a base model of timm in all but its sizes, which the kwargs set."""
    half = [0.5, 0.5, 0.5]
    return {
        "model_cfg": {
            "embed_dim": WIDTH,
            "init_logit_bias": -4,
            "custom_text": True,
            "vision_cfg": {
                "image_size": IMAGE_SIZE,
                "timm_model_name": "vit_base_patch16_siglip_224",
                "timm_model_pretrained": False,
                "timm_pool": "map",
                "timm_proj": "none",
                "timm_model_kwargs": {
                    "embed_dim": WIDTH,
                    "depth": VISION_DEPTH,
                    "num_heads": HEADS,
                    "mlp_ratio": MLP_RATIO,
                    "patch_size": PATCH,
                    "img_size": IMAGE_SIZE,
                },
            },
            "text_cfg": {
                "context_length": CONTEXT,
                "vocab_size": vocab_size,
                "hf_tokenizer_name": "demo-shapes",
                "tokenizer_kwargs": {"clean": "canonicalize"},
                "width": WIDTH,
                "heads": HEADS,
                "layers": TEXT_DEPTH,
                "mlp_ratio": MLP_RATIO,
                "no_causal_mask": True,
                "proj_bias": True,
                "pool_type": "last",
                "norm_kwargs": {"eps": EPS},
            },
        },
        "preprocess_cfg": {"mean": half, "std": half, "interpolation": "bicubic", "resize_mode": "squash"},
    }


def attend(q, k, v):
    """[batch, tokens, WIDTH] each; no mask, ever: padding takes part, as in SigLIP."""
    q, k, v = (x.unflatten(-1, (HEADS, -1)).transpose(1, 2) for x in (q, k, v))
    weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)
    return (weights @ v).transpose(1, 2).flatten(2)


class Module(nn.Module):
    """Children are named by the keywords, so that a tower's names stay those of its publisher."""

    def __init__(self, **children):
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)


class LayerNorm(nn.LayerNorm):
    """In float32 always: training runs the products around it in bfloat16."""

    def forward(self, x):
        return F.layer_norm(x.float(), self.normalized_shape, self.weight, self.bias, self.eps)


def norm():
    return LayerNorm(WIDTH, eps=EPS)


def mlp(up, down):
    inner = int(WIDTH * MLP_RATIO)
    return Module(**{up: nn.Linear(WIDTH, inner), down: nn.Linear(inner, WIDTH)})


class VisionBlock(Module):
    def __init__(self):
        attention = Module(qkv=nn.Linear(WIDTH, 3 * WIDTH), proj=nn.Linear(WIDTH, WIDTH))
        super().__init__(norm1=norm(), attn=attention, norm2=norm(), mlp=mlp("fc1", "fc2"))

    def forward(self, x):
        x = x + self.attn.proj(attend(*self.attn.qkv(self.norm1(x)).chunk(3, -1)))
        return x + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class AttentionPool(Module):
    def __init__(self):
        super().__init__(
            q=nn.Linear(WIDTH, WIDTH), kv=nn.Linear(WIDTH, 2 * WIDTH), proj=nn.Linear(WIDTH, WIDTH),
            norm=norm(), mlp=mlp("fc1", "fc2"), latent=nn.Parameter(torch.randn(1, 1, WIDTH)),
        )

    def forward(self, x):
        q = self.q(self.latent).expand(len(x), 1, WIDTH)
        y = self.proj(attend(q, *self.kv(x).chunk(2, -1)))[:, 0]
        return y + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm(y))))


class Vision(Module):
    def __init__(self):
        super().__init__(
            patch_embed=Module(proj=nn.Conv2d(3, WIDTH, PATCH, PATCH)),
            pos_embed=nn.Parameter(_grid_positions()),
            blocks=nn.ModuleList(VisionBlock() for _ in range(VISION_DEPTH)),
            norm=norm(), attn_pool=AttentionPool(),
        )

    def forward(self, pixels):
        x = self.patch_embed.proj(pixels).flatten(2).transpose(1, 2) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.attn_pool(self.norm(x))


class TextAttention(Module):
    def __init__(self):
        weight = nn.init.xavier_uniform_(torch.empty(3 * WIDTH, WIDTH))
        super().__init__(
            in_proj_weight=nn.Parameter(weight), in_proj_bias=nn.Parameter(torch.zeros(3 * WIDTH)),
            out_proj=nn.Linear(WIDTH, WIDTH),
        )

    def forward(self, x):
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        return self.out_proj(attend(*qkv.chunk(3, -1)))


class TextBlock(Module):
    def __init__(self):
        super().__init__(ln_1=norm(), attn=TextAttention(), ln_2=norm(), mlp=mlp("c_fc", "c_proj"))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x))))


class Text(Module):
    def __init__(self, vocab_size):
        super().__init__(
            token_embedding=nn.Embedding(vocab_size, WIDTH),
            positional_embedding=nn.Parameter(torch.randn(CONTEXT, WIDTH) * 0.1),
            transformer=Module(resblocks=nn.ModuleList(TextBlock() for _ in range(TEXT_DEPTH))),
            ln_final=norm(), text_projection=nn.Linear(WIDTH, WIDTH),
        )
        nn.init.normal_(self.token_embedding.weight, std=0.1)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding
        for block in self.transformer.resblocks:
            x = block(x)
        return self.text_projection(self.ln_final(x[:, -1]))


class Siglip(Module):
    """Both towers; the embeddings are not normalised."""

    def __init__(self, vocab_size):
        super().__init__(
            visual=Module(trunk=Vision()), text=Text(vocab_size),
            logit_scale=nn.Parameter(torch.tensor(math.log(10.0))),
            logit_bias=nn.Parameter(torch.tensor(-4.0)),
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def logits(self, images, texts):
        """[images, texts] of their embeddings."""
        cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
        return cosine * self.logit_scale.exp() + self.logit_bias


def _grid_positions():
    """[1, patches, WIDTH] sines and cosines of row and column: where training starts, not a constant."""
    side, quarter = IMAGE_SIZE // PATCH, WIDTH // 4
    angles = torch.arange(side)[:, None] * 100.0 ** (-torch.arange(quarter) / quarter)
    axis = torch.cat([angles.sin(), angles.cos()], 1)
    rows, columns = axis[:, None].expand(-1, side, -1), axis[None].expand(side, -1, -1)
    return torch.cat([rows, columns], 2).reshape(1, side * side, WIDTH) * 0.3


def normalised(pixels):
    """uint8 [n, S, S, 3] to float32 [n, 3, S, S], rounded as torchvision does."""
    planes = torch.as_tensor(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).contiguous()
    return (planes.float() / 255 - 0.5) / 0.5


def save(model, path):
    """Writes safetensors by hand: length of the header, header, tensors in float16."""
    header, blobs, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in sorted(model.state_dict().items()):
        blob = tensor.detach().numpy().astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [end, end + len(blob)]}
        blobs.append(blob)
        end += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path, vocab_size):
    """The model of a file that `save` wrote: float32 arithmetic on weights rounded to float16."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__")
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], "<f2").astype(np.float32)
        state[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    model = Siglip(vocab_size)
    model.load_state_dict(state)
    return model.eval()
