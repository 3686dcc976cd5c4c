"""Double entry of disputes and fees: `disputes` and `fees`, each against what the provider owes."""


def dispute_entries(account: str, withdrawn_minor: int) -> dict[str, int]:
    """Post money that a provider took back for a dispute; negative where it came back."""
    return {"disputes": withdrawn_minor, f"clearing:{account}": -withdrawn_minor}


def fee_entries(account: str, fee_minor: int) -> dict[str, int]:
    """Post a fee that a provider kept; negative where it was given back."""
    return {"fees": fee_minor, f"clearing:{account}": -fee_minor}
