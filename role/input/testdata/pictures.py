# Makes pictures of at most so many pixels in the folder that is named, and beside each what Pillow makes of it, as torchvision has it
# do. With a third argument, torchvision, that is asked too: it takes longer to load than all of the rest.
import io, os, sys
import numpy as np
from PIL import Image, ImageOps

folder, most = sys.argv[1], int(sys.argv[2])
if sys.argv[3:] == ["torchvision"]:
    from torchvision.transforms import functional as F, InterpolationMode
else:
    F = None
sizes = [(20, 20), (33, 21), (64, 64), (101, 57), (224, 224), (320, 240), (241, 640), (640, 480), (1920, 1080), (4000, 3000)]
rng = np.random.default_rng(1)


def picture(w, h, i):
    """Smooth colours, sharp edges, and noise."""
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([127 + 127 * np.sin(x / (3 + i) + y / 17), 255 * ((x // 7 + y // 5) % 2), 255 * x / w], -1)
    noise = rng.integers(0, 256, (h, w, 3))
    mask = ((x * 3 // w + y * 3 // h) % 3 == 0)[..., None]
    return Image.fromarray(np.where(mask, noise, base).astype(np.uint8))


def letterbox(im, w, h):
    r = min(w / im.width, h / im.height)
    size = max(1, int(round(im.width * r))), max(1, int(round(im.height * r)))
    whole = Image.new(im.mode, (w, h), 114 if im.mode == "L" else (114, 114, 114))
    whole.paste(im.resize(size, Image.BILINEAR), (int(round((w - size[0]) / 2 - 0.1)), int(round((h - size[1]) / 2 - 0.1))))
    return whole


def crop(im, side):
    big = round(side * 8 / 7)
    whole = im.resize([int(big * n / min(im.size)) for n in im.size], Image.BILINEAR)
    left, top = (int(round((n - side) / 2)) for n in whole.size)
    part = whole.crop((left, top, left + side, top + side))
    if F:
        other = F.center_crop(F.resize(im, big, InterpolationMode.BILINEAR), [side, side])
        assert np.array_equal(part, other), f"torchvision crops {im} otherwise"
    return part


def expected(path, mode, w, h):
    im = ImageOps.exif_transpose(Image.open(path)).convert(mode)
    yield "stretch", im.resize((w, h), Image.BILINEAR)
    yield "letterbox", letterbox(im, w, h)
    if w == h:
        yield "crop", crop(im, w)


paths = []
for i, (w, h) in enumerate(sizes):
    if w * h > most:
        continue
    im = picture(w, h, i)
    exif = Image.Exif()
    exif[0x0112] = i % 8 + 1
    stem = os.path.join(folder, f"p{i}")
    im.save(stem + ".png")
    im.save(stem + ".jpg", quality=60 + 4 * i, subsampling=[2, 1, 0, 2][i % 4], progressive=i % 2 == 1, exif=exif)
    paths += [stem + ".png", stem + ".jpg"]
    if i < 8:
        im.save(stem + ".webp", quality=80, lossless=i % 3 == 2)
        paths.append(stem + ".webp")
for i, mode in enumerate(["L", "P", "RGBA", "LA", "1", "CMYK"]):
    im = picture(90, 70, i)
    if mode in ("RGBA", "LA"):
        im.putalpha(Image.fromarray(rng.integers(0, 256, (70, 90)).astype(np.uint8)))
    im = im.convert(mode)
    path = os.path.join(folder, "m" + mode + (".jpg" if mode == "CMYK" else ".png"))
    im.save(path)
    paths.append(path)
for path in paths:
    large = "p8." in path or "p9." in path
    for mode, side in [("RGB", 224)] + [("RGB", 65), ("L", 28)] * (not large):
        for fit, im in expected(path, mode, side, side):
            np.asarray(im).tofile(f"{path}.{fit}.{mode}.{side}")
    for fit, im in expected(path, "RGB", 160, 96):
        np.asarray(im).tofile(f"{path}.{fit}.RGB.160x96")
