"""What the groups of pool.yaml are made of: a strict record, and the kinds of value that more than one of them has."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ConfigModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]
Zone = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+-[a-z]$")]
Host = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
Email = Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
Several = Annotated[float, Field(gt=0, le=1e6)]
Some = Annotated[float, Field(ge=0, le=1e6)]


class Range(ConfigModel):
    """A time that varies: a triangular distribution."""

    least: Some
    usual: Some
    most: Some

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if not self.least <= self.usual <= self.most:
            raise ValueError("must hold least <= usual <= most")
        return self

    @property
    def mean(self) -> float:
        return (self.least + self.usual + self.most) / 3
