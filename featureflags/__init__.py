"""Feature flags: `import featureflags`, then `featureflags.enabled("key", request)`."""

from featureflags.decisions import decide, enabled, override_flag, required, value, variant

__all__ = ["decide", "enabled", "override_flag", "required", "value", "variant"]
