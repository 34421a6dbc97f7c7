"""What all tests share: Hypothesis does not judge how fast a machine is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine makes examples slow; that says nothing about the code, and a test never asserts a time.
settings.register_profile("orderflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("orderflow")
