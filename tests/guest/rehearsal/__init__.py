"""A deployment from kickstart to configured host, on the fake ESXi: for users (rehearse.py) and for tests.

options.py     what is rehearsed
inputs.py      metadata folders, MAAS folders, hardware that nobody described
payload.py     the payload, made by esxi-img
hook.py        MAAS: the mounted partition, and curtin's hooks run as curtin runs them
service.py     MAAS: a metadata service on loopback that notes what it is told
machine.py     the fake host from %pre to the end of %firstboot
judge.py       who can log in, which secrets are left
rehearsal.py   all of it in order: run(options) → result
page.py        the result for people
isolation.py   this process without a network
"""
from .options import Options, RehearsalError
from .rehearsal import run

__all__ = ["Options", "RehearsalError", "run"]
