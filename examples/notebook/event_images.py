# %% [markdown]
# # An event's images, with pandas alone
# Reads the `result.json` of a run. Nothing of barlow-gate is needed; `schemas/result.schema.json` says what each key means.

# %%
import json
import sys
from pathlib import Path

import pandas as pd

folder = Path(sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "barlow-report")
result = json.loads((folder / "result.json").read_text(encoding="utf-8"))

# %% [markdown]
# ## Every event of every checkpoint

# %%
events = pd.DataFrame(
    [
        {
            "checkpoint": checkpoint["name"],
            "event": event["id"],
            "title": event["title"],
            "newly failed": len(event["images"]),
            "others in its region": len(event["others"]["images"]) + event["others"]["leftOut"],
        }
        for checkpoint in result["checkpoints"]
        for event in checkpoint["events"]
    ],
    columns=["checkpoint", "event", "title", "newly failed", "others in its region"],
)
print(events.to_string(index=False))

# %% [markdown]
# ## The images of the first event
# Those that newly fail, the most typical first, and the others that its rule holds.


# %%
def images_of(event: dict) -> pd.DataFrame:
    fresh = pd.DataFrame(event["images"]).assign(change="newly failed")
    others = pd.DataFrame(event["others"]["images"])
    return pd.concat([fresh, others], ignore_index=True) if len(others) else fresh


first = next((event for checkpoint in result["checkpoints"] for event in checkpoint["events"]), None)
if first is None:
    print("No event: nothing newly fails in a cluster.")
else:
    images = images_of(first)
    print(images.groupby(["change", "label"]).size().to_string())
    failed = images[images["change"] == "newly failed"]
    print(failed.groupby(["label", "before", "after"], dropna=False).size().sort_values(ascending=False).to_string())
    print(failed[["name", "label", "before", "after", "typical"]].head(10).to_string(index=False))
