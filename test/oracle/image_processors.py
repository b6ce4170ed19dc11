"""Writes the images of test/fixtures/images and what transformers' image processors make of them.

    python test/oracle/image_processors.py test/fixtures/images

Needs transformers (5.24 wrote the fixture), Pillow 12.0 and numpy. The images are drawn by a fixed seed; expected.json has
the SHA-256 of each decoded picture (RGB, turned upright, over white) and, for each processor, of its float32 output.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

generator = np.random.default_rng(7)


def scene(width, height):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [127 + 100 * np.sin(x / 17 + y / 31), 127 + 90 * np.cos(x / 7 - y / 13), (x * 3 + y * 2) % 256]
    noise = generator.normal(0, 3, (height, width, 3))
    image = Image.fromarray(np.clip(np.stack(waves, -1) + noise, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.ellipse([width * 0.2, height * 0.2, width * 0.6, height * 0.7], fill=(220, 30, 40))
    draw.rectangle([width * 0.5, height * 0.5, width * 0.9, height * 0.9], outline=(0, 0, 0), width=3)
    return image


def faded(image):
    rows = np.mgrid[0 : image.height, 0 : image.width][0] * 255 // max(1, image.height - 1)
    image = image.convert("RGBA")
    image.putalpha(Image.fromarray(rows.astype(np.uint8)))
    return image


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def files():
    yield "rgb-160x120.jpg", scene(160, 120), {"quality": 85}
    yield "rgb-75x126.jpg", scene(75, 126), {"quality": 70, "subsampling": 0}
    yield "progressive-101x57.jpg", scene(101, 57), {"quality": 90, "progressive": True}
    yield "gray-83x55.jpg", scene(83, 55).convert("L"), {}
    yield "cmyk-64x48.jpg", scene(64, 48).convert("CMYK"), {}
    for orientation in range(1, 9):
        yield f"orientation-{orientation}-40x28.jpg", scene(40, 28), {"exif": turned(orientation), "quality": 92}
    yield "orientation-6-30x20.png", scene(30, 20), {"exif": turned(6)}
    yield "rgb-50x40.png", scene(50, 40), {}
    yield "rgba-56x56.png", faded(scene(56, 56)), {}
    yield "palette-60x80.png", scene(60, 80).quantize(64), {}
    yield "palette-transparent-45x35.png", scene(45, 35).quantize(16), {"transparency": 3}
    yield "bilevel-65x45.png", scene(65, 45).convert("1"), {}
    yield "gray-alpha-38x46.png", faded(scene(38, 46)).convert("LA"), {}
    yield "tall-7x150.png", scene(7, 150), {}
    yield "pixel-1x1.png", scene(1, 1), {}
    yield "lossy-105x75.webp", scene(105, 75), {"quality": 80}
    yield "lossless-alpha-50x33.webp", faded(scene(50, 33)), {"lossless": True}


processors = {
    "clip": CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}),
    "clip-padded": CLIPImageProcessorPil(size={"shortest_edge": 24}, crop_size={"height": 33, "width": 29}),
    "siglip": SiglipImageProcessorPil(size={"height": 64, "width": 64}),
    "siglip-bilinear": SiglipImageProcessorPil(size={"height": 48, "width": 40}, resample=2),
}


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


directory = Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
images = {}
for name, image, options in files():
    image.save(directory / name, **options)
    upright = ImageOps.exif_transpose(Image.open(directory / name))
    picture = processors["siglip"].convert_to_rgb(upright)
    outputs = {key: own(upright, return_tensors="np")["pixel_values"][0] for key, own in processors.items()}
    images[name] = {
        "size": list(upright.size),
        "picture": digest(picture),
        **{key: digest(values.astype(np.float32)) for key, values in outputs.items()},
    }
settings = {key: json.loads(own.to_json_string()) for key, own in processors.items()}
(directory / "expected.json").write_text(json.dumps({"processors": settings, "images": images}, indent=1) + "\n")
