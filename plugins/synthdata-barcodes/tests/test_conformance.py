from synthdata.testing import parametrize_generators


@parametrize_generators("qr-v1", "barcode-v1")
def test_the_generators_keep_the_contract(check):
    check()
