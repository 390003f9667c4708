"""Classes of users' data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Order:
    sku: str
    quantity: int


class Model:
    def __init__(self, value: str) -> None:
        self.value = value

    def to_dict(self) -> dict[str, str]:
        return {"value": self.value}

    @classmethod
    def from_dict(cls, data: dict[str, str]) -> Model:
        return cls(data["value"])
