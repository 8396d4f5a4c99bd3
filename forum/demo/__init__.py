"""The sample discussions of `forum demo`, and the people who keep the live one going."""
