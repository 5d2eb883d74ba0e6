"""OpenID Connect: the identity providers that operators register (decision 0013 says why by hand)."""
