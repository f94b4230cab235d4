# Writes arrays of every type and order into the folder that is named; what they hold as float32 goes beside them.
import os, sys
import numpy as np

folder = sys.argv[1]
values = (np.arange(24).reshape(4, 3, 2) * 7 % 11)
kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
for kind in kinds:
    for order in "<", ">":
        for layout in "C", "F":
            for version in (1, 0), (2, 0), (3, 0):
                x = np.array(values, dtype=np.dtype(kind).newbyteorder(order), order=layout)
                name = os.path.join(folder, f"{kind.replace('?', 'b')}{'le' if order == '<' else 'be'}{layout}{version[0]}")
                with open(name + ".npy", "wb") as f:
                    np.lib.format.write_array(f, x, version=version)
                np.ascontiguousarray(x).astype("<f4").tofile(name + ".raw")
for name, x in {
    "object": np.array([[1], [1, 2]], dtype=object),
    "strings": np.array([["a", "bb"]]),
    "bytes": np.array([[b"a", b"bb"]]),
    "records": np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "complex": np.array([[1 + 2j, 3]]),
    "dates": np.array([["2026-11-28", "2026-11-29"]], dtype="datetime64[D]"),
    "long": np.array([[1, 2]], dtype=np.longdouble),
    "scalar": np.float32(1),
    "empty": np.zeros((0, 2), np.float32),
    "huge": np.array([[1 << 40, 1]]),
    "beyond": np.array([[1e300, 1]]),
    "void": np.zeros((1, 2), "V4"),
}.items():
    np.save(os.path.join(folder, "bad-" + name + ".npy"), x)
np.savez(os.path.join(folder, "one.npz"), x=values.reshape(4, 6).astype(np.float32))
np.savez_compressed(os.path.join(folder, "several.npz"), ids=np.arange(6).reshape(2, 3), mask=np.asfortranarray(np.arange(4.0).reshape(2, 2)),
                    labels=np.array([7, 9]), words=np.array(["a"], dtype=object))
