"""A cashier with a till, acting over pos-service's JSON interface as the pages do."""

import uuid

from launcher import demo
from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Answer, Client

PATIENCE = 40.0
"""Seconds until something that must happen by itself has happened, on a busy machine."""

KARI = "4791234567"
ENDED = ("aborted", "expired", "terminated", "failed", "released", "withdrawn")


def new_id() -> str:
    return str(uuid.uuid4())


def tenant(index: int = 0) -> dict:
    return demo.tenants()[index]


def nok(minor_units: int) -> dict:
    return {"minorUnits": minor_units, "currency": "NOK"}


class Refused(AssertionError):
    def __init__(self, answer: Answer):
        super().__init__(f"{answer.status}: {answer.text[:600]}")
        self.answer = answer


class Person:
    """A signed-in user of one tenant."""

    def __init__(self, product: Product, user_name: str = "admin", tenant_index: int = 0):
        self.product = product
        self.pos = Client(product.url("pos-service"))
        self.finance = Client(product.url("financial-service"))
        user_name = "anders" if tenant_index == 1 and user_name == "admin" else user_name  # The Danish administrator.
        checked(self.pos.post("/pos/api/session", demo.sign_in(tenant(tenant_index)["id"], user_name)))
        self.finance.session = self.pos.session

    def get(self, path: str) -> dict:
        return checked((self.finance if path.startswith("/financial") else self.pos).get(path)).json()


class Till(Person):
    def __init__(self, product: Product, number: int = 0, user_name: str = "admin", tenant_index: int = 0):
        super().__init__(product, user_name, tenant_index)
        instance = tenant(tenant_index)["agentInstances"][number]
        self.code = demo.setups()[tenant_index]["profiles"][number]
        checked(self.pos.put("/pos/api/session/agent-profile", {"agentProfileID": instance["id"]}))
        options = self.get("/pos/api/payment-options")["paymentOptions"]
        self.vipps = next(option["id"] for option in options if option["kind"] == "vipps-epayment")
        self.cash = next(option["id"] for option in options if option["kind"] == "cash")

    def sale(self, *codes: str) -> "SaleAtTill":
        started = self.insist("/pos/api/sales", {"commandID": new_id()})
        sale = SaleAtTill(self, started["id"])
        for code in codes or ("1001",):
            sale.command("add-product", code=code)
            sale.products += 1
        return sale

    def insist(self, path: str, body: dict) -> dict:
        """Repeats the same command while pos-service is away, as the page does: the command's id makes that harmless."""
        def attempt():
            try:
                return self.pos.post(path, body)
            except OSError:
                return None

        return checked(wait_until(attempt, PATIENCE, f"pos-service to answer {path}")).json()


class SaleAtTill:
    def __init__(self, till: Till, sale_id: str):
        self.till, self.id = till, sale_id
        self.products = 0
        """How many products were rung up, each by one command."""
        self.every = 0.05
        """Seconds between two looks while something is waited for."""

    def command(self, kind: str, command_id: str | None = None, **fields) -> dict:
        body = {"commandID": command_id or new_id(), "type": kind, **fields}
        return self.till.insist(f"/pos/api/sales/{self.id}/commands", body)

    def add_by_impatient_finger(self, code: str) -> None:
        """The same command twice: it must count once."""
        command = new_id()
        for _ in range(2):
            self.command("add-product", command, code=code)
        self.products += 1

    def refused(self, kind: str, **fields) -> Answer:
        return self.till.pos.post(f"/pos/api/sales/{self.id}/commands", {"commandID": new_id(), "type": kind, **fields})

    def look(self) -> dict:
        return self.till.get(f"/pos/api/sales/{self.id}")

    def insist_look(self) -> dict:
        """Looks again while pos-service is away."""
        def attempt():
            try:
                return self.look()
            except OSError:
                return None

        return wait_until(attempt, PATIENCE, f"pos-service to show sale {self.id}")

    def pay(self, phone: str = KARI, **fields) -> dict:
        """Asks for a Vipps payment by phone number; the answer is the payment."""
        sale = self.command("start-payment", paymentOptionID=self.till.vipps,
                            identification={"type": "phone", "phoneNumber": phone}, **fields)
        return sale["payments"][-1]

    def payment(self, payment_id: str) -> dict:
        return next(payment for payment in self.look()["payments"] if payment["id"] == payment_id)

    def wait_payment(self, payment_id: str, *states: str, seconds: float = PATIENCE) -> dict:
        def arrived():
            try:
                payment = self.payment(payment_id)
            except OSError:
                return None
            return payment if payment["state"] in states else None

        try:
            return wait_until(arrived, seconds, f"the payment to be {' or '.join(states)}", self.every)
        except TimeoutError as error:
            raise AssertionError(f"{error}; it is {self.payment(payment_id)}") from None

    def wait_state(self, *states: str, seconds: float = PATIENCE) -> dict:
        def arrived():
            try:
                sale = self.look()
            except OSError:
                return None
            return sale if sale["state"] in states else None

        try:
            return wait_until(arrived, seconds, f"the sale to be {' or '.join(states)}", self.every)
        except TimeoutError as error:
            raise AssertionError(f"{error}; it is {self.look()}") from None


def checked(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise Refused(answer)
    return answer


class Vipps:
    """The simulator from the side of customers, portal and faults."""

    def __init__(self, product: Product):
        self.http = Client(product.simulator_url, timeout=30)
        self.every = 0.05
        """Seconds between two looks while something is waited for."""

    def post(self, path: str, body: dict | None = None) -> dict:
        return checked(self.http.post("/control" + path, body or {})).json()

    def get(self, path: str) -> dict:
        return checked(self.http.get("/control" + path)).json()

    def fault(self, kind: str, **fields) -> None:
        self.post("/faults", {"kind": kind, **fields})

    def clear_faults(self) -> None:
        self.http.request("DELETE", "/control/faults")

    def wait_asked(self, reference: str, msn: str = "123456", state: str = "CREATED", seconds: float = PATIENCE) -> None:
        """Until Vipps has the payment in `state`."""
        def there():
            answer = self.http.get(f"/control/payments/{msn}/{reference}")
            return answer.status == 200 and answer.json()["state"] == state

        wait_until(there, seconds, f"{reference} to be {state} at Vipps", self.every)

    def approve(self, reference: str, phone: str = KARI, msn: str = "123456") -> None:
        self.wait_asked(reference, msn)
        self.post(f"/customers/{phone}/approve", {"reference": reference})

    def decline(self, reference: str, phone: str = KARI, msn: str = "123456") -> None:
        self.wait_asked(reference, msn)
        self.post(f"/customers/{phone}/decline", {"reference": reference})

    def payment(self, reference: str, msn: str = "123456") -> dict:
        return self.get(f"/payments/{msn}/{reference}")

    def assert_polite(self) -> None:
        """None of Vipps' rate limits was ever exceeded."""
        assert self.get("/rate-limit-violations") == []
