"""Features in Parquet as pyarrow 26.0.1 writes them; python3 make.py (pip install pyarrow).

Feature j of image i is ((31 i + 17 j) mod 101) / 8, exact in float32; 37 images of 5 features.
"""
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent
N, D = 37, 5
rows = [[((31 * i + 17 * j) % 101) / 8 for j in range(D)] for i in range(N)]
names = [f"image{i}.png" for i in range(N)]
floats = pa.list_(pa.float32())


def write(name, table, **options):
    pq.write_table(table, here / f"{name}.parquet", **{"row_group_size": 13, "data_page_size": 64, "write_batch_size": 4, **options})


def lists(values, kind=floats):
    return pa.array(values, kind)


# The writer's defaults but for many small pages: Snappy, a dictionary.
write("list", pa.table({"embedding": lists(rows)}))
write("fixed", pa.table({"embedding": lists(rows, pa.list_(pa.float32(), D))}), use_dictionary=False, compression="zstd", data_page_version="2.0")
write("required", pa.table([pa.array(rows, pa.list_(pa.field("element", pa.float32(), nullable=False)))], schema=pa.schema([pa.field("e", pa.list_(pa.field("element", pa.float32(), nullable=False)), nullable=False)])), use_dictionary=False, compression="none")
write("stream_split", pa.table({"embedding": lists(rows)}), use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT", compression="gzip")
order = [(i * 8) % N for i in range(N)]
shuffled = {"image": [names[i] for i in order] + ["other.png"], "label": ["a"] * (N + 1)}
write("named", pa.table({**shuffled, "score": pa.array([0.5] * (N + 1)), "features": lists([rows[i] for i in order] + [[9.0] * D], pa.list_(pa.float64())), "tokens": lists([[1.0]] * (N + 1))}))
write("wide", pa.table({"label": ["a"] * N, **{f"f{j}": pa.array([row[j] for row in rows], pa.float32() if j else pa.float64()) for j in range(D)}}))

write("ragged", pa.table({"e": lists(rows[:20] + [rows[20][:4]] + rows[21:])}))
write("null_value", pa.table({"e": lists(rows[:20] + [[1.0, None, 1.0, 1.0, 1.0]] + rows[21:])}))
write("null_list", pa.table({"e": lists(rows[:20] + [None] + rows[21:])}))
write("empty_list", pa.table({"e": lists(rows[:20] + [[]] + rows[21:])}))
write("not_finite", pa.table({"e": lists(rows[:20] + [[1.0, float("nan"), 1.0, 1.0, 1.0]] + rows[21:])}))
write("null_wide", pa.table({"f0": pa.array([None] + [1.0] * 36, pa.float32()), "f1": pa.array([1.0] * N, pa.float32())}))
write("two_lists", pa.table({"a": lists(rows), "b": lists(rows)}))
write("texts", pa.table({"label": ["a"] * N, "n": list(range(N))}))
write("twice", pa.table({"image": names[:36] + ["image3.png"], "e": lists(rows)}))
write("lacking", pa.table({"image": names[:35] + ["x", "y"], "e": lists(rows)}))
