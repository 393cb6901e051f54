"""Masks are read exactly: gray, palettes, colors; what they hold is told, and what they cannot hold refused."""

import io

import numpy as np
import pytest
from PIL import Image

from talweg.data.images.labels import IGNORED, labels_of
from talweg.data.images.mask_values import decode_mask
from talweg.data.images.masks import masks_of, nearest_within, of_arrays, read_masked
from talweg.data.images.save import save_mask
from talweg.errors import DataError

MASK = np.array([[0, 0, 1], [2, 2, 1]], np.uint8)


def in_file(image):
    file = io.BytesIO()
    image.save(file, "png")
    return decode_mask(file.getvalue(), "mask.png")


def with_palette(mask, colors):
    image = Image.fromarray(mask)
    image.putpalette(colors)
    return image


PALETTE = with_palette(MASK, [0, 0, 0, 255, 0, 0, 0, 0, 255])
COLOURS = PALETTE.convert("RGB")


@pytest.mark.parametrize(
    ("image", "kind", "names"),
    [
        (Image.fromarray(MASK), "gray", ("0", "1", "2")),
        (Image.fromarray(MASK * np.uint16(300)), "gray", ("0", "300", "600")),
        (Image.fromarray(MASK * np.uint8(100)).convert("RGB"), "gray", ("0", "100", "200")),
        (PALETTE, "palette", ("0", "1", "2")),
        (COLOURS, "rgb", ("#000000", "#0000ff", "#ff0000")),
        (COLOURS.convert("RGBA"), "rgb", ("#000000", "#0000ff", "#ff0000")),
    ],
)
def test_every_kind_comes_back_as_it_was(image, kind, names):
    values = in_file(image)
    labels = labels_of([values], ["mask.png"])
    assert (labels.kind, labels.names) == (kind, names)
    codes = labels.codes(values, "mask.png")
    again = {0: 0, 1: 1, 2: 2} if kind != "rgb" else {0: 0, 1: 2, 2: 1}
    np.testing.assert_array_equal(codes, np.vectorize(again.get)(MASK))
    written = save_mask(labels.picture(codes), kind, dict(zip(labels.values, labels.palette, strict=False)))
    plain = image.convert("RGB") if image.mode != "I;16" else image
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(written)).convert(plain.mode)), np.asarray(plain))


def test_black_and_white_of_one_bit():
    values = in_file(Image.fromarray(MASK == 1))
    assert labels_of([values], ["a"]).names == ("0", "255")


def test_palettes_that_differ_are_told_apart_by_their_colors():
    other = with_palette(2 - MASK, [0, 0, 255, 255, 0, 0, 0, 0, 0])
    values = [in_file(PALETTE), in_file(other)]
    labels = labels_of(values, ["a", "b"])
    assert labels.kind == "rgb"
    np.testing.assert_array_equal(*(labels.codes(each, "mask") for each in values))


@pytest.mark.parametrize(
    ("values", "void"), [((0, 1, 255), 255), ((1, 2, 3, 255), 255), ((0, 255), None), ((0, 128, 255), None)]
)
def test_255_beside_numbers_of_classes_is_nothing(values, void):
    mask = np.resize(np.array(values, np.uint8), (4, 4))
    labels = labels_of([in_file(Image.fromarray(mask))], ["a"])
    assert labels.void == void
    codes = labels.codes(in_file(Image.fromarray(mask)), "a")
    assert (codes[mask == 255] == IGNORED).all() == (void is not None)
    np.testing.assert_array_equal(labels.picture(codes), mask)


def test_a_mask_is_scaled_by_the_nearest_pixel():
    mask = np.kron(np.array([[0, 9], [9, 0]], np.uint8), np.ones((40, 60), np.uint8))
    found = nearest_within(in_file(Image.fromarray(mask)), 30)
    assert found.pixels.shape == (20, 30)
    np.testing.assert_array_equal(found.pixels, np.kron(np.array([[0, 9], [9, 0]]), np.ones((10, 15))))


@pytest.fixture
def folder(tmp_path, noise, write):
    for name in ("a", "b"):
        write(tmp_path / "images" / f"{name}.jpg", noise.integers(0, 256, (20, 30), np.uint8))
        write(tmp_path / "masks" / f"{name}_mask.png", noise.integers(0, 2, (20, 30), np.uint8) * np.uint8(255))
    return tmp_path


def test_a_folder_of_pictures_and_masks(folder, noise, write):
    found = read_masked(folder)
    assert found.photographs.files == ("images/a.jpg", "images/b.jpg")
    assert found.photographs.notes[0] == "2 pictures with a mask each."
    assert found.photographs.notes[-1].startswith("Classes of the masks, by their gray values: 0 (")
    assert [mask.max() for mask in found.masks] == [1, 1]
    np.testing.assert_array_equal(read_masked(folder / "images", folder / "masks").masks[1], found.masks[1])
    one = masks_of(folder / "masks", ("b.jpg",), found.labels)(0)
    np.testing.assert_array_equal(one, found.masks[1])


def test_folders_may_say_the_split(folder, tmp_path):
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
    for name, part in (("a", "train"), ("b", "test")):
        for place, ending in (("images", ".jpg"), ("masks", "_mask.png")):
            (tmp_path / part / place).mkdir()
            (tmp_path / place / f"{name}{ending}").rename(tmp_path / part / place / f"{name}{ending}")
    for place in ("images", "masks"):
        (tmp_path / place).rmdir()
    assert read_masked(tmp_path).photographs.parts == ("train", "test")


def test_what_is_no_mask(folder, tmp_path, noise, write):
    with pytest.raises(DataError, match=r"does not hold images/ and masks/; a segmentation needs"):
        read_masked(folder / "images")
    write(folder / "masks" / "a_mask.png", noise.integers(0, 256, (20, 30), np.uint8))
    with pytest.raises(DataError, match=r"more than 64 values \(a_mask.png alone 2\d\d\).*write them as PNG"):
        read_masked(folder)
    write(folder / "masks" / "a_mask.png", np.zeros((20, 30), np.uint8))
    with pytest.raises(DataError, match=r"b_mask.png holds the value 255, which is none of 0, 1"):
        masks_of(folder / "masks", ("a.jpg", "b.jpg"), of_arrays([np.eye(8)], [np.eye(8, dtype=int)]).labels)(1)
    (folder / "masks" / "b_mask.png").unlink()
    with pytest.raises(DataError, match=r"b.jpg has no picture of the same name in .*masks"):
        read_masked(folder)
    (folder / "images" / "b.jpg").unlink()
    with pytest.raises(DataError, match=r"a single value, 0: there is nothing to tell apart"):
        read_masked(folder)
    soft = Image.fromarray(np.dstack([MASK, MASK, MASK, MASK * np.uint8(90)]))
    with pytest.raises(DataError, match="transparent parts"):
        in_file(soft)
    with pytest.raises(DataError, match=r"there are 1 pictures and 2 masks"):
        of_arrays([np.zeros((8, 8))], [MASK, MASK])
    with pytest.raises(DataError, match=r"holds float64; masks are whole numbers"):
        of_arrays([np.zeros((8, 8))], [np.eye(8)])
