"""A session that is ended at the till is ended everywhere, whoever kept its cookie."""

import http.client
import urllib.parse

import pytest

from launcher.waiting import wait_until

from drills.till import Person, checked

DOORS = {"pos-service": "/pos/operator/bus", "financial-service": "/financial/api/payment-options",
         "notification-relay": "/notifications/events?lastEventId=none", "vipps-gateway": "/vipps/operator/bus"}
"""Of each service, one that only asks for a session and its role."""


def answers(product, person: Person) -> dict[str, int]:
    """What each door says to the cookie of this person. The live feed is left as soon as it begins."""
    told = {}
    for service, path in DOORS.items():
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(product.url(service)).netloc, timeout=15)
        connection.request("GET", path, headers={"Cookie": f"session={person.pos.session}"})
        told[service] = connection.getresponse().status
        connection.close()
    return told


@pytest.mark.parametrize("is_away", [False, True])
def test_that_is_signed_out_is_refused_by_all_four(product, is_away):
    person, other = Person(product), Person(product)
    cookie = person.pos.session
    refused = {service: 401 for service in DOORS}
    allowed = answers(product, person)
    assert 401 not in allowed.values()
    if is_away:
        product.kill("financial-service")
    checked(person.pos.request("DELETE", "/pos/api/session"))
    person.pos.session = cookie  # As somebody who had stolen it.
    if is_away:
        product.start_service("financial-service")
        product.wait_ready("financial-service")
    wait_until(lambda: answers(product, person) == refused, 20, "all four to refuse the session")
    for service in ("financial-service", "notification-relay", "vipps-gateway"):
        product.restart(service)
    assert answers(product, person) == refused, "forgotten by a restart"
    assert answers(product, other) == allowed
