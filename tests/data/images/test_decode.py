import io

import numpy as np
import pytest
from PIL import Image

from talweg.data.images import decode as decoding
from talweg.data.images.decode import PictureError, decode, read_header


def file_of(image: Image.Image, kind: str = "png", **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def ramp(height: int = 4, width: int = 6) -> np.ndarray:
    return np.arange(height * width, dtype=np.uint8).reshape(height, width) * 10


def test_gray_pixels_come_back_as_they_are():
    assert np.array_equal(decode(file_of(Image.fromarray(ramp())), "a.png", "gray").pixels[..., 0], ramp())


def test_gray_becomes_three_equal_channels():
    pixels = decode(file_of(Image.fromarray(ramp())), "a.png", "rgb").pixels
    assert pixels.shape == (4, 6, 3)
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_sixteen_bits_are_all_kept():
    values = (np.arange(24, dtype=np.uint16) * 7 + 300).reshape(4, 6)
    decoded = decode(file_of(Image.fromarray(values)), "a.png", "gray")
    assert decoded.pixels.dtype == np.float32
    np.testing.assert_allclose(decoded.pixels[..., 0] * 257, values, rtol=1e-6)
    assert "16 bits" in decoded.done[0]


def test_a_palette_is_resolved():
    image = Image.fromarray(ramp()).convert("RGB").quantize(8)
    decoded = decode(file_of(image), "a.png", "rgb")
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))
    assert "palette" in decoded.done[0]


def test_transparent_parts_lie_on_white():
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    decoded = decode(file_of(image), "a.png", "rgb")
    assert decoded.pixels[0, :, 0].tolist() == [0, 255]
    assert "white" in decoded.done[0]


def test_the_first_frame_of_an_animation():
    frames = [Image.fromarray(np.full((4, 4), shade, np.uint8)) for shade in (10, 200)]
    data = file_of(frames[0], "gif", save_all=True, append_images=frames[1:])
    decoded = decode(data, "a.gif", "gray")
    assert np.all(decoded.pixels == 10)
    assert "frames" in decoded.done[0]


def test_cmyk_becomes_rgb():
    image = Image.fromarray(np.full((4, 4, 3), (255, 0, 0), np.uint8)).convert("CMYK")
    decoded = decode(file_of(image, "jpeg", quality=95), "a.jpg", "rgb")
    assert decoded.pixels[0, 0, 0] > 200 > 60 > decoded.pixels[0, 0, 1]
    assert "CMYK" in decoded.done[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(orientation):
    # By the standard: where the stored picture's first row and first column belong.
    turned = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: np.transpose, 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).T, 8: np.rot90,
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file_of(Image.fromarray(ramp()), "png", exif=exif)
    expected = turned[orientation](ramp())
    header = read_header(data, "a.png")
    assert (header.height, header.width) == expected.shape
    assert np.array_equal(decode(data, "a.png", "gray").pixels[..., 0], expected)


def test_covering_a_size_cuts_off_evenly():
    stripes = np.zeros((10, 30), np.uint8)
    stripes[:, 10:20] = 255
    assert np.all(decode(file_of(Image.fromarray(stripes)), "a.png", "gray", (10, 10)).pixels == 255)


def test_a_truncated_picture_is_named():
    data = file_of(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)), "jpeg")
    with pytest.raises(PictureError, match=r"dog.jpg is broken or truncated"):
        decode(data[: len(data) // 2], "dog.jpg", "rgb")


def test_a_text_is_no_picture():
    with pytest.raises(PictureError, match=r"dog.jpg is no picture .* first bytes"):
        read_header(b"not a picture at all", "dog.jpg")


def test_an_enormous_picture_is_refused_before_it_is_decoded(monkeypatch):
    data = file_of(Image.fromarray(ramp()))
    monkeypatch.setattr(decoding, "MOST_PIXELS", 20)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(PictureError, match=r"big.png has 6 x 4 pixels, more than 20"):
        decode(data, "big.png", "gray")
