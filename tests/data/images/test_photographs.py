import numpy as np
import pytest

from talweg.data.images.photo_parts import deal_photographs
from talweg.data.images.photographs import cut, read_photographs, tile_for
from talweg.data.split import Fractions
from talweg.errors import DataError


def test_the_built_in_ones():
    photographs = read_photographs("photographs")
    assert len(photographs) == 10
    assert photographs.channels == 1
    assert {picture.dtype for picture in photographs.pictures} == {np.dtype(np.uint8)}


def test_a_folder_keeps_every_size(tmp_path, noise, write):
    write(tmp_path / "a.png", noise.integers(0, 256, (20, 30), np.uint8))
    write(tmp_path / "b.png", noise.integers(0, 256, (40, 10), np.uint8))
    photographs = read_photographs(tmp_path)
    assert [picture.shape for picture in photographs.pictures] == [(20, 30, 1), (40, 10, 1)]
    smaller = read_photographs(tmp_path, longest=20)
    assert [picture.shape for picture in smaller.pictures] == [(13, 20, 1), (20, 5, 1)]


def test_all_pictures_of_a_folder_count_wherever_they_lie(tmp_path, noise, write):
    pixels = noise.integers(0, 256, (20, 30), np.uint8)
    for name in ("a.png", "summer/b.png", "summer/alps/c.png", ".thumbnails/a.png"):
        write(tmp_path / name, pixels)
    assert read_photographs(tmp_path).files == ("a.png", "summer/alps/c.png", "summer/b.png")


def test_folders_of_photographs_may_say_the_split(tmp_path, noise, write):
    for name in ("train/a.png", "train/more/b.png", "test/c.png"):
        write(tmp_path / name, noise.integers(0, 256, (20, 30), np.uint8))
    photographs = read_photographs(tmp_path)
    assert photographs.parts == ("train", "train", "test")
    assert photographs.notes == ("The split is the folders': train/, test/.",)
    parts, notes = deal_photographs(photographs, Fractions.parse("70/15/15"), 0)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [2, 0, 1]
    assert notes == ()


def test_training_photographs_are_set_apart_where_folders_name_none_for_validation(tmp_path, noise, write):
    for name in (*(f"train/{number}.png" for number in range(6)), "test/a.png"):
        write(tmp_path / name, noise.integers(0, 256, (20, 30), np.uint8))
    photographs = read_photographs(tmp_path)
    parts, notes = deal_photographs(photographs, Fractions.parse("70/15/15"), 0)
    assert sorted([*parts.train, *parts.validation]) == list(range(6))
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [5, 1, 1]
    assert notes == (
        "The folders name no validation, for which 1 of 6 training pictures is set apart; --split 85/0/15 leaves all"
        " in training.",
    )
    parts, notes = deal_photographs(photographs, Fractions.parse("85/0/15"), 0)
    assert ([len(part) for part in (parts.train, parts.validation, parts.test)], notes) == ([6, 0, 1], ())


def test_what_was_done_is_told_of_each(tmp_path, noise, write):
    write(tmp_path / "a.png", noise.integers(0, 256, (20, 30, 3), np.uint8))
    write(tmp_path / "b.png", noise.integers(0, 65536, (20, 30), np.uint16))
    photographs = read_photographs(tmp_path, color="gray")
    assert photographs.done == (("is taken as gray",), ("has 16 bits, all of which are kept",))


def test_pairs_by_their_names(tmp_path, noise, write):
    clean = noise.integers(0, 256, (20, 30), np.uint8)
    write(tmp_path / "noisy" / "a.png", 255 - clean)
    write(tmp_path / "clean" / "a.tif", clean)
    for photographs in (
        read_photographs(tmp_path),
        read_photographs(tmp_path / "noisy", clean=tmp_path / "clean"),
    ):
        assert np.array_equal(photographs.pictures[0][..., 0], clean)
        assert np.array_equal(photographs.noisy[0][..., 0], 255 - clean)
    write(tmp_path / "noisy" / "b.png", clean)
    with pytest.raises(DataError, match=r"b.png has no picture of the same name in .*clean"):
        read_photographs(tmp_path)


@pytest.mark.parametrize("sizes", [[(50, 70), (43, 64)], [(40, 40)], [(200, 300)]])
def test_every_patch_lies_in_a_tile(sizes):
    patch = 16
    pictures = [np.arange(np.prod(size)).reshape(*size, 1) for size in sizes]
    side, stride = tile_for(pictures, patch, enough=50)
    whole = cut(pictures, side, stride)
    np.testing.assert_array_equal(whole, np.concatenate([cut([picture], side, stride) for picture in pictures]))
    for picture in pictures:
        corners = {int(tile[0, 0, 0]) for tile in cut([picture], side, stride)}
        tops = sorted({corner // picture.shape[1] for corner in corners})
        lefts = sorted({corner % picture.shape[1] for corner in corners})
        for starts, length in ((tops, picture.shape[0]), (lefts, picture.shape[1])):
            places = {start + offset for start in starts for offset in range(side - patch + 1)}
            assert places == set(range(length - patch + 1))


def test_too_many_pixels(tmp_path, noise, write, monkeypatch):
    write(tmp_path / "a.png", noise.integers(0, 256, (20, 30), np.uint8))
    monkeypatch.setattr("talweg.data.images.photographs.MOST_PIXELS", 100)
    with pytest.raises(DataError, match=r"--image-size"):
        read_photographs(tmp_path)
    assert len(read_photographs(tmp_path, longest=10)) == 1


@pytest.mark.parametrize(("shape", "count"), [((20, 30), 1), ((20, 30, 3), 1), ((5, 20, 30), 5), ((5, 20, 30, 3), 5)])
def test_an_array_is_a_picture_or_several(noise, shape, count):
    assert len(read_photographs(noise.integers(0, 256, shape, np.uint8))) == count
