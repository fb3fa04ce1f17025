"""The demo data: consistent in itself, and set up over HTTP exactly once."""

import re
import uuid

import pytest

from launcher import demo


@pytest.fixture(params=demo.tenants(), ids=lambda tenant: tenant["name"])
def tenant(request):
    return request.param


@pytest.mark.parametrize("others", [0, 3])
def test_every_identifier_is_a_uuid_and_used_once(others):
    with demo.crowd(others):
        assert len(demo.tenants()) == len(demo.setups()) == 2 + others
        check_identifiers()


def check_identifiers():
    ids = [item["id"] for tenant in demo.tenants() for kind in ("organizationalUnits", "users", "products", "agentInstances")
           for item in tenant[kind]] + [tenant["id"] for tenant in demo.tenants()]
    ids += [item["id"] for setup in demo.setups() for item in setup["agreements"] + setup["salesUnits"]]
    ids += [option["commandID"] for setup in demo.setups() for option in setup["paymentOptions"]]
    assert [str(uuid.UUID(one)) for one in ids] == ids
    assert len(set(ids)) == len(ids)


def test_barcodes_are_valid_and_numbers_unique(tenant):
    codes = [product["barcode"] for product in tenant["products"]]
    for code in codes:
        assert re.fullmatch(r"\d{13}", code)
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0
    assert len(set(codes)) == len(codes)
    numbers = [product["number"] for product in tenant["products"]]
    assert len(set(numbers)) == len(numbers)


def test_prices_and_vat_are_believable(tenant):
    for product in tenant["products"]:
        assert 0 < product["priceMinor"] < 100_000
        assert product["vatRateBasisPoints"] in ({1500, 2500} if tenant["market"] == "NO" else {2500})


def test_each_tenant_has_one_no_agent_and_its_agents_a_place(tenant):
    assert sum(agent["isNoAgent"] for agent in tenant["agentInstances"]) == 1
    places = {unit["id"] for unit in tenant["organizationalUnits"]}
    assert {agent["organizationalUnitID"] for agent in tenant["agentInstances"]} <= places


def test_user_names_and_passwords_keep_to_the_rules():
    users = [user for tenant in demo.tenants() for user in tenant["users"]]
    assert len({user["userName"] for user in users}) == len(users)
    assert all(len(user["password"]) >= 8 for user in users)


def test_the_set_up_refers_to_what_exists():
    tenants = {tenant["id"]: tenant for tenant in demo.tenants()}
    for setup in demo.setups():
        tenant = tenants[setup["tenantID"]]
        assert demo.sign_in(tenant["id"], setup["administrator"])["tenant"] == tenant["id"]
        agreements = {agreement["id"] for agreement in setup["agreements"]}
        units = {unit["id"] for unit in setup["salesUnits"]}
        places = {unit["id"] for unit in tenant["organizationalUnits"]}
        assert all(unit["agreementID"] in agreements and unit["organizationalUnitID"] in places for unit in setup["salesUnits"])
        codes = {(code["salesUnitID"], code["merchantQRID"]) for code in setup["merchantQRs"]}
        assert {code[0] for code in codes} <= units
        assert {profile["agentInstanceID"] for profile in setup["profiles"]} == {agent["id"] for agent in tenant["agentInstances"]}
        used = [(profile["salesUnitID"], profile["merchantQRID"]) for profile in setup["profiles"] if profile["merchantQRID"]]
        assert set(used) <= codes and len(set(used)) == len(used)


@pytest.mark.parametrize("others", [0, 3])
def test_the_simulator_knows_the_keys_and_sales_units(others):
    with demo.crowd(others):
        check_the_simulators_seed()


def check_the_simulators_seed():
    seed = demo.simulator_seed()
    for setup in demo.setups():
        names = {agreement["id"]: agreement["simulatorKeySet"] for agreement in setup["agreements"]}
        for unit in setup["salesUnits"]:
            [keys] = [keys for keys in seed["keySets"] if keys["id"] == names[unit["agreementID"]]]
            assert unit["msn"] in keys["msns"]
            assert unit["displayName"] in {known["name"] for known in seed["salesUnits"] if known["msn"] == unit["msn"]}
            assert demo.keys(keys["id"])["clientID"] == keys["clientId"]
