from synthdata.testing import parametrize_generators


@parametrize_generators("nuclei-v1")
def test_the_generator_keeps_the_contract(check):
    check()
