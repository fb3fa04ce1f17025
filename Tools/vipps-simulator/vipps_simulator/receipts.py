"""Checks the order lines a payment brings along."""

from typing import Any

from .fields import Fields

UNITS = ("PCS", "KG", "KM", "MINUTE", "LITRE", "KWH")
LARGEST = 10**12


def check_receipt(fields: Fields, receipt: dict[str, Any]) -> None:
    lines, bottom = receipt.get("orderLines"), receipt.get("bottomLine")
    if not isinstance(lines, list) or not lines:
        fields.wrong("Receipt.OrderLines", "The field Receipt.OrderLines must be a list of one or more lines.")
    else:
        for number, line in enumerate(lines):
            _check_line(fields, f"Receipt.OrderLines[{number}]", line)
    if not isinstance(bottom, dict):
        fields.wrong("Receipt.BottomLine", "The field Receipt.BottomLine is required.")
    else:
        fields.text(bottom, "currency", required=True, label="Receipt.BottomLine.Currency")
        barcode = bottom.get("barcode")
        if isinstance(barcode, dict) and barcode.get("format") not in ("EAN-13", "CODE 39", "CODE 128"):
            fields.wrong("Receipt.BottomLine.Barcode.Format", "The format must be EAN-13, CODE 39 or CODE 128.")


def _check_line(fields: Fields, path: str, line: Any) -> None:
    if not isinstance(line, dict):
        fields.wrong(path, "An order line must be an object.")
        return
    fields.text(line, "name", 1, 2048, required=True, label=f"{path}.Name")
    fields.text(line, "id", 1, 255, required=True, label=f"{path}.Id")
    for name in ("totalAmount", "totalAmountExcludingTax", "totalTaxAmount"):
        fields.number(line, name, -LARGEST, LARGEST, required=True, label=f"{path}.{name[0].upper()}{name[1:]}")
    if line.get("taxRate") is None and line.get("taxPercentage") is None:
        fields.wrong(f"{path}.TaxRate", "A tax rate is required.")
    fields.number(line, "taxRate", 0, 10_000, label=f"{path}.TaxRate")
    fields.number(line, "taxPercentage", 0, 100, label=f"{path}.TaxPercentage")
    fields.number(line, "discount", 0, LARGEST, label=f"{path}.Discount")
    unit = line.get("unitInfo")
    if unit is None:
        return
    if not isinstance(unit, dict):
        fields.wrong(f"{path}.UnitInfo", "The unit information must be an object.")
        return
    fields.number(unit, "unitPrice", -LARGEST, LARGEST, label=f"{path}.UnitInfo.UnitPrice")
    fields.text(unit, "quantity", 1, 10, pattern=r"^\d+([\.]\d{1,8})?$", label=f"{path}.UnitInfo.Quantity")
    if unit.get("quantityUnit") is not None and unit.get("quantityUnit") not in UNITS:
        fields.wrong(f"{path}.UnitInfo.QuantityUnit", f"The quantity unit must be one of {', '.join(UNITS)}.")
