"""Writes the Parquet files of this folder with pyarrow (25.0), a writer independent of the reader under test."""
import pathlib
import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(__file__).parent
names = ["a.png", "b/ü, \"quoted\".png", "c\nnewline.png", "d.png", "e.png"]
table = pa.table({
    "image": pa.array(names),
    "label": pa.array([7, 12, 7, 2**53 + 1, 12], pa.int64()),
    "prediction": pa.array([7, 7, 7, 2**53 + 1, 12], pa.int64()),
    "confidence": pa.array([0.5, 1.0, 0.0, 0.25, 0.75], pa.float64()),
    "camera": pa.array(["front", None, "front", "rear", "rear"]).dictionary_encode(),
    "night": pa.array([True, False, None, True, False]),
    "speed": pa.array([1.0, 2.5, None, float("nan"), -0.0]),
    "taken": pa.array([0, 1_700_000_000_000, None, 1, 2], pa.timestamp("ms")),
    "embedding": pa.array([[1.0, 2.0]] * 5, pa.list_(pa.float32())),
    "bytes": pa.array([b"\xff\xd8", b"\xff", b"a", b"b", b"c"], pa.binary()),
})
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=2,
                   data_page_version="2.0" if codec in ("zstd", "gzip") else "1.0", store_schema=False)
