"""nginx with the shipped configuration in front of stand-in services."""

import http.client
import json
from pathlib import Path

import pytest

from launcher.web import Client


@pytest.fixture
def product(make_product):
    product = make_product()
    product.start()
    return product


@pytest.mark.parametrize("path, service", [
    ("/pos/app/", "pos-service"), ("/pos/api/sales?limit=2", "pos-service"), ("/financial/app/", "financial-service"),
    ("/notifications/healthz", "notification-relay"), ("/vipps/webhooks/abc", "vipps-gateway"),
    ("/vipps/operator/bus/dead-letters", "vipps-gateway"),
])
def test_every_address_reaches_its_service_unchanged(product, path, service):
    answer = Client(product.base_url).get(path)
    assert (answer.status, answer.json()["service"], answer.json()["path"]) == (200, service, path)


@pytest.mark.parametrize("path", ["/vipps/", "/vipps/operator", "/vipps/metrics", "/vipps/readyz", "/metrics", "/healthz", "/readyz", "/other",
                                  "/front-door-pages/unavailable.html"])
def test_nothing_else_is_reachable(product, path):
    answer = Client(product.base_url).get(path)
    assert answer.status == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("path, target", [("/", "/pos/app/"), ("/pos", "/pos/app/"), ("/financial/", "/financial/app/")])
def test_the_beginning_leads_to_the_pages(product, path, target):
    answer = Client(product.base_url).get(path)
    assert (answer.status, answer.headers["Location"]) == (302, target)


def test_the_services_hear_who_asked_and_the_trace_goes_on(product):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = Client(product.base_url).get("/pos/api/x", {"traceparent": trace, "X-Forwarded-For": "6.6.6.6"})
    headers = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert headers["traceparent"] == trace
    assert headers["host"] == f"127.0.0.1:{product.ports.front_door}"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"]


def test_security_headers_appear_once(product):
    answer = Client(product.base_url).get("/pos/app/")
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert "nginx/" not in answer.headers["Server"]


def test_an_event_is_passed_on_while_the_stream_is_still_open(product):
    connection = http.client.HTTPConnection("127.0.0.1", product.ports.front_door, timeout=10)
    connection.request("GET", "/notifications/events")
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.readline() == b"event: sales\n"
    assert response.readline() == b"data: 0\n"
    Path(str(product.database_path("notification-relay")) + ".go").touch()
    assert b"data: 1" in response.read()
    connection.close()


def test_a_dead_service_is_explained_to_people_and_programs(product):
    product.kill("pos-service")
    page = Client(product.base_url).get("/pos/app/")
    assert page.status == 502
    assert "No payment is lost" in page.text
    assert page.headers["Content-Type"].startswith("text/html")
    problem = Client(product.base_url).post("/pos/api/sales", {"commandID": "x"})
    assert problem.status == 502
    assert problem.headers["Content-Type"].startswith("application/problem+json")
    assert problem.json()["type"] == "service-unavailable"


def test_a_service_that_is_back_is_reached_at_once(product):
    product.kill("pos-service")
    assert Client(product.base_url).get("/pos/app/").status == 502
    product.start_service("pos-service")
    product.wait_ready("pos-service")
    assert Client(product.base_url).get("/pos/app/").status == 200


@pytest.mark.parametrize("path, size, status", [
    ("/pos/api/sales", 1_100_000, 413), ("/vipps/webhooks/abc", 300_000, 413), ("/vipps/webhooks/abc", 200_000, 200),
    ("/pos/api/sales", 900_000, 200)])
def test_bodies_have_a_limit(product, path, size, status):
    answer = Client(product.base_url).post(path, "x" * size)
    assert answer.status == status
    if status == 413:
        assert answer.json()["type"] == "body-too-large"


def test_the_production_example_is_accepted_by_nginx(tmp_path, product):
    """With the placeholders filled in as its comments say, on ports an ordinary user may have."""
    import subprocess
    from launcher.front_door import SHIPPED
    from launcher.keys import openssl
    from launcher.machine import find_program
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_text(openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
    certificate.write_text(openssl(["req", "-new", "-x509", "-key", str(key), "-subj", "/CN=till.example.com"]))
    nginx_state = product.state / "nginx"
    text = (SHIPPED / "production.conf.example").read_text()
    for old, new in {"/etc/nginx/till": str(nginx_state), "listen 443": "listen 14443", "listen [::]:443": "listen [::]:14443",
                     "listen 80": "listen 14080", "listen [::]:80": "listen [::]:14080",
                     "/etc/letsencrypt/live/till.example.com/fullchain.pem": str(certificate),
                     "/etc/letsencrypt/live/till.example.com/privkey.pem": str(key)}.items():
        text = text.replace(old, new)
    assert "@" not in text.replace("@NAMES@", "").replace("@PAGES@", "")
    main = tmp_path / "nginx.conf"
    main.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {text} }}")
    check = subprocess.run([find_program("nginx"), "-t", "-p", str(tmp_path), "-e", "stderr", "-c", str(main)],
                           capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_the_error_documents_are_json(product):
    for file in (product.state / "nginx" / "pages").glob("*.json"):
        assert json.loads(file.read_text())["status"] in (413, 502)
