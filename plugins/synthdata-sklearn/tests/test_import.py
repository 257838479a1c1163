import subprocess
import sys

PROGRAM = """
import sys
import synthdata as sd

for listing in sd.generators():
    if listing.distribution == "synthdata-sklearn":
        sd.make(listing.id)
        print(listing.id)
print(*sorted({"scipy", "skimage", "sklearn"} & set(sys.modules)))
"""


def test_describing_all_generators_imports_neither_scikit_learn_nor_scikit_image() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    *ids, heavy = result.stdout.split("\n")[:-1]
    assert result.stderr == ""
    assert len(ids) == 10
    assert heavy == ""
