import gzip
import struct

import numpy as np
import pytest

from talweg.data.images import filed, keep, load
from talweg.data.images.pictures import Keeping, Wanted
from talweg.data.images.recognize import is_picture_source
from talweg.data.images.source import read_pictures
from talweg.data.large.cache import Cache
from talweg.data.large.store import is_mapped
from talweg.data.table import Text
from talweg.errors import DataError


def words(pictures, column):
    found = pictures.about[column]
    assert isinstance(found, Text)
    return [found.levels[code] for code in found.codes]


def test_a_folder_for_each_class(pets):
    pictures = read_pictures(str(pets))
    assert pictures.shape == (10, 12, 3)
    assert pictures.files[:2] == ("cats/00.png", "cats/02.png")
    assert words(pictures, "class") == ["cats"] * 6 + ["dogs"] * 6
    assert is_picture_source(str(pets))


def test_folders_that_say_the_split(tmp_path, noise, write):
    for part, count in (("train", 4), ("val", 2), ("test", 2)):
        for number in range(count):
            for kind in "ab":
                write(tmp_path / part / kind / f"{number}.png", noise.integers(0, 256, (8, 8), np.uint8))
    pictures = read_pictures(tmp_path)
    assert words(pictures, "split") == ["train"] * 8 + ["validation"] * 4 + ["test"] * 4
    assert pictures.shape == (8, 8, 1)


def test_different_sizes_and_modes_are_made_one_and_it_is_said(pets, noise, write):
    write(pets / "cats" / "gray.png", noise.integers(0, 256, (40, 30), np.uint8))
    pictures = read_pictures(pets)
    assert pictures.shape == (10, 10, 3)
    assert "of 2 sizes, from 10x12 to 40x30, are scaled to 10x10" in pictures.notes[0]
    assert "1 gray and 12 color pictures" in pictures.notes[1]
    assert read_pictures(pets, Wanted((6, 8), "gray")).shape == (6, 8, 1)


def test_broken_pictures_are_named_and_can_be_skipped(pets):
    (pets / "cats" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    whole = (pets / "dogs" / "01.png").read_bytes()
    (pets / "dogs" / "01.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"2 of 13 pictures cannot be used: cats/bad.png .* --skip-broken"):
        read_pictures(pets)
    pictures = read_pictures(pets, Wanted(skip_broken=True))
    assert len(pictures) == 11
    assert words(pictures, "class").count("dogs") == 5
    assert any("2 pictures are left out" in note and "dogs/01.png" in note for note in pictures.notes)


def test_nothing_is_written_beside_the_data(pets):
    before = sorted(pets.rglob("*"))
    read_pictures(pets)
    assert sorted(pets.rglob("*")) == before


def test_a_table_of_file_names(pets):
    table = pets / "labels.csv"
    rows = [f"{path.relative_to(pets).as_posix()},{n % 3}.5" for n, path in enumerate(sorted(pets.glob("*/*.png")))]
    table.write_text("file,age\n" + "\n".join(rows) + "\n")
    assert is_picture_source(table)
    pictures = read_pictures(table)
    assert len(pictures) == 12
    assert pictures.target == "age"
    table.write_text("file,age\ncats/none.png,1\n")
    with pytest.raises(DataError, match=r"'cats/none.png' in row 1, but there is no file"):
        read_pictures(table)


def test_a_table_without_pictures_is_none(tmp_path):
    (tmp_path / "plain.csv").write_text("a,b\n1,see photo.png or not\n2,x\n")
    assert not is_picture_source(tmp_path / "plain.csv")


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_of_mnist(tmp_path, noise, packed):
    def put(name, array):
        data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
        path = tmp_path / (name + ".gz" * packed)
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    images = noise.integers(0, 256, (7, 5, 4), np.uint8)
    first = put("train-images-idx3-ubyte", images)
    put("train-labels-idx1-ubyte", np.arange(7, dtype=np.uint8) % 3)
    put("t10k-images-idx3-ubyte", images[:2])
    put("t10k-labels-idx1-ubyte", np.array([0, 2], np.uint8))
    one = read_pictures(first)
    assert np.array_equal(one.pixels[..., 0], images)
    assert one.about["class"].values.tolist() == [0, 1, 2, 0, 1, 2, 0]
    both = read_pictures(tmp_path)
    assert words(both, "split") == ["test"] * 2 + ["train"] * 7
    first.write_bytes(first.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"damaged|cannot be read"):
        read_pictures(first)


def test_npz_files(tmp_path, noise):
    images = noise.integers(0, 256, (6, 5, 5), np.uint8)
    np.savez(tmp_path / "one.npz", images=images, labels=np.arange(6) % 2)
    np.savez(tmp_path / "two.npz", x_train=images, y_train=np.arange(6), x_test=images[:2], y_test=np.arange(2))
    np.savez(tmp_path / "table.npz", a=np.arange(4), b=np.arange(4))
    assert np.array_equal(read_pictures(tmp_path / "one.npz").pixels[..., 0], images)
    assert words(read_pictures(tmp_path / "two.npz"), "split") == ["train"] * 6 + ["test"] * 2
    assert not is_picture_source(tmp_path / "table.npz")


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_without_room_in_memory_are_read_onto_a_disk(tmp_path, noise, monkeypatch, packed):
    monkeypatch.setattr(filed, "_BLOCK", 100)
    keeping = Keeping(Cache(tmp_path / "cache"), room=100.0)
    images = noise.integers(0, 256, (30, 5, 4, 3), np.uint8)
    save = np.savez_compressed if packed else np.savez
    three = {"train_images": images[:20], "val_images": images[20:25], "test_images": images[25:]}
    save(
        tmp_path / "three.npz",
        **three,
        **{name.replace("images", "labels"): np.arange(len(a)) for name, a in three.items()},
    )
    data = struct.pack(">BBBB3I", 0, 0, 8, 3, 30, 5, 4) + images[..., 0].tobytes()
    path = tmp_path / "all-images-idx3-ubyte"
    path.write_bytes(gzip.compress(data) if packed else data)
    for source in (tmp_path / "three.npz", path):
        here, there = read_pictures(source), read_pictures(source, keeping=keeping)
        assert is_mapped(there.pixels)
        np.testing.assert_array_equal(here.pixels, there.pixels)
        assert (here.files, here.shape, list(here.about)) == (there.files, there.shape, list(there.about))
        # What is to be scaled is not left as it is.
        assert not is_mapped(read_pictures(source, Wanted((3, 3)), keeping).pixels)
    assert words(here if "split" in here.about else read_pictures(tmp_path / "three.npz"), "split").count("test") == 5
    for cut, message in (
        (data[:-20], r"damaged: its header promises 600 bytes of values, it holds 580"),
        (data + b"x", "holds more"),
    ):
        path.write_bytes(gzip.compress(cut) if packed else cut)
        for way in (Keeping(), keeping):
            with pytest.raises(DataError, match=message):
                read_pictures(path, keeping=way)


def test_units_of_arrays(noise):
    shares = noise.random((3, 5, 6)).astype(np.float32)
    np.testing.assert_allclose(read_pictures(shares).pixels[..., 0], shares * 255)
    assert read_pictures((shares * 255).astype(np.int64)).pixels.dtype == np.uint8
    assert read_pictures(np.moveaxis(np.stack([shares] * 3, -1), -1, 1)).shape == (5, 6, 3)
    with pytest.raises(DataError, match=r"not finite numbers; the first in picture 2"):
        read_pictures(np.where(np.arange(3)[:, None, None] == 1, np.nan, shares))
    with pytest.raises(DataError, match=r"pixels from -2.9"):
        read_pictures(shares - 3)


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing here")
    assert not is_picture_source(tmp_path)


def test_many_pictures_are_decoded_once(pets, tmp_path, monkeypatch):
    kept = Cache(tmp_path / "cache")
    monkeypatch.setattr(keep, "MANY", 10)
    first = read_pictures(pets, keeping=Keeping(kept))
    monkeypatch.setattr(load, "decode", lambda *_: pytest.fail("it was decoded again"))
    again = read_pictures(pets, keeping=Keeping(kept))
    assert np.array_equal(first.pixels, again.pixels)
    assert (first.files, first.notes) == (again.files, again.notes)
    assert sorted(entry.about.split()[0] for entry in kept.entries()) == ["12", "hash", "headers"]
    monkeypatch.undo()
    monkeypatch.setattr(keep, "MANY", 10)
    (pets / "cats" / "00.png").write_bytes((pets / "dogs" / "01.png").read_bytes())
    changed = read_pictures(pets, keeping=Keeping(kept))
    assert not np.array_equal(first.pixels[0], changed.pixels[0])


def test_pictures_without_room_in_memory_stay_on_disk(pets, tmp_path):
    (pets / "cats" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    wanted, told = Wanted((5, 7), skip_broken=True), []
    keeping = Keeping(Cache(tmp_path / "cache"), room=100.0, hear=lambda doing, part: told.append(doing))
    here, there = read_pictures(pets, wanted), read_pictures(pets, wanted, keeping)
    assert is_mapped(there.pixels)
    assert (here.files, here.notes) == (there.files, there.notes)
    np.testing.assert_array_equal(here.pixels, there.pixels)
    # What was resolved from the pictures and what is asked for by name is one and the same.
    named = read_pictures(pets, Wanted((5, 7), "rgb", skip_broken=True), keeping)
    assert sum("decoded" in entry.about for entry in keeping.cache.entries()) == 1
    np.testing.assert_array_equal(there.pixels, named.pixels)
    some = np.array([7, 2, 2, 11])
    one, other = here.take(some), there.take(some)
    assert is_mapped(other.pixels)
    assert (one.files, one.shape) == (other.files, other.shape)
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.take(some[:2] // 3).pixels, other.take(some[:2] // 3).pixels)
    with pytest.raises(DataError, match=r"1 of 13 pictures cannot be used: cats/bad.png"):
        read_pictures(pets, Wanted((5, 7)), keeping)
