"""Reading flat pictures of every kind, refusing what is none, and writing them."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms, ImageOps

from layersr import color, images
from layersr.color import srgb_profile
from layersr.errors import InputError, OutputError, UsageError
from layersr.images import read_image, read_mask, write_image


def noise(height: int = 5, width: int = 7, channels: int = 4, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


def opaque(rgb: np.ndarray) -> np.ndarray:
    return np.dstack([rgb, np.full(rgb.shape[:2], np.iinfo(rgb.dtype).max, rgb.dtype)])


def png(ihdr: bytes, data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG by hand: what no library here writes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    middle = b"".join(chunk(*c) for c in chunks)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + middle + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "bmp"])
def test_8bit_colour_to_the_bit(tmp_path: Path, suffix: str):
    path, rgb = tmp_path / f"x.{suffix}", noise(channels=3)
    PIL.Image.fromarray(rgb).save(path, **({"lossless": True} if suffix == "webp" else {}))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, opaque(rgb))
    assert image.pixels.dtype == np.uint8
    assert image.icc is None
    assert image.resolution is None or suffix == "bmp"


@pytest.mark.parametrize("suffix", ["jpg", "avif", "gif"])
def test_lossy_colour_nearly(tmp_path: Path, suffix: str):
    path = tmp_path / f"x.{suffix}"
    rgb = cv2.resize(noise(2, 3, 3), (48, 32), interpolation=cv2.INTER_LINEAR)
    PIL.Image.fromarray(rgb).save(path)
    image = read_image(path)
    assert np.abs(image.pixels.astype(int) - opaque(rgb)).mean() < 6
    assert image.resolution is None


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16bit_to_the_bit(tmp_path: Path, suffix: str, channels: int):
    path, pixels = tmp_path / f"x.{suffix}", noise(channels=channels, dtype=np.uint16)
    if suffix == "tif" and channels == 4:
        path.write_bytes(tiff_rgba16(pixels, extra=2))
    else:
        cv2.imwrite(str(path), pixels[..., [2, 1, 0, 3][:channels]] if channels > 1 else pixels[..., 0])
    read = read_image(path).pixels
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, pixels if channels == 4 else opaque(pixels.repeat(3 // channels, axis=2)))


def tiff_rgba16(pixels: np.ndarray, extra: int, orientation: int = 1) -> bytes:
    height, width = pixels.shape[:2]
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 0),
        (259, 3, 1),
        (262, 3, 2),
        (273, 4, 0),
        (274, 3, orientation),
    ]
    tags += [(277, 3, 4), (278, 4, height), (279, 4, pixels.nbytes), (284, 3, 1), (338, 3, extra)]
    at = 8 + 2 + 12 * len(tags) + 4
    body = b""
    for tag, kind, value in tags:
        count = 4 if tag == 258 else 1
        value = {258: at, 273: at + 8}.get(tag, value)
        body += struct.pack("<HHI", tag, kind, count) + (
            struct.pack("<HH", value, 0) if kind == 3 and tag != 258 else struct.pack("<I", value)
        )
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(tags))
        + body
        + bytes(4)
        + struct.pack("<4H", 16, 16, 16, 16)
        + pixels.tobytes()
    )


def test_16bit_tiff_premultiplied_alpha_becomes_straight(tmp_path: Path):
    pixels = noise(dtype=np.uint16)
    pixels[0, 0, 3] = 0
    stored = pixels.copy()
    stored[..., :3] = np.rint(pixels[..., :3] * (pixels[..., 3:] / 65535))
    path = tmp_path / "x.tif"
    path.write_bytes(tiff_rgba16(stored, extra=1))
    read = read_image(path).pixels
    solid = pixels[..., 3] > 2000
    assert np.abs(read[solid].astype(int) - pixels[solid]).max() <= 17  # half a stored level, divided by alpha
    np.testing.assert_array_equal(read[..., 3], pixels[..., 3])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png8", "png16", "tif8", "tif16", "jpg"])
def test_exif_orientation(tmp_path: Path, orientation: int, kind: str):
    """A picture comes out upright, whichever library decoded it."""
    path = tmp_path / f"x.{kind.rstrip('0123456789')}"
    rgb = cv2.resize(noise(2, 3, 3), (24, 16), interpolation=cv2.INTER_NEAREST)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    rational = (300.0, 150.0)
    if kind == "tif16":
        path.write_bytes(tiff_rgba16(opaque(rgb.astype(np.uint16) * 257), extra=2, orientation=orientation))
    elif kind == "png16":
        header = struct.pack(">IIBBBBB", 24, 16, 16, 2, 0, 0, 0)
        rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in rgb)
        path.write_bytes(png(header, rows, (b"eXIf", exif.tobytes()[6:])))
    else:
        PIL.Image.fromarray(rgb).save(
            path, exif=exif, dpi=rational, **({"quality": 100, "subsampling": 0} if kind == "jpg" else {})
        )
    plain = PIL.Image.fromarray(rgb)
    plain.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(plain))
    image = read_image(path)
    got = image.pixels if image.pixels.dtype == np.uint8 else (image.pixels // 257).astype(np.uint8)
    assert got.shape == opaque(upright).shape
    assert np.abs(got.astype(int) - opaque(upright)).max() <= (12 if kind == "jpg" else 0)
    if not kind.endswith("16"):
        wanted = rational[::-1] if orientation > 4 else rational
        assert image.resolution == pytest.approx(wanted, rel=1e-3)


def test_palette_with_transparency(tmp_path: Path):
    indexed = PIL.Image.new("P", (3, 1))
    indexed.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    indexed.putdata([0, 1, 2])
    indexed.save(tmp_path / "x.png", transparency=bytes([0, 128, 255]))
    np.testing.assert_array_equal(
        read_image(tmp_path / "x.png").pixels[0], [[10, 20, 30, 0], [40, 50, 60, 128], [70, 80, 90, 255]]
    )


def test_colour_key_at_16_bit(tmp_path: Path):
    """PNG's tRNS names one 16-bit colour that is transparent; only that exact one."""
    rgb = np.array([[[256, 2, 3], [256, 2, 4]]], np.uint16)
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(
        png(header, b"\0" + rgb.astype(">u2").tobytes(), (b"tRNS", struct.pack(">3H", 256, 2, 3)))
    )
    np.testing.assert_array_equal(read_image(tmp_path / "x.png").pixels[0], [[256, 2, 3, 0], [256, 2, 4, 65535]])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA"])
def test_small_modes(tmp_path: Path, mode: str):
    rgba = noise()
    source = PIL.Image.fromarray(rgba).convert(mode)
    source.save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png").pixels, np.asarray(source.convert("RGBA")))


def test_hidden_colours_under_transparency_survive(tmp_path: Path):
    rgba = noise()
    rgba[..., 3] = 0
    PIL.Image.fromarray(rgba).save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png").pixels, rgba)


def test_grey_alpha_at_16_bit(tmp_path: Path):
    values = noise(1, 4, 2, np.uint16)
    header = struct.pack(">IIBBBBB", 4, 1, 16, 4, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(png(header, b"\0" + values.astype(">u2").tobytes()))
    np.testing.assert_array_equal(read_image(tmp_path / "x.png").pixels, values[..., [0, 0, 0, 1]])


def test_one_pixel(tmp_path: Path):
    PIL.Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png").pixels, [[[1, 2, 3, 255]]])


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "avif"])
def test_rgb_profile_and_resolution_are_kept(tmp_path: Path, suffix: str):
    path = tmp_path / f"x.{suffix}"
    PIL.Image.new("RGB", (8, 8), "red").save(path, icc_profile=srgb_profile(), dpi=(300, 300))
    image = read_image(path)
    assert image.icc == srgb_profile()
    if suffix in ("png", "jpg", "tif"):
        assert image.resolution == pytest.approx((300, 300), rel=1e-3)


def test_a_broken_profile_is_dropped(tmp_path: Path):
    PIL.Image.new("RGB", (8, 8), "red").save(tmp_path / "x.png", icc_profile=b"no profile at all")
    assert read_image(tmp_path / "x.png").icc is None


def test_resolution_is_not_made_up(tmp_path: Path):
    """Pillow says 72 for a JPEG whose EXIF has no resolution; the file does not."""
    exif = PIL.Image.Exif()
    exif[0x010E] = "a description"
    PIL.Image.new("RGB", (8, 8)).save(tmp_path / "x.jpg", exif=exif)
    assert read_image(tmp_path / "x.jpg").resolution is None


def test_cmyk(tmp_path: Path):
    """Full cyan is no red; no ink is white. JPEG stores it inverted, TIFF does not."""
    cmyk = PIL.Image.new("CMYK", (16, 8), (255, 0, 0, 0))
    cmyk.paste((0, 0, 0, 0), (8, 0, 16, 8))
    for name in ("x.tif", "x.jpg"):
        cmyk.save(tmp_path / name)
        image = read_image(tmp_path / name)
        assert image.icc is None
        assert np.abs(image.pixels[4, 2].astype(int) - [0, 255, 255, 255]).max() <= 2
        assert np.abs(image.pixels[4, 13].astype(int) - 255).max() <= 2


def grey_profile(gamma: float) -> bytes:
    """A minimal grey ICC profile, version 2."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)),
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s",
        132 + 12 * len(tags) + len(body),
        bytes(4),
        0x02400000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
        bytes(12),
        b"acsp",
    )
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body


def srgb_of(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def test_grey_profile_is_converted_at_8_bit(tmp_path: Path):
    grey = np.arange(256, dtype=np.uint8)[None]
    PIL.Image.fromarray(grey).save(tmp_path / "x.png", icc_profile=grey_profile(1.0))
    image = read_image(tmp_path / "x.png")
    assert image.icc is None
    assert np.abs(image.pixels[0, :, 0] - srgb_of(grey[0] / 255) * 255).max() < 1.6
    assert np.ptp(image.pixels[..., :3], axis=2).max() <= 1


def test_grey_profile_is_converted_at_16_bit(tmp_path: Path):
    """Finer than Pillow's 8 bit can say."""
    grey = np.linspace(0, 65535, 4000).astype(np.uint16)[None]
    header = struct.pack(">IIBBBBB", 4000, 1, 16, 0, 0, 0, 0)
    iccp = b"grey\0\0" + zlib.compress(grey_profile(1.8))
    (tmp_path / "x.png").write_bytes(png(header, b"\0" + grey.astype(">u2").tobytes(), (b"iCCP", iccp)))
    image = read_image(tmp_path / "x.png")
    assert image.icc is None
    wanted = srgb_of((grey[0] / 65535) ** 1.8) * 65535
    assert np.abs(image.pixels[0, :, 1] - wanted)[grey[0] > 2000].max() < 40  # 0.16 of an 8-bit level
    assert len(np.unique(image.pixels[0, :, 1])) > 3500


def test_lab(tmp_path: Path):
    lab = ImageCms.profileToProfile(
        PIL.Image.new("RGB", (4, 4), (200, 100, 50)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    lab.save(tmp_path / "x.tif")
    assert np.abs(read_image(tmp_path / "x.tif").pixels[0, 0].astype(int) - [200, 100, 50, 255]).max() <= 3


# What is no picture


def refused(path: Path, *words: str) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(InputError) as caught:
        read_image(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for word in (path.name, *words):
        assert word in sentence
    return sentence


def test_missing(tmp_path: Path):
    refused(tmp_path / "none.png", "does not exist")


def test_folder(tmp_path: Path):
    refused(tmp_path, "is a folder")


def test_empty(tmp_path: Path):
    (tmp_path / "x.png").touch()
    refused(tmp_path / "x.png", "0 bytes")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "x.png").touch()

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    refused(tmp_path / "x.png", "may not be read")


def test_impossible_name():
    with pytest.raises(InputError):
        read_image("a" * 5000 + ".png")
    with pytest.raises(InputError):
        read_image("nul\0.png")


@pytest.mark.parametrize("data", [b"hello", b"%PDF-1.7 and more", b"\0" * 100, b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_not_a_picture(tmp_path: Path, data: bytes):
    (tmp_path / "x.png").write_bytes(data)
    refused(tmp_path / "x.png", "not a picture", "PNG, JPEG")


@pytest.mark.parametrize(
    "data", [b"8BPS\0\1" + bytes(60), b"PK\3\4" + bytes(26) + b"mimetypeimage/openraster", b"gimp xcf v011\0"]
)
def test_layered_document(tmp_path: Path, data: bytes):
    (tmp_path / "x.png").write_bytes(data)
    refused(tmp_path / "x.png", "has layers already", "layersr flatten")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "gif", "avif", "bmp"])
def test_cut_short(tmp_path: Path, suffix: str):
    """Wherever a file breaks off, the answer is a sentence."""
    whole = BytesIO()
    PIL.Image.fromarray(noise(40, 60, 3)).save(whole, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix))
    data = whole.getvalue()
    for share in (0.02, 0.3, 0.6, 0.9):
        (tmp_path / f"x.{suffix}").write_bytes(data[: max(16, int(len(data) * share))])
        refused(tmp_path / f"x.{suffix}", "cut short")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_cut_short_at_16_bit(tmp_path: Path, suffix: str):
    path = tmp_path / f"x.{suffix}"
    cv2.imwrite(str(path), noise(40, 60, 3, np.uint16))
    data = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        refused(path, "cut short")


def test_damaged_anywhere(tmp_path: Path):
    """Bytes turned over at random give a picture or a sentence, never another exception."""
    rng = np.random.default_rng(0)
    for suffix, save in {
        "png": {},
        "jpg": {},
        "webp": {},
        "tif": {"compression": "tiff_lzw"},
        "gif": {},
        "bmp": {},
    }.items():
        whole = BytesIO()
        PIL.Image.fromarray(noise(20, 30, 3)).save(whole, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix), **save)
        for _ in range(40):
            data = bytearray(whole.getvalue())
            for at in rng.integers(4, len(data), 4):
                data[at] = rng.integers(256)
            (tmp_path / "x").write_bytes(data)
            with suppress(InputError):
                read_image(tmp_path / "x")


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif", "tif"])
def test_animated(tmp_path: Path, suffix: str):
    path = tmp_path / f"x.{suffix}"
    frames = [PIL.Image.new("RGB", (8, 8), c) for c in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    refused(path, "3 pages" if suffix == "tif" else "3 frames", "save the one you want as a PNG")


def test_multi_picture_jpeg_is_its_first(tmp_path: Path):
    """Telephones and stereo cameras put a second picture behind the photograph."""
    first = PIL.Image.new("RGB", (8, 8), "red")
    first.save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=[PIL.Image.new("RGB", (4, 4), "blue")])
    assert read_image(tmp_path / "x.jpg").pixels.shape == (8, 8, 4)


@pytest.mark.parametrize(("width", "height"), [(40_000, 1), (1, 30_001), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_too_large_by_the_header(tmp_path: Path, width: int, height: int, monkeypatch: pytest.MonkeyPatch):
    """Refused before a pixel is decoded: a bomb of a few bytes costs nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(png(header, bytes(1000)))
    monkeypatch.setattr(PIL.Image.Image, "load", lambda self: pytest.fail("decoded"))
    refused(tmp_path / "x.png", f"{width:,} x {height:,}", "30,000")


def test_large_enough_for_pillows_own_warning_is_read(tmp_path: Path):
    """Pillow warns above 89 megapixels and refuses above 179; our own limit is the one that counts."""
    PIL.Image.new("1", (15_000, 6_000)).save(tmp_path / "x.png")
    limit = PIL.Image.MAX_IMAGE_PIXELS
    with images._quiet(), PIL.Image.open(tmp_path / "x.png") as opened:
        images._check(opened, tmp_path / "x.png")
    assert limit == PIL.Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("mode", ["F", "I"])
def test_32_bit(tmp_path: Path, mode: str):
    PIL.Image.new(mode, (4, 4)).save(tmp_path / "x.tif")
    refused(tmp_path / "x.tif", "32 bits")


# Writing


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_written_is_read(tmp_path: Path, suffix: str, dtype: type):
    path, pixels = tmp_path / f"x.{suffix}", noise(dtype=dtype)
    write_image(pixels, path, srgb_profile(), (300.0, 150.0))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, pixels if suffix == "png" else color.to_8bit(pixels))
    assert image.icc == srgb_profile()
    if suffix != "webp":
        assert image.resolution == pytest.approx((300, 150), rel=1e-3)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_jpeg_is_matted_on_white(tmp_path: Path):
    write_image(np.zeros((8, 8, 4), np.uint8), tmp_path / "x.JPG")
    np.testing.assert_array_equal(read_image(tmp_path / "x.JPG").pixels, 255)


def test_unknown_suffix(tmp_path: Path):
    with pytest.raises(UsageError, match=r"\.png"):
        write_image(noise(), tmp_path / "x.xyz")


def test_too_large_for_webp(tmp_path: Path):
    with pytest.raises(OutputError, match="write a PNG"):
        write_image(np.zeros((1, 16384, 4), np.uint8), tmp_path / "x.webp")


def test_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(OutputError, match="does not exist"):
        write_image(noise(), tmp_path / "none" / "x.tif")


# Masks


def test_mask_by_lightness(tmp_path: Path):
    grey = np.array([[0, 1, 20, 255]], np.uint8)
    PIL.Image.fromarray(grey).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 4, 1), [[False, False, True, True]])


def test_mask_as_label_map(tmp_path: Path):
    PIL.Image.fromarray(np.array([[0, 1, 1, 0]], np.uint8)).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 4, 1), [[False, True, True, False]])


def test_mask_by_alpha(tmp_path: Path):
    """A black brush stroke on a transparent layer selects what it covers."""
    rgba = np.zeros((1, 4, 4), np.uint8)
    rgba[0, :, 3] = [0, 127, 128, 255]
    PIL.Image.fromarray(rgba).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 4, 1), [[False, False, True, True]])


def test_mask_of_another_size(tmp_path: Path):
    PIL.Image.new("L", (4, 4), 255).save(tmp_path / "m.png")
    with pytest.raises(UsageError, match="4 x 4 pixels but the image is 5 x 4"):
        read_mask(tmp_path / "m.png", 5, 4)


def test_empty_mask(tmp_path: Path):
    PIL.Image.new("L", (4, 4), 0).save(tmp_path / "m.png")
    with pytest.raises(UsageError, match="selects nothing"):
        read_mask(tmp_path / "m.png", 4, 4)


def test_third_party_pictures(shared_data: Path):
    """One of each folder and kind: real files have profiles, EXIF and oddities that drawn ones lack."""
    found = {}
    for folder in ("photos", "paintings", "cutouts", "sr", "saliency"):
        for path in sorted((shared_data / folder).rglob("*.*")):
            if path.suffix in (".jpg", ".webp", ".png"):
                found.setdefault((path.parent, path.suffix), path)
    for path in found.values():
        image = read_image(path)
        with PIL.Image.open(path) as plain:
            assert {image.width, image.height} == set(plain.size)
