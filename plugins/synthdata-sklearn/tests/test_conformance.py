from synthdata.testing import parametrize_generators


@parametrize_generators(
    "biclusters-v1",
    "blobs-v1",
    "checkerboard-v1",
    "circles-v1",
    "manifolds-v1",
    "moons-v1",
    "point-sets-v1",
    "quantiles-v1",
    "random-shapes-v1",
    "regression-v1",
)
def test_the_generators_keep_the_contract(check):
    check()
