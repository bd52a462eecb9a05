"""The pure engine: plain values in and out, no Django, no clock, no network."""
