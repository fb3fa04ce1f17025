"""A simulator of the Vipps MobilePay APIs a till needs, written from their public documentation."""
