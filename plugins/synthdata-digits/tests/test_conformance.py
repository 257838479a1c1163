from synthdata.testing import parametrize_generators


@parametrize_generators("digits-v1", "numbers-v1")
def test_the_generators_keep_the_contract(check):
    check()
